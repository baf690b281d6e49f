//! ML-KEM (FIPS 203) and the other primitives of X-Wing.

use std::{
    alloc::Layout,
    ffi::c_int,
    fmt,
    ptr::{NonNull, null_mut},
};

use super::{ErrorQueue, EvpError, ffi, key::Key, key_context::KeyContext};
use crate::{algorithm::MlKem, secret::SecretBytes};

/// The length in bytes of a shared secret of every parameter set.
const SHARED_SECRET: usize = 32;

/// An ML-KEM key inside the library: the encapsulation key, the decapsulation key, or both. Wiped when dropped.
pub struct KemKey {
    key: Key,
    set: MlKem,
}

impl KemKey {
    /// Derives both keys from d and z, 64 bytes (FIPS 203 algorithm 16).
    pub fn from_seed(set: MlKem, seed: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        let context = KeyContext::for_kind(ffi::EVP_PKEY_KEM).ok_or(EvpError::Failed)?;
        let (mut key, mut length) = (null_mut(), seed.len());
        // SAFETY: The context is new. The seed is readable for `length`, which the function compares with the expected
        // length; `key` receives a reference that this function owns.
        let generated = unsafe {
            1 == ffi::EVP_PKEY_keygen_init(context.as_ptr())
                && 1 == ffi::EVP_PKEY_CTX_kem_set_params(context.as_ptr(), nid(set))
                && 1 == ffi::EVP_PKEY_keygen_deterministic(
                    context.as_ptr(),
                    &mut key,
                    seed.as_ptr(),
                    &mut length,
                )
        };
        match NonNull::new(key).map(Key::owned) {
            Some(key) if generated => Ok(Self { key, set }),
            _ => Err(EvpError::Failed),
        }
    }

    /// Loads an encapsulation key. It is checked when it is used.
    pub fn from_public(set: MlKem, key: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        // SAFETY: The slice is readable for its length, which the function compares with the expected length; this function
        // owns the returned reference.
        let key = unsafe { ffi::EVP_PKEY_kem_new_raw_public_key(nid(set), key.as_ptr(), key.len()) };
        Ok(Self { key: NonNull::new(key).map(Key::owned).ok_or(EvpError::Failed)?, set })
    }

    /// Loads a decapsulation key in its expanded form. It is checked when it is used.
    pub fn from_expanded(set: MlKem, key: &[u8]) -> Result<Self, EvpError> {
        let _errors = ErrorQueue;
        // SAFETY: The conditions are those in `from_public`.
        let key = unsafe { ffi::EVP_PKEY_kem_new_raw_secret_key(nid(set), key.as_ptr(), key.len()) };
        Ok(Self { key: NonNull::new(key).map(Key::owned).ok_or(EvpError::Failed)?, set })
    }

    /// Returns the encapsulation key. Fails if the key does not have it.
    pub fn encapsulation_key(&self) -> Result<Vec<u8>, EvpError> {
        let _errors = ErrorQueue;
        self.key.raw_public().ok_or(EvpError::Failed)
    }

    /// Returns the decapsulation key in its expanded form. Fails if the key does not have it.
    pub fn expanded(&self) -> Result<SecretBytes, EvpError> {
        let _errors = ErrorQueue;
        let mut octets = vec![0; self.set.decapsulation_key_length()];
        let mut length = octets.len();
        // SAFETY: The pointer is a live key; `length` holds the capacity of `octets` and receives the number of bytes
        // written.
        let written =
            unsafe { ffi::EVP_PKEY_get_raw_private_key(self.key.as_ptr(), octets.as_mut_ptr(), &mut length) };
        let is_complete = length == octets.len();
        let octets = SecretBytes::new(octets);
        if written == 1 && is_complete { Ok(octets) } else { Err(EvpError::Failed) }
    }

    /// Returns a ciphertext and its shared secret. Fails with `BadKey` if the key fails the modulus check (FIPS 203 7.2).
    pub fn encapsulate(&self) -> Result<(Vec<u8>, SecretBytes), EvpError> {
        self.encapsulate_by(|context, ciphertext, ciphertext_length, secret, secret_length| {
            // SAFETY: `encapsulate_by` passes valid pointers.
            unsafe {
                ffi::EVP_PKEY_encapsulate(context, ciphertext, ciphertext_length, secret, secret_length)
            }
        })
    }

    /// Encapsulates like [`Self::encapsulate`], with the given m.
    #[cfg(test)]
    pub fn encapsulate_with(&self, m: &[u8]) -> Result<(Vec<u8>, SecretBytes), EvpError> {
        let mut m_length = m.len();
        self.encapsulate_by(|context, ciphertext, ciphertext_length, secret, secret_length| {
            // SAFETY: `encapsulate_by` passes valid pointers; m is readable for its length, which the function
            // compares with the expected length.
            unsafe {
                ffi::EVP_PKEY_encapsulate_deterministic(
                    context,
                    ciphertext,
                    ciphertext_length,
                    secret,
                    secret_length,
                    m.as_ptr(),
                    &mut m_length,
                )
            }
        })
    }

