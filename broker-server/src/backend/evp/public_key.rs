//! Public keys and the verification of signatures.

use std::fmt;

use super::{
    ErrorQueue, EvpError,
    digest::{DigestContext, Purpose},
    encode, ffi,
    key::Key,
    mu::Mu,
};
use crate::algorithm::{KeyType, RequestScheme, SignatureScheme};

/// A public key inside the library.
pub struct PublicKey {
    pub(super) key: Key,
    kind: Option<KeyType>,
}

impl PublicKey {
    /// Loads and checks a SubjectPublicKeyInfo: RSA up to 16384 bits with an odd exponent of at most 33 bits, EC with
    /// a finite point on a named curve, Ed25519, or ML-DSA. Fails with `BadKey` for other keys and for trailing
    /// bytes.
    pub fn from_spki(der: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let key = Key::from_spki(der).ok_or(EvpError::BadKey)?;
        let kind = key.kind()?;
        Ok(Self { key, kind })
    }

    /// Returns the kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Returns the SubjectPublicKeyInfo (RFC 5280 4.1) as DER, with an uncompressed EC point.
    pub fn to_spki(&self) -> Result<Vec<u8>, EvpError> {
        encode::spki(&self.key)
    }

    /// Returns the octets of an Ed25519 (RFC 8032 5.1.2) or ML-DSA key (FIPS 204 algorithm 22); `None` for other kinds.
    pub fn raw(&self) -> Option<Vec<u8>> {
        match self.kind? {
            KeyType::Ed25519 | KeyType::MlDsa(_) => self.key.raw_public(),
            KeyType::Rsa { .. } | KeyType::Ec(_) => None,
        }
    }

    /// Verifies a signature. Fails with `BadSignature` if it is invalid and with `BadKey` if the scheme does not fit
    /// this key.
    pub fn verify(&self, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        verify(&self.verifying(scheme)?, message, signature)
    }

    /// Verifies the signature of a certification request, like [`Self::verify`].
    pub fn verify_request(
        &self,
        scheme: RequestScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        let kind = self.kind.filter(|kind| scheme.accepts_key(*kind)).ok_or(EvpError::BadKey)?;
        let salt_length = match (scheme, kind) {
            (RequestScheme::Current(scheme), _) => return self.verify(scheme, message, signature),
            (RequestScheme::RsaPssSha224 { salt_length }, KeyType::Rsa { bits }) => {
                check_salt(salt_length, bits)?;
                Some(salt_length)
            }
            _ => None,
        };
        verify(&DigestContext::verifying_sha224(&self.key, salt_length)?, message, signature)
    }

    /// Verifies a signature by ML-DSA with a context of at most 255 bytes (FIPS 204 5.3). Fails with `BadSignature`
    /// if it is invalid, with `BadKey` for other kinds of keys and with `Failed` for a longer context.
    pub fn verify_with_context(
        &self,
        context: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), EvpError> {
        let Some(KeyType::MlDsa(_)) = self.kind else { return Err(EvpError::BadKey) };
        let mut mu = Mu::new(&self.key, context)?;
        mu.update(message);
        mu.verify(signature)
    }

    /// Verifies a signature by HashML-DSA over the digest of a message, with a context of at most 255 bytes (FIPS 204
    /// 5.4.1). `oid` is the DER of the hash function's object identifier. Fails like [`Self::verify_with_context`].
    pub fn verify_digest(
        &self,
        context: &[u8],
        oid: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), EvpError> {
        let Some(KeyType::MlDsa(_)) = self.kind else { return Err(EvpError::BadKey) };
        Mu::of_digest(&self.key, context, oid, digest)?.verify(signature)
    }

    /// Returns a context that verifies with this key.
    pub(super) fn verifying(&self, scheme: SignatureScheme) -> Result<DigestContext, EvpError> {
        match self.kind {
            Some(kind) if scheme.accepts_key(kind) => {
                if let (SignatureScheme::RsaPss { salt_length, .. }, KeyType::Rsa { bits }) = (scheme, kind) {
                    check_salt(salt_length, bits)?;
                }
                DigestContext::with_key(Purpose::Verify, &self.key, scheme)
            }
            _ => Err(EvpError::BadKey),
        }
    }
}

/// Fails if a salt is longer than the modulus: the library's arithmetic requires a small number.
fn check_salt(salt_length: u32, bits: u32) -> Result<(), EvpError> {
    if salt_length > bits / 8 { Err(EvpError::BadSignature) } else { Ok(()) }
}

/// Verifies a signature over a complete message.
fn verify(context: &DigestContext, message: &[u8], signature: &[u8]) -> Result<(), EvpError> {
    // SAFETY: The context is initialized; both slices are readable for their lengths.
    let valid = unsafe {
        1 == ffi::EVP_DigestVerify(
            context.as_ptr(),
            signature.as_ptr(),
            signature.len(),
            message.as_ptr(),
            message.len(),
        )
    };
    if valid { Ok(()) } else { Err(EvpError::BadSignature) }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}
