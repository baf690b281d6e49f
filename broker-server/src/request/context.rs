//! Reads the context of a signature.

use super::{FieldError, FieldErrorKind, Keys, error::at_most};
use crate::algorithm::{KeyType, SignatureFormat};

const FIELD: &str = "context";

/// The maximum length of a context in bytes (FIPS 204 5.2).
const MAX_LENGTH: usize = 255;

/// Returns the context of a request; empty where the request has none, which FIPS 204 5.2 defines as the same. Rejects a
/// context that the keys, or the format that the request asks for, cannot have. Policy rejects one that the profile does not
/// allow.
pub(super) fn context(
    context: Option<Vec<u8>>,
    keys: Keys<KeyType>,
    format: Option<SignatureFormat>,
) -> Result<Vec<u8>, FieldError> {
    let context = context.unwrap_or_default();
    if context.is_empty() {
        return Ok(context);
    }
    at_most(FIELD, context.len(), MAX_LENGTH)?;
    let unsupported = |reason| Err(FieldError { field: FIELD, kind: FieldErrorKind::Unsupported(reason) });
    match keys {
        Keys::One(KeyType::MlDsa(_)) => {}
        Keys::One(key) => {
            return unsupported(format!(
                "is defined for ML-DSA only (FIPS 204 5.2), and the key is {key}; omit the context"
            ));
        }
        Keys::Components(_) => {
            return unsupported(
                "cannot be chosen for a composite, whose ML-DSA signature has the algorithm's label as its context \
                 (draft-ietf-lamps-pq-composite-sigs); omit the context"
                    .to_owned(),
            );
        }
    }
    match format {
        None | Some(SignatureFormat::Raw) => Ok(context),
        Some(format) => unsupported(not_in_format(format)),
    }
}

/// Returns why signatures of a format other than RAW have no context, as a text that follows `context`.
pub fn not_in_format(format: SignatureFormat) -> String {
    let reason = match format {
        SignatureFormat::Cms => "CMS requires the empty context (RFC 9882)",
        _ => "DER and PEM are the signatures of certificates, which require the empty context (RFC 9881)",
    };
    format!(
        "cannot be used with the format {}: {reason}; omit the context, or ask for the format RAW",
        format.name()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::algorithm::MlDsa;

    const ML_DSA: Keys<KeyType> = Keys::One(KeyType::MlDsa(MlDsa::MlDsa44));
    const OTHERS: [Keys<KeyType>; 2] =
        [Keys::One(KeyType::Ed25519), Keys::Components([KeyType::Ed25519, KeyType::MlDsa(MlDsa::MlDsa44)])];

    #[test]
    fn accepts_contexts_of_ml_dsa_in_raw_format() {
        for format in [None, Some(SignatureFormat::Raw)] {
            for length in [1, MAX_LENGTH] {
                let bytes = vec![7; length];
                assert_eq!(context(Some(bytes.clone()), ML_DSA, format).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn empty_context_is_none_for_every_key_and_format() {
        for keys in [ML_DSA].into_iter().chain(OTHERS) {
            for format in SignatureFormat::ALL {
                for empty in [None, Some(Vec::new())] {
                    assert_eq!(context(empty, keys, Some(format)).unwrap(), b"");
                }
            }
        }
    }

    #[test]
    fn rejects_other_keys_formats_and_lengths() {
        let kind = |length, keys, format| {
            let error = context(Some(vec![7; length]), keys, format).unwrap_err();
            assert_eq!(error.field, "context");
            error.kind
        };
        assert_eq!(kind(256, ML_DSA, None), FieldErrorKind::TooLong { length: 256, limit: 255 });
        for keys in OTHERS {
            assert!(matches!(kind(1, keys, None), FieldErrorKind::Unsupported(_)), "{keys:?}");
        }
        for format in [SignatureFormat::Der, SignatureFormat::Pem, SignatureFormat::Cms] {
            assert!(matches!(kind(1, ML_DSA, Some(format)), FieldErrorKind::Unsupported(_)), "{format:?}");
        }
    }
}