    /// Calls `function` with a context for the key, and with a live buffer and its length for each of ciphertext and shared
    /// secret.
    fn encapsulate_by(
        &self,
        function: impl FnOnce(*mut ffi::EVP_PKEY_CTX, *mut u8, *mut usize, *mut u8, *mut usize) -> c_int,
    ) -> Result<(Vec<u8>, SecretBytes), EvpError> {
        let _errors = ErrorQueue;
        let context = KeyContext::for_key(&self.key).ok_or(EvpError::Failed)?;
        let (mut ciphertext, mut secret) = (vec![0; self.set.ciphertext_length()], vec![0; SHARED_SECRET]);
        let (mut ciphertext_length, mut secret_length) = (ciphertext.len(), secret.len());
        let result = function(
            context.as_ptr(),
            ciphertext.as_mut_ptr(),
            &mut ciphertext_length,
            secret.as_mut_ptr(),
            &mut secret_length,
        );
        let is_complete = (ciphertext_length, secret_length) == (ciphertext.len(), secret.len());
        let secret = SecretBytes::new(secret);
        match result {
            1 if is_complete => Ok((ciphertext, secret)),
            1 => Err(EvpError::Failed),
            _ => Err(EvpError::BadKey),
        }
    }

    /// Returns the shared secret in `ciphertext`, which must have the parameter set's length. Fails with `BadKey` if the
    /// decapsulation key fails the hash check (FIPS 203 7.3).
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<SecretBytes, EvpError> {
        let _errors = ErrorQueue;
        if ciphertext.len() != self.set.ciphertext_length() {
            return Err(EvpError::Failed);
        }
        let context = KeyContext::for_key(&self.key).ok_or(EvpError::Failed)?;
        let mut secret = vec![0; SHARED_SECRET];
        let mut length = secret.len();
        // SAFETY: The context holds a live key; `length` holds the capacity of `secret` and receives the number of bytes
        // written; the ciphertext is readable for its length.
        let result = unsafe {
            ffi::EVP_PKEY_decapsulate(
                context.as_ptr(),
                secret.as_mut_ptr(),
                &mut length,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        };
        let secret = SecretBytes::new(secret);
        match result {
            1 if length == SHARED_SECRET => Ok(secret),
            1 => Err(EvpError::Failed),
            _ => Err(EvpError::BadKey),
        }
    }
}

impl fmt::Debug for KemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemKey({:?}, [redacted])", self.set)
    }
}

fn nid(set: MlKem) -> c_int {
    match set {
        MlKem::MlKem512 => ffi::NID_MLKEM512,
        MlKem::MlKem768 => ffi::NID_MLKEM768,
        MlKem::MlKem1024 => ffi::NID_MLKEM1024,
    }
}

/// Computes X25519 (RFC 7748 5) of a scalar and a u-coordinate. A point of small order gives zeros, which is not an error.
pub fn x25519(scalar: &[u8; 32], point: &[u8; 32]) -> SecretBytes {
    let mut shared = vec![0; 32];
    // SAFETY: All three buffers are 32 bytes long. The function always writes the result. It reports only that the
    // result is zero (RFC 7748 6.1), without an entry in the error queue.
    unsafe { ffi::X25519(shared.as_mut_ptr(), scalar.as_ptr(), point.as_ptr()) };
    SecretBytes::new(shared)
}

/// Computes X25519 of a scalar and the base point (RFC 7748 6.1).
pub fn x25519_public(scalar: &[u8; 32]) -> [u8; 32] {
    let mut public = [0; 32];
    // SAFETY: Both buffers are 32 bytes long.
    unsafe { ffi::X25519_public_from_private(public.as_mut_ptr(), scalar.as_ptr()) };
    public
}

/// Computes SHA3-256 (FIPS 202) of a secret; the digest is a secret, too. It fails only if its state cannot be
/// allocated, and then aborts the process like every failed allocation in Rust.
pub fn sha3_256(input: &[u8]) -> SecretBytes {
    let _errors = ErrorQueue;
    let mut digest = vec![0; 32];
    let mut length = 32;
    // SAFETY: `input` is readable for its length; the function writes the 32 bytes of this hash and their number.
    let done = unsafe {
        ffi::EVP_Digest(
            input.as_ptr().cast(),
            input.len(),
            digest.as_mut_ptr(),
            &mut length,
            ffi::EVP_sha3_256(),
            null_mut(),
        )
    };
    if done != 1 || length != 32 {
        std::alloc::handle_alloc_error(Layout::new::<ffi::EVP_MD_CTX>());
    }
    SecretBytes::new(digest)
}
