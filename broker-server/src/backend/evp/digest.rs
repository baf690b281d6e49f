//! The library's digest context, in which it signs, verifies and extends.

use std::{
    ffi::c_int,
    ptr::{NonNull, null, null_mut},
};

use super::{EvpError, ffi, key::Key};
use crate::algorithm::{SignatureHash, SignatureScheme};

/// An owned `EVP_MD_CTX`.
pub(super) struct DigestContext(NonNull<ffi::EVP_MD_CTX>);

// SAFETY: AWS-LC binds nothing in the context to a thread; the key inside is one that may be used on any (see `Key`).
unsafe impl Send for DigestContext {}

/// What a context is prepared for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Sign,
    Verify,
}

impl DigestContext {
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; what it returns is ours.
        NonNull::new(unsafe { ffi::EVP_MD_CTX_new() }).map(Self)
    }

    /// A context in which `key` signs or verifies by `scheme`, which the caller has found to fit the key.
    pub(super) fn with_key(purpose: Purpose, key: &Key, scheme: SignatureScheme) -> Result<Self, EvpError> {
        let init = match purpose {
            Purpose::Sign => ffi::EVP_DigestSignInit,
            Purpose::Verify => ffi::EVP_DigestVerifyInit,
        };
        let context = Self::new().ok_or(EvpError::Failed)?;
        let digest = scheme.hash().map_or(null(), digest);
        let mut parameters = null_mut();
        // SAFETY: the context is fresh; `digest` is null or one of the library's statics; the key outlives the call, and
        // the context counts its own reference to it. `parameters` receives a pointer that the context owns.
        if 1 != unsafe { init(context.as_ptr(), &mut parameters, digest, null_mut(), key.as_ptr()) } {
            return Err(EvpError::Failed);
        }
        if let SignatureScheme::RsaPss { salt_length, .. } = scheme {
            let salt_length = c_int::try_from(salt_length).map_err(|_| EvpError::Failed)?;
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
    // SAFETY: the functions have no preconditions and return pointers to statics.
    unsafe {
        match hash {
            SignatureHash::Sha256 => ffi::EVP_sha256(),
            SignatureHash::Sha384 => ffi::EVP_sha384(),
            SignatureHash::Sha512 => ffi::EVP_sha512(),
        }
    }
}
