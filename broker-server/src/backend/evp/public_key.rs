//! Public keys and the verification of signatures.

use std::{
    ffi::c_int,
    fmt,
    ptr::{null, null_mut},
};

use super::{
    ErrorQueue, EvpError,
    digest::{DigestContext, digest},
    ffi,
    key::Key,
};
use crate::algorithm::{KeyType, SignatureScheme};

/// A public key inside the library.
pub struct PublicKey {
    pub(super) key: Key,
    kind: Option<KeyType>,
}

impl PublicKey {
    /// Loads and checks a SubjectPublicKeyInfo: RSA to 16384 bits with an odd exponent of at most 33 bits, EC on a named
    /// curve with a point on it that is not infinity, Ed25519, ML-DSA. `BadKey` otherwise, and for bytes after the end.
    pub fn from_spki(der: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let key = Key::from_spki(der).ok_or(EvpError::BadKey)?;
        let kind = key.kind()?;
        Ok(Self { key, kind })
    }

    /// Kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Verifies; `BadSignature` when it does not match, `BadKey` when the scheme is not this key's.
    pub fn verify(&self, how: SignatureScheme, message: &[u8], signature: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        let (digest, salt_length) = match (how, self.kind) {
            (SignatureScheme::RsaPkcs1(hash), Some(KeyType::Rsa { .. })) => (digest(hash), None),
            (SignatureScheme::RsaPss { hash, salt_length }, Some(KeyType::Rsa { bits })) => {
                // A salt longer than the modulus cannot be; the library's own arithmetic wants a small number.
                if salt_length > bits / 8 {
                    return Err(EvpError::BadSignature);
                }
                (digest(hash), Some(c_int::try_from(salt_length).map_err(|_| EvpError::BadSignature)?))
            }
            (SignatureScheme::Ecdsa(hash), Some(KeyType::Ec(_))) => (digest(hash), None),
            (SignatureScheme::Ed25519, Some(KeyType::Ed25519)) => (null(), None),
            (SignatureScheme::MlDsa(asked), Some(KeyType::MlDsa(set))) if asked == set => (null(), None),
            _ => return Err(EvpError::BadKey),
        };
        let context = DigestContext::new().ok_or(EvpError::Failed)?;
        let mut parameters = null_mut();
        // SAFETY: as in `sign`; `parameters` receives a pointer that the context owns.
        let ready = unsafe {
            1 == ffi::EVP_DigestVerifyInit(
                context.as_ptr(),
                &mut parameters,
                digest,
                null_mut(),
                self.key.as_ptr(),
            )
        };
        if !ready {
            return Err(EvpError::Failed);
        }
        if let Some(salt_length) = salt_length {
            // SAFETY: `parameters` was set by the call that succeeded above and lives as long as `context`. MGF1 takes
            // the message's hash when none is set.
            let ready = unsafe {
                1 == ffi::EVP_PKEY_CTX_set_rsa_padding(parameters, ffi::RSA_PKCS1_PSS_PADDING)
                    && 1 == ffi::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt_length)
            };
            if !ready {
                return Err(EvpError::Failed);
            }
        }
        // SAFETY: the context is initialised; both slices are readable for their lengths.
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
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}
