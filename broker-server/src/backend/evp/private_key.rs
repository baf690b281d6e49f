//! Private keys and their signatures.

use std::{
    fmt,
    ptr::{null, null_mut},
};

use super::{
    ErrorQueue, EvpError, PublicKey,
    digest::{DigestContext, digest},
    ffi,
    key::Key,
    ml_dsa,
};
use crate::algorithm::{KeyForm, KeyType, SignatureScheme};

/// Longest private key accepted, in bytes. RSA 16384 takes about 9.3 KiB; a bound before parsing keeps hostile exponents
/// from costing more than a signature does.
const MAX_PRIVATE_KEY_DER: usize = 16 * 1024;

/// A private key inside the library; wiped when dropped.
pub struct PrivateKey {
    key: Key,
    kind: Option<KeyType>,
}

impl PrivateKey {
    /// Loads and checks a key. `BadKey` when the DER is malformed or has bytes after its end, when an EC key has
    /// explicit parameters (RFC 5480 2.1.1) or a public half that is not its own, and when the numbers of an RSA key
    /// do not belong together. The primes of an RSA key are not tested for primality: that costs more than a signature.
    pub fn from_der(form: KeyForm, der: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        if der.len() > MAX_PRIVATE_KEY_DER {
            return Err(EvpError::BadKey);
        }
        let key = match form {
            KeyForm::Pkcs8 => Key::from_pkcs8(der),
            KeyForm::Sec1 => Key::from_sec1(der),
            KeyForm::Pkcs1 => Key::from_pkcs1(der),
        }
        .ok_or(EvpError::BadKey)?;
        let kind = key.kind()?;
        let complete = match kind {
            Some(KeyType::Rsa { .. }) => key.has_rsa_factors(),
            Some(KeyType::MlDsa(_)) => ml_dsa::private_key_is_exact(der),
            _ => true,
        };
        if complete { Ok(Self { key, kind }) } else { Err(EvpError::BadKey) }
    }

    /// Kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Whether this is the private half of `public`.
    pub fn matches(&self, public: &PublicKey) -> bool {
        let _errors = ErrorQueue;
        // SAFETY: both pointers are live keys; the function reads them.
        1 == unsafe { ffi::EVP_PKEY_cmp(self.key.as_ptr(), public.key.as_ptr()) }
    }

    /// Signs `message`. ECDSA as DER (Ecdsa-Sig-Value), RSA PKCS#1 v1.5, Ed25519 and ML-DSA pure with empty context.
    /// `BadKey` when the scheme is not this key's, or an RSA key is too short for the hash or not made of primes.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        let (digest, failure) = match (scheme, self.kind) {
            // RFC 8017 9.2: the shortest encoding of a SHA-2 digest is itself, 19 bytes before it and 11 of padding.
            (SignatureScheme::RsaPkcs1(hash), Some(KeyType::Rsa { bits })) => {
                if bits.div_ceil(8) < hash.length() + 19 + 11 {
                    return Err(EvpError::BadKey);
                }
                (digest(hash), EvpError::BadKey)
            }
            (SignatureScheme::Ecdsa(hash), Some(KeyType::Ec(_))) => (digest(hash), EvpError::Failed),
            (SignatureScheme::Ed25519, Some(KeyType::Ed25519)) => (null(), EvpError::Failed),
            (SignatureScheme::MlDsa(asked), Some(KeyType::MlDsa(set))) if asked == set => {
                (null(), EvpError::Failed)
            }
            _ => return Err(EvpError::BadKey),
        };
        // SAFETY: the pointer is a live key.
        let size = unsafe { ffi::EVP_PKEY_size(self.key.as_ptr()) };
        let mut signature = vec![0; usize::try_from(size).map_err(|_| EvpError::Failed)?];
        let mut length = signature.len();
        let context = DigestContext::new().ok_or(EvpError::Failed)?;
        // SAFETY: the context is fresh; `digest` is null or one of the library's statics; the key outlives the context,
        // which also counts its own reference to it. `length` holds the capacity of `signature` and receives what was
        // written; `message` is readable for its length.
        let signed = unsafe {
            1 == ffi::EVP_DigestSignInit(context.as_ptr(), null_mut(), digest, null_mut(), self.key.as_ptr())
                && 1 == ffi::EVP_DigestSign(
                    context.as_ptr(),
                    signature.as_mut_ptr(),
                    &mut length,
                    message.as_ptr(),
                    message.len(),
                )
        };
        if !signed {
            return Err(failure);
        }
        signature.truncate(length);
        Ok(signature)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, [redacted])", self.kind)
    }
}
