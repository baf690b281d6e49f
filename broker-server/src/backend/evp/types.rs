//! What goes into the EVP module and what comes out when it refuses.
#![forbid(unsafe_code)]

/// The library refused, for one of the reasons that can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvpError {
    /// The key does not parse, is not consistent, or does not fit the scheme.
    #[error("the key cannot be used")]
    BadKey,
    /// The signature does not match, or is not even shaped like one.
    #[error("the signature is wrong")]
    BadSignature,
    /// The scheme needs the whole message at once.
    #[error("the signature scheme does not take a message in parts")]
    NotStreamable,
    /// Nothing that the caller sent explains it.
    #[error("the crypto library failed")]
    Failed,
}
