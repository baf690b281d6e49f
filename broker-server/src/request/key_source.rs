//! Reads the keys in a request.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind, Keys, error::at_most};
use crate::secret::SecretBytes;

/// Returns the bytes of the key in `source`, the wire's `field`. Rejects a key that is given by its identifier, because the
/// broker has no key management to look it up in.
pub(super) fn raw_key(
    source: Option<v1::KeySource>,
    field: &'static str,
    limit: usize,
) -> Result<SecretBytes, FieldError> {
    use v1::key_source::Source;

    let missing = || FieldError { field, kind: FieldErrorKind::Missing };
    match source.ok_or_else(missing)?.source.take().ok_or_else(missing)? {
        Source::KeyId(_) => Err(FieldError {
            field,
            kind: FieldErrorKind::Unsupported(
                "names a key by id, but this broker has no key management; send the key itself in raw_key"
                    .into(),
            ),
        }),
        Source::RawKey(key) => {
            // Moved first, so that it is wiped on every path.
            let key = SecretBytes::new(key);
            if key.expose().is_empty() {
                return Err(missing());
            }
            at_most(field, key.expose().len(), limit)?;
            Ok(key)
        }
    }
}

/// Reads the keys in the `key_source` of a request to sign or verify.
pub(super) fn keys<K>(
    source: Option<v1::SignKeySource>,
    limit: usize,
    read: impl Fn(SecretBytes) -> Result<K, FieldErrorKind>,
) -> Result<Keys<K>, FieldError> {
    use v1::sign_key_source::Source;

    let key = |source, field| read(raw_key(source, field, limit)?).map_err(|kind| FieldError { field, kind });
    match source.and_then(|source| source.source) {
        None => Err(FieldError { field: KEY_SOURCE, kind: FieldErrorKind::Missing }),
        Some(Source::Single(source)) => Ok(Keys::One(key(Some(source), KEY_SOURCE)?)),
        Some(Source::ComponentKeys(components)) => {
            let count = components.keys.len();
            let Ok([traditional, ml_dsa]) = <[_; 2]>::try_from(components.keys) else {
                let kind = FieldErrorKind::Malformed(format!(
                    "has {count} entries; a composite has two keys: send the traditional key, then the ML-DSA key"
                ));
                return Err(FieldError { field: "key_source.component_keys", kind });
            };
            let [first, second] = COMPONENT_KEYS;
            Ok(Keys::Components([key(Some(traditional), first)?, key(Some(ml_dsa), second)?]))
        }
    }
}

/// The wire field of the keys that sign and verify.
pub const KEY_SOURCE: &str = "key_source";
/// The wire fields of the two keys of a composite.
pub const COMPONENT_KEYS: [&str; 2] = ["key_source.component_keys[0]", "key_source.component_keys[1]"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(source: Option<v1::key_source::Source>) -> Result<SecretBytes, FieldError> {
        let mut message = v1::KeySource::default();
        message.source = source;
        raw_key(Some(message), "key_source", 4)
    }

    #[test]
    fn accepts_only_raw_keys_within_limit() {
        use v1::key_source::Source;
        assert_eq!(read(Some(Source::RawKey(vec![1, 2]))).unwrap().expose(), [1, 2]);
        let kind = |source| read(source).unwrap_err().kind;
        assert_eq!(kind(None), FieldErrorKind::Missing);
        assert_eq!(kind(Some(Source::RawKey(vec![]))), FieldErrorKind::Missing);
        assert_eq!(kind(Some(Source::RawKey(vec![0; 5]))), FieldErrorKind::TooLong { length: 5, limit: 4 });
        assert!(matches!(kind(Some(Source::KeyId("a".into()))), FieldErrorKind::Unsupported(_)));
        assert_eq!(raw_key(None, "key_source", 4).unwrap_err().kind, FieldErrorKind::Missing);
    }
}
