//! The errors of the EVP module.
#![forbid(unsafe_code)]

/// Why the library rejected an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvpError {
    /// The key does not parse, is not consistent, or does not fit the scheme.
    #[error("the key cannot be used")]
    BadKey,
    /// The signature is invalid or malformed.
    #[error("the signature is invalid")]
    BadSignature,
    /// The scheme requires the complete message at once.
    #[error("the signature scheme does not support streaming")]
    NotStreamable,
    /// The crypto library failed for a reason that the caller did not cause.
    #[error("the crypto library failed")]
    Failed,
}
