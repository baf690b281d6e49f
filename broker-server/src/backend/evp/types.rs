//! What goes into the EVP module and what comes out when it refuses.
#![forbid(unsafe_code)]

use crate::algorithm::SignatureHash;

/// The library refused, for one of the reasons that can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvpError {
    /// The key does not parse, is not consistent, or does not fit the scheme.
    #[error("the key cannot be used")]
    BadKey,
    /// The signature does not match, or is not even shaped like one.
    #[error("the signature is wrong")]
    BadSignature,
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Failed,
}

/// How a private key's DER is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEncoding {
    /// PrivateKeyInfo (RFC 5208) or OneAsymmetricKey (RFC 5958): RSA, EC, Ed25519 (RFC 8410), ML-DSA (RFC 9881: seed,
    /// expanded key, or both).
    Pkcs8,
    /// ECPrivateKey (RFC 5915) with its named curve inside.
    Sec1,
    /// RSAPrivateKey (RFC 8017 A.1.2) with its CRT values.
    Pkcs1,
}

/// How a signature is to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(SignatureHash),
    /// RSASSA-PSS (RFC 8017 8.1) with MGF1 over the same hash.
    RsaPss {
        /// Hash of the message and of MGF1.
        hash: SignatureHash,
        /// Length of the salt in bytes; a signature with another length is wrong.
        salt_length: u32,
    },
    /// ECDSA, the signature as DER (Ecdsa-Sig-Value).
    Ecdsa(SignatureHash),
    /// Ed25519 (RFC 8032), pure.
    Ed25519,
    /// ML-DSA (FIPS 204) of the key's parameter set, pure, with empty context.
    MlDsa,
}
