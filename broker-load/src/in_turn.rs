//! Values that are used in turn.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Values that are used in turn, by all clones together.
#[derive(Debug)]
pub struct InTurn<T> {
    values: Arc<[T]>,
    used: Arc<AtomicUsize>,
}

impl<T> InTurn<T> {
    /// Returns the values, of which the first is next.
    pub fn new(values: impl Into<Arc<[T]>>) -> Self {
        Self { values: values.into(), used: Arc::default() }
    }

    /// Returns the next value, and the first one after the last; `None` where there are none.
    pub fn next(&self) -> Option<&T> {
        let used = self.used.fetch_add(1, Ordering::Relaxed);
        self.values.get(used.checked_rem(self.values.len())?)
    }
}

impl<T> Clone for InTurn<T> {
    fn clone(&self) -> Self {
        Self { values: Arc::clone(&self.values), used: Arc::clone(&self.used) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_take_turns() {
        let all = InTurn::new([1, 2, 3]);
        let other = all.clone();
        let taken = [all.next(), other.next(), all.next(), other.next()];
        assert_eq!(taken, [Some(&1), Some(&2), Some(&3), Some(&1)]);
        assert_eq!(InTurn::<u8>::new([]).next(), None);
    }
}
