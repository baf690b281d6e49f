//! A key that came with the request.

use broker_proto::v1;

use super::{Keys, Problem, RequestError, error::at_most};
use crate::secret::SecretBytes;

/// Takes the key's bytes out of `source`, the wire's `field`; what is left there is empty. A key that is only named is
/// refused: there is no key management to look it up in.
pub(super) fn raw_key(
    source: Option<v1::KeySource>,
    field: &'static str,
    limit: usize,
) -> Result<SecretBytes, RequestError> {
    use v1::key_source::Source;

    let missing = || RequestError { field, problem: Problem::Missing };
    match source.ok_or_else(missing)?.source.take().ok_or_else(missing)? {
        Source::KeyId(_) => Err(RequestError {
            field,
            problem: Problem::Unsupported(
                "names a key by id, and this broker has no key management; send the key itself in raw_key"
                    .into(),
            ),
        }),
        Source::RawKey(key) => {
            // Taken over first, so that it is wiped whatever happens.
            let key = SecretBytes::new(key);
            if key.expose().is_empty() {
                return Err(missing());
            }
            at_most(field, key.expose().len(), limit)?;
            Ok(key)
        }
    }
}

/// Reads the keys in `key_source` of an operation that signs or verifies.
pub(super) fn keys<K>(
    source: Option<v1::SignKeySource>,
    limit: usize,
    read: impl Fn(SecretBytes) -> Result<K, Problem>,
) -> Result<Keys<K>, RequestError> {
    use v1::sign_key_source::Source;

    let key = |source, field| {
        read(raw_key(source, field, limit)?).map_err(|problem| RequestError { field, problem })
    };
    match source.and_then(|source| source.source) {
        None => Err(RequestError { field: KEY_SOURCE, problem: Problem::Missing }),
        Some(Source::Single(source)) => Ok(Keys::One(key(Some(source), KEY_SOURCE)?)),
        Some(Source::ComponentKeys(components)) => {
            let count = components.keys.len();
            let Ok([traditional, ml_dsa]) = <[_; 2]>::try_from(components.keys) else {
                let problem = Problem::Malformed(format!(
                    "has {count} entries; a composite has two keys, the traditional one and then ML-DSA's"
                ));
                return Err(RequestError { field: "key_source.component_keys", problem });
            };
            let [first, second] = COMPONENT_KEYS;
            Ok(Keys::Components([key(Some(traditional), first)?, key(Some(ml_dsa), second)?]))
        }
    }
}

/// The field of the keys that sign and verify.
pub const KEY_SOURCE: &str = "key_source";
/// The fields of the two keys of a composite.
pub const COMPONENT_KEYS: [&str; 2] = ["key_source.component_keys[0]", "key_source.component_keys[1]"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(source: Option<v1::key_source::Source>) -> Result<SecretBytes, RequestError> {
        let mut message = v1::KeySource::default();
        message.source = source;
        raw_key(Some(message), "key_source", 4)
    }

    #[test]
    fn only_the_bytes_of_a_key_are_taken() {
        use v1::key_source::Source;
        assert_eq!(read(Some(Source::RawKey(vec![1, 2]))).unwrap().expose(), [1, 2]);
        let problem = |source| read(source).unwrap_err().problem;
        assert_eq!(problem(None), Problem::Missing);
        assert_eq!(problem(Some(Source::RawKey(vec![]))), Problem::Missing);
        assert_eq!(problem(Some(Source::RawKey(vec![0; 5]))), Problem::TooLong { length: 5, limit: 4 });
        assert!(matches!(problem(Some(Source::KeyId("a".into()))), Problem::Unsupported(_)));
        assert_eq!(raw_key(None, "key_source", 4).unwrap_err().problem, Problem::Missing);
    }
}
