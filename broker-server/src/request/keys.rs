//! The keys of one signature.

/// One key, or the two of a composite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys<K> {
    /// `single`.
    One(K),
    /// `component_keys`: the traditional key, then the ML-DSA key.
    Components([K; 2]),
}

impl<K> Keys<K> {
    /// Applies `function` to each key.
    pub fn map<T>(&self, mut function: impl FnMut(&K) -> T) -> Keys<T> {
        match self {
            Self::One(key) => Keys::One(function(key)),
            Self::Components(keys) => Keys::Components(keys.each_ref().map(function)),
        }
    }
}
