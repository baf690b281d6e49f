//! Private keys and their signatures.

use std::fmt;

use super::{
    ErrorQueue, EvpError, PublicKey,
    digest::{DigestContext, Purpose},
    encode, ffi,
    key::Key,
    ml_dsa,
    mu::Mu,
};
use crate::{
    algorithm::{KeyForm, KeyType, SignatureScheme},
    secret::{SecretBytes, stack_is_shallow},
};

/// The maximum length of a private key in bytes. An RSA key of 16384 bits takes about 9.3 KiB; checking the length before
/// parsing prevents hostile exponents from costing more than a signature.
const MAX_PRIVATE_KEY_DER: usize = 16 * 1024;

/// A private key inside the library. Wiped when dropped.
pub struct PrivateKey {
    pub(super) key: Key,
    kind: Option<KeyType>,
}

impl PrivateKey {
    /// Loads and checks a key. Does not test the factors of an RSA key for primality, which costs more than a signature.
    ///
    /// # Errors
    /// Fails with `BadKey` if the DER is malformed or has trailing bytes, if an EC key has explicit parameters (RFC 5480
    /// 2.1.1) or a public half that does not match, or if the numbers of an RSA key are inconsistent.
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
        let key = Self::checked(key)?;
        let complete = match key.kind {
            Some(KeyType::Rsa { .. }) => key.key.has_rsa_factors(),
            Some(KeyType::MlDsa(_)) => ml_dsa::private_key_is_sound(der),
            _ => true,
        };
        if complete { Ok(key) } else { Err(EvpError::BadKey) }
    }

    /// Determines the kind of the key. Fails with `BadKey` for an EC key with explicit parameters.
    pub(super) fn checked(key: Key) -> Result<Self, EvpError> {
        let kind = key.kind()?;
        stack_is_shallow(matches!(kind, Some(KeyType::Rsa { .. } | KeyType::Ec(_) | KeyType::Ed25519)));
        Ok(Self { key, kind })
    }

    /// Returns the kind and size; `None` for a kind that the broker does not use.
    pub fn key_type(&self) -> Option<KeyType> {
        self.kind
    }

    /// Reports whether this is the private half of `public`.
    pub fn matches(&self, public: &PublicKey) -> bool {
        let _errors = ErrorQueue;
        // SAFETY: Both pointers are live keys, which the function only reads.
        1 == unsafe { ffi::EVP_PKEY_cmp(self.key.as_ptr(), public.key.as_ptr()) }
    }

    /// Returns the SubjectPublicKeyInfo (RFC 5280 4.1) of the public half.
    pub fn spki(&self) -> Result<Vec<u8>, EvpError> {
        encode::spki(&self.key)
    }

    /// Returns the public half.
    pub fn public(&self) -> Result<PublicKey, EvpError> {
        // The encoding is parsed again, so that the returned object contains no secret.
        let spki = encode::spki(&self.key)?;
        PublicKey::from_spki(&spki).map_err(|_| EvpError::Failed)
    }

    /// Returns the key as DER: OneAsymmetricKey (RFC 5958) with the contents of RFC 8017, RFC 5915 with the public
    /// half, or RFC 8410, and with the seed for ML-DSA (RFC 9881 6). Fails with `BadKey` for an ML-DSA key that was
    /// loaded without its seed.
    pub fn to_pkcs8(&self) -> Result<SecretBytes, EvpError> {
        encode::pkcs8(&self.key)
    }

    /// Returns the 32 bytes that the key was derived from: Ed25519 (RFC 8032 5.1.5), ML-DSA (xi of FIPS 204 algorithm 1).
    /// Returns `None` for other kinds and for an ML-DSA key that was loaded without its seed.
    pub fn seed(&self) -> Option<SecretBytes> {
        match self.kind? {
            KeyType::Ed25519 => encode::raw_private(&self.key).ok(),
            KeyType::MlDsa(_) => ml_dsa::seed(encode::pkcs8(&self.key).ok()?.expose()),
            KeyType::Rsa { .. } | KeyType::Ec(_) => None,
        }
    }

    /// Signs `message`. ECDSA signatures are DER (Ecdsa-Sig-Value); Ed25519 and ML-DSA are pure, with an empty context.
    ///
    /// # Errors
    /// Fails with `BadKey` if the scheme does not fit this key, or if an RSA key is too short for the scheme or its factors
    /// are not primes.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        let (context, failure) = self.signing(scheme)?;
        let mut signature = vec![0; self.key.signature_capacity()?];
        let mut length = signature.len();
        // SAFETY: The context is initialized. `length` holds the capacity of `signature` and receives the number of bytes
        // written; `message` is readable for its length.
        let signed = unsafe {
            1 == ffi::EVP_DigestSign(
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

    /// Signs `message` by ML-DSA with a context of at most 255 bytes (FIPS 204 5.2). Fails with `BadKey` for other kinds of
    /// keys and with `Failed` for a longer context.
    pub fn sign_with_context(&self, context: &[u8], message: &[u8]) -> Result<Vec<u8>, EvpError> {
        let Some(KeyType::MlDsa(_)) = self.kind else { return Err(EvpError::BadKey) };
        let mut mu = Mu::new(&self.key, context)?;
        mu.update(message);
        mu.sign()
    }

    /// Signs the digest of a message by HashML-DSA with a context of at most 255 bytes (FIPS 204 5.4.1). `oid` is the DER
    /// of the hash function's object identifier. Fails like [`Self::sign_with_context`].
    pub fn sign_digest(&self, context: &[u8], oid: &[u8], digest: &[u8]) -> Result<Vec<u8>, EvpError> {
        let Some(KeyType::MlDsa(_)) = self.kind else { return Err(EvpError::BadKey) };
        Mu::of_digest(&self.key, context, oid, digest)?.sign()
    }

    /// Returns a context that signs with this key, and the error to report if signing fails.
    pub(super) fn signing(&self, scheme: SignatureScheme) -> Result<(DigestContext, EvpError), EvpError> {
        let Some(kind) = self.kind.filter(|kind| scheme.accepts_key(*kind)) else {
            return Err(EvpError::BadKey);
        };
        let mut failure = EvpError::Failed;
        if let KeyType::Rsa { bits } = kind {
            if encoded_length(scheme) > u64::from(bits) {
                return Err(EvpError::BadKey);
            }
            failure = EvpError::BadKey;
        }
        Ok((DigestContext::with_key(Purpose::Sign, &self.key, scheme)?, failure))
    }
}

/// Returns the minimum number of bits of an RSA modulus that can hold the scheme's encoded digest.
fn encoded_length(scheme: SignatureScheme) -> u64 {
    match scheme {
        // RFC 8017 9.2: 19 bytes precede a SHA-2 digest, and 11 are padding; the first byte may have a single bit.
        SignatureScheme::RsaPkcs1(hash) => 8 * (u64::from(hash.length()) + 19 + 11) - 7,
        // RFC 8017 9.1.1: emBits is one less than the bits of the modulus, and emLen is at least hLen + sLen + 2.
        SignatureScheme::RsaPss { hash, salt_length } => {
            8 * (u64::from(hash.length()) + u64::from(salt_length) + 2) - 7 + 1
        }
        SignatureScheme::Ecdsa(_) | SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_) => 0,
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?}, [redacted])", self.kind)
    }
}
