//! The library's digest context, which it uses for signatures and extendable-output functions.

use std::{
    ffi::c_int,
    ptr::{NonNull, null, null_mut},
};

use super::{EvpError, ffi, key::Key};
use crate::algorithm::{SignatureHash, SignatureScheme};

/// An owned `EVP_MD_CTX`.
pub(super) struct DigestContext(NonNull<ffi::EVP_MD_CTX>);

// SAFETY: AWS-LC binds nothing in the context to a thread, and the key inside may be used on any thread (see `Key`).
unsafe impl Send for DigestContext {}

/// The purpose of a context with a key.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Sign,
    Verify,
}

impl DigestContext {
    pub(super) fn new() -> Option<Self> {
        // SAFETY: The function has no preconditions, and its caller owns the returned context.
        NonNull::new(unsafe { ffi::EVP_MD_CTX_new() }).map(Self)
    }

    /// Creates a context that signs or verifies with `key` by `scheme`. The caller must have checked that they fit.
    pub(super) fn with_key(purpose: Purpose, key: &Key, scheme: SignatureScheme) -> Result<Self, EvpError> {
        let salt_length = match scheme {
            SignatureScheme::RsaPss { salt_length, .. } => Some(salt_length),
            _ => None,
        };
        Self::initialized(purpose, key, scheme.hash().map_or(null(), digest), salt_length)
    }

    /// Creates a context that verifies signatures with SHA-224: RSASSA-PSS if the length of the salt is given, otherwise by the
    /// other scheme of an RSA key or by ECDSA. The caller must have checked that the key has one of these kinds.
    pub(super) fn verifying_sha224(key: &Key, salt_length: Option<u32>) -> Result<Self, EvpError> {
        // SAFETY: The function has no preconditions and returns a pointer to a static.
        Self::initialized(Purpose::Verify, key, unsafe { ffi::EVP_sha224() }, salt_length)
    }

    /// Creates a context with a digest, which is null or one of the library's statics.
    fn initialized(
        purpose: Purpose,
        key: &Key,
        digest: *const ffi::EVP_MD,
        salt_length: Option<u32>,
    ) -> Result<Self, EvpError> {
        let init = match purpose {
            Purpose::Sign => ffi::EVP_DigestSignInit,
            Purpose::Verify => ffi::EVP_DigestVerifyInit,
        };
        let context = Self::new().ok_or(EvpError::Failed)?;
        let mut parameters = null_mut();
        // SAFETY: The context is new; `digest` is null or one of the library's statics; the key outlives the call, and the
        // context holds its own reference to it. `parameters` receives a pointer that the context owns.
        if 1 != unsafe { init(context.as_ptr(), &mut parameters, digest, null_mut(), key.as_ptr()) } {
            return Err(EvpError::Failed);
        }
        if let Some(salt_length) = salt_length {
            let salt_length = c_int::try_from(salt_length).map_err(|_| EvpError::Failed)?;
            // SAFETY: The successful call above has set `parameters`, which lives as long as `context`. MGF1 defaults
            // to the message's hash.
            let ready = unsafe {
                1 == ffi::EVP_PKEY_CTX_set_rsa_padding(parameters, ffi::RSA_PKCS1_PSS_PADDING)
                    && 1 == ffi::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt_length)
            };
            if !ready {
                return Err(EvpError::Failed);
            }
        }
        Ok(context)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::EVP_MD_CTX {
        self.0.as_ptr()
    }
}

impl Drop for DigestContext {
    fn drop(&mut self) {
        // SAFETY: `self` is the only owner.
        unsafe { ffi::EVP_MD_CTX_free(self.as_ptr()) }
    }
}

fn digest(hash: SignatureHash) -> *const ffi::EVP_MD {
    // SAFETY: The functions have no preconditions and return pointers to statics.
    unsafe {
        match hash {
            SignatureHash::Sha256 => ffi::EVP_sha256(),
            SignatureHash::Sha384 => ffi::EVP_sha384(),
            SignatureHash::Sha512 => ffi::EVP_sha512(),
        }
    }
}
