//! The library's digest context, in which it signs, verifies and extends.

use std::ptr::NonNull;

use super::ffi;
use crate::algorithm::SignatureHash;

/// An owned `EVP_MD_CTX`.
pub(super) struct DigestContext(NonNull<ffi::EVP_MD_CTX>);

impl DigestContext {
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the function has no preconditions; what it returns is ours.
        NonNull::new(unsafe { ffi::EVP_MD_CTX_new() }).map(Self)
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

pub(super) fn digest(hash: SignatureHash) -> *const ffi::EVP_MD {
    // SAFETY: the functions have no preconditions and return pointers to statics.
    unsafe {
        match hash {
            SignatureHash::Sha256 => ffi::EVP_sha256(),
            SignatureHash::Sha384 => ffi::EVP_sha384(),
            SignatureHash::Sha512 => ffi::EVP_sha512(),
        }
    }
}
