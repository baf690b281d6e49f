//! ML-DSA over a message that arrives in parts, with a context, or over a digest. This module computes the message
//! representative mu, which the library signs ("external mu", FIPS 204 6.2 and 6.3). The signatures are those of pure ML-DSA
//! and of HashML-DSA.

use super::{ErrorQueue, EvpError, ffi, key::Key, key_context::KeyContext, shake::Shake};

/// The first byte of M', which separates pure ML-DSA from HashML-DSA (FIPS 204 5.2 and 5.4).
const PURE: u8 = 0;
const PRE_HASHED: u8 = 1;

/// The computation of mu = H(H(pk, 64) || M', 64) (FIPS 204 algorithm 7).
pub(super) struct Mu {
    shake: Shake,
    key: Key,
}

impl Mu {
    /// Starts an empty message for an ML-DSA key and a context of at most 255 bytes: M' = 0 || |ctx| || ctx || M (FIPS 204
    /// algorithm 2). Fails with `Failed` for a longer context.
    pub(super) fn new(key: &Key, context: &[u8]) -> Result<Self, EvpError> {
        Self::start(key, PURE, context)
    }

    /// Takes the digest of a message by the hash function whose object identifier has the DER `oid`:
    /// M' = 1 || |ctx| || ctx || OID || PH(M) (FIPS 204 algorithm 4). Fails with `Failed` for a context of more than 255 bytes.
    pub(super) fn of_digest(key: &Key, context: &[u8], oid: &[u8], digest: &[u8]) -> Result<Self, EvpError> {
        let mut mu = Self::start(key, PRE_HASHED, context)?;
        mu.update(oid);
        mu.update(digest);
        Ok(mu)
    }

    fn start(key: &Key, domain: u8, context: &[u8]) -> Result<Self, EvpError> {
        let length = u8::try_from(context.len()).map_err(|_| EvpError::Failed)?;
        let public = key.raw_public().ok_or(EvpError::Failed)?;
        let mut tr = [0; 64];
        super::shake256(&public, &mut tr);
        let mut shake = Shake::shake256();
        shake.update(&tr);
        shake.update(&[domain, length]);
        shake.update(context);
        Ok(Self { shake, key: key.share() })
    }

    pub(super) fn update(&mut self, message: &[u8]) {
        self.shake.update(message);
    }

    /// Returns the signature. It is hedged (FIPS 204 3.4), like every signature of the library.
    pub(super) fn sign(self) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        let context = KeyContext::for_key(&self.key).ok_or(EvpError::Failed)?;
        let mut signature = vec![0; self.key.signature_capacity()?];
        let mut length = signature.len();
        let mu = finish(self.shake);
        // SAFETY: The context has a key. `length` holds the capacity of `signature` and receives the number of bytes
        // written; `mu` is readable for its length.
        let signed = unsafe {
            1 == ffi::EVP_PKEY_sign_init(context.as_ptr())
                && 1 == ffi::EVP_PKEY_sign(
                    context.as_ptr(),
                    signature.as_mut_ptr(),
                    &mut length,
                    mu.as_ptr(),
                    mu.len(),
                )
        };
        if !signed {
            return Err(EvpError::Failed);
        }
        signature.truncate(length);
        Ok(signature)
    }

    pub(super) fn verify(self, signature: &[u8]) -> Result<(), EvpError> {
        let _errors = ErrorQueue;
        let context = KeyContext::for_key(&self.key).ok_or(EvpError::Failed)?;
        // SAFETY: The context has a key.
        if 1 != unsafe { ffi::EVP_PKEY_verify_init(context.as_ptr()) } {
            return Err(EvpError::Failed);
        }
        let mu = finish(self.shake);
        // SAFETY: The context is initialized; both slices are readable for their lengths.
        let valid = unsafe {
            1 == ffi::EVP_PKEY_verify(
                context.as_ptr(),
                signature.as_ptr(),
                signature.len(),
                mu.as_ptr(),
                mu.len(),
            )
        };
        if valid { Ok(()) } else { Err(EvpError::BadSignature) }
    }
}

fn finish(shake: Shake) -> [u8; 64] {
    let mut mu = [0; 64];
    shake.finish(&mut mu);
    mu
}
