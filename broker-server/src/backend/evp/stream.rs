//! Signatures over messages that arrive in parts.

use super::{ErrorQueue, EvpError, PrivateKey, PublicKey, digest::DigestContext, ffi, mu::Mu};
use crate::algorithm::SignatureScheme;

/// Signs a message that arrives in parts, like `PrivateKey::sign` signs a complete message.
pub struct Signer(Signing);

enum Signing {
    Digest { context: DigestContext, capacity: usize, failure: EvpError },
    Mu(Mu),
}

impl Signer {
    /// Starts an empty message. ML-DSA signs it with `context`, of at most 255 bytes (FIPS 204 5.2). Fails with `BadKey` like
    /// `PrivateKey::sign`, with `NotStreamable` for Ed25519, which reads the message twice (RFC 8032 5.1.6), and with `Failed`
    /// for a longer context, or for one with a scheme that has none.
    pub fn new(key: &PrivateKey, scheme: SignatureScheme, context: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let (digest, failure) = key.signing(scheme)?;
        check_context(scheme, context)?;
        Ok(Self(match scheme {
            SignatureScheme::Ed25519 => return Err(EvpError::NotStreamable),
            SignatureScheme::MlDsa(_) => Signing::Mu(Mu::new(&key.key, context)?),
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } | SignatureScheme::Ecdsa(_) => {
                Signing::Digest { context: digest, capacity: key.key.signature_capacity()?, failure }
            }
        }))
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        match &mut self.0 {
            Signing::Digest { context, .. } => {
                // SAFETY: The context is initialized for signing; `part` is readable for its length.
                let taken =
                    unsafe { ffi::EVP_DigestSignUpdate(context.as_ptr(), part.as_ptr().cast(), part.len()) };
                if taken == 1 { Ok(()) } else { Err(EvpError::Failed) }
            }
            Signing::Mu(mu) => {
                mu.update(part);
                Ok(())
            }
        }
    }

    /// Returns the signature over all parts. Fails with `BadKey` like `PrivateKey::sign`.
    pub fn finish(self) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        match self.0 {
            Signing::Digest { context, capacity, failure } => {
                let mut signature = vec![0; capacity];
                let mut length = capacity;
                // SAFETY: The context is initialized for signing; `length` holds the capacity of `signature` and
                // receives the number of bytes written.
                let signed = unsafe {
                    ffi::EVP_DigestSignFinal(context.as_ptr(), signature.as_mut_ptr(), &mut length)
                };
                if signed != 1 {
                    return Err(failure);
                }
                signature.truncate(length);
                Ok(signature)
            }
            Signing::Mu(mu) => mu.sign(),
        }
    }
}

/// Verifies a signature over a message that arrives in parts, like `PublicKey::verify` does over a complete message.
pub struct Verifier(Verifying);

enum Verifying {
    Digest(DigestContext),
    Mu(Mu),
}

impl Verifier {
    /// Starts an empty message, whose signature has `context` like that of [`Signer::new`]. Fails with `BadKey` like
    /// `PublicKey::verify`, with `NotStreamable` for Ed25519, which needs the signature before it can hash the message (RFC
    /// 8032 5.1.7), and with `Failed` like [`Signer::new`].
    pub fn new(key: &PublicKey, scheme: SignatureScheme, context: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let digest = key.verifying(scheme)?;
        check_context(scheme, context)?;
        Ok(Self(match scheme {
            SignatureScheme::Ed25519 => return Err(EvpError::NotStreamable),
            SignatureScheme::MlDsa(_) => Verifying::Mu(Mu::new(&key.key, context)?),
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } | SignatureScheme::Ecdsa(_) => {
                Verifying::Digest(digest)
            }
        }))
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        match &mut self.0 {
            Verifying::Digest(context) => {
                // SAFETY: The context is initialized for verification; `part` is readable for its length.
                let taken = unsafe {
                    ffi::EVP_DigestVerifyUpdate(context.as_ptr(), part.as_ptr().cast(), part.len())
                };
                if taken == 1 { Ok(()) } else { Err(EvpError::Failed) }
            }
            Verifying::Mu(mu) => {
                mu.update(part);
                Ok(())
            }
        }
    }

    /// Verifies `signature` over all parts. Fails with `BadSignature` if it is invalid.
    pub fn finish(self, signature: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        match self.0 {
            Verifying::Digest(context) => {
                // SAFETY: The context is initialized for verification; `signature` is readable for its length.
                let valid = unsafe {
                    ffi::EVP_DigestVerifyFinal(context.as_ptr(), signature.as_ptr(), signature.len())
                };
                if valid == 1 { Ok(()) } else { Err(EvpError::BadSignature) }
            }
            Verifying::Mu(mu) => mu.verify(signature),
        }
    }
}

/// Fails for a context that the scheme does not have: it must not be dropped silently.
fn check_context(scheme: SignatureScheme, context: &[u8]) -> Result<(), EvpError> {
    let has_context = matches!(scheme, SignatureScheme::MlDsa(_));
    if has_context || context.is_empty() { Ok(()) } else { Err(EvpError::Failed) }
}
