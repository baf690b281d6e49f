//! Signature schemes of certification requests.

use super::{KeyKind, KeyType, SignatureScheme};

/// The scheme of a certification request's signature. It proves that the requester has the private key, and appears in no
/// certificate, so that it may be older than what the broker signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestScheme {
    /// A scheme that the broker signs with, too.
    Current(SignatureScheme),
    /// RSASSA-PKCS1-v1_5 with SHA-224 (RFC 4055 5).
    RsaPkcs1Sha224,
    /// RSASSA-PSS with SHA-224 (RFC 4055 3.1) for both message and MGF1.
    RsaPssSha224 {
        /// The length of the salt in bytes.
        salt_length: u32,
    },
    /// ECDSA with SHA-224 (RFC 5758 3.2), which requests for P-224 use.
    EcdsaSha224,
}

impl RequestScheme {
    /// Reports whether keys of the type `key` verify such signatures.
    pub fn accepts_key(self, key: KeyType) -> bool {
        let kind = match self {
            Self::Current(scheme) => scheme.key_kind(),
            Self::RsaPkcs1Sha224 | Self::RsaPssSha224 { .. } => KeyKind::Rsa,
            Self::EcdsaSha224 => KeyKind::Ecdsa,
        };
        kind == key.kind()
    }
}
