//! The library's context for an operation with a key.

use std::{
    ffi::c_int,
    ptr::{NonNull, null_mut},
};

use super::{ffi, key::Key};

/// An owned `EVP_PKEY_CTX`.
pub(super) struct KeyContext(NonNull<ffi::EVP_PKEY_CTX>);

impl KeyContext {
    /// Creates a context for an operation with `key`. The context holds its own reference to the key.
    pub(super) fn for_key(key: &Key) -> Option<Self> {
        // SAFETY: The pointer is a live key, and the engine is null; this function owns the returned context.
        NonNull::new(unsafe { ffi::EVP_PKEY_CTX_new(key.as_ptr(), null_mut()) }).map(Self)
    }

    /// Creates a context that generates a key of the kind `id`.
    pub(super) fn for_kind(id: c_int) -> Option<Self> {
        // SAFETY: The engine is null; this function owns the returned context.
        NonNull::new(unsafe { ffi::EVP_PKEY_CTX_new_id(id, null_mut()) }).map(Self)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::EVP_PKEY_CTX {
        self.0.as_ptr()
    }
}

impl Drop for KeyContext {
    fn drop(&mut self) {
        // SAFETY: `self` is the only owner.
        unsafe { ffi::EVP_PKEY_CTX_free(self.as_ptr()) }
    }
}
