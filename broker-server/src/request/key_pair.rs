//! Parses `GenerateKeyPair` of both services.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind};
use crate::secret::{SecretBytes, SecretKey};

/// A request to generate a key pair.
#[derive(Debug)]
pub struct GenerateKeyPair {
    /// The seed; `None` asks for a random key. The profile's algorithm determines its length.
    pub seed: Option<SecretKey>,
    /// The encoding of the keys; the default is raw for a key encapsulation mechanism and DER for signatures.
    pub encoding: Option<KeyEncoding>,
}

/// The encoding of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEncoding {
    /// The standard's own octets.
    Raw,
    /// SubjectPublicKeyInfo (RFC 5280) and PKCS#8 (RFC 5958).
    Der,
    /// The DER structures as text (RFC 7468).
    Pem,
}

impl GenerateKeyPair {
    /// Reads seed and encoding. Moves the seed out of `message`.
    pub fn parse(message: &mut v1::GenerateKeyPairRequest) -> Result<Self, FieldError> {
        // Moved first, so that it is wiped on every path.
        let seed = message.seed.take().map(SecretBytes::new).map(SecretKey::new);
        let number = message.key_encoding;
        let encoding = match v1::KeyEncoding::try_from(number) {
            Ok(v1::KeyEncoding::Unspecified) => None,
            Ok(v1::KeyEncoding::Raw) => Some(KeyEncoding::Raw),
            Ok(v1::KeyEncoding::Der) => Some(KeyEncoding::Der),
            Ok(v1::KeyEncoding::Pem) => Some(KeyEncoding::Pem),
            Err(_) => {
                let kind = FieldErrorKind::UnknownValue(number);
                return Err(FieldError { field: "key_encoding", kind });
            }
        };
        Ok(Self { seed, encoding })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::telemetry::audit::KeyUse;

    #[test]
    fn moves_seed_and_rejects_unknown_encoding() {
        let mut message = v1::GenerateKeyPairRequest::default();
        message.seed = Some(vec![7; 32]);
        message.key_encoding = 3;
        let request = GenerateKeyPair::parse(&mut message).unwrap();
        assert_eq!(request.seed.unwrap().expose(&KeyUse::for_test()), [7; 32]);
        assert_eq!(request.encoding, Some(KeyEncoding::Pem));
        assert_eq!(message.seed, None);
        message.key_encoding = 0;
        let request = GenerateKeyPair::parse(&mut message).unwrap();
        assert!(request.seed.is_none() && request.encoding.is_none());
        message.key_encoding = 4;
        let error = GenerateKeyPair::parse(&mut message).unwrap_err();
        assert_eq!(error, FieldError { field: "key_encoding", kind: FieldErrorKind::UnknownValue(4) });
    }
}
