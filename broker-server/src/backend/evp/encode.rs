//! Encodes keys.

use std::{mem::MaybeUninit, ptr::null_mut};

use super::{ErrorQueue, EvpError, ffi, key::Key};
use crate::secret::SecretBytes;

/// Encodes SubjectPublicKeyInfo (RFC 5280 4.1).
pub(super) fn spki(key: &Key) -> Result<Vec<u8>, EvpError> {
    let _errors = ErrorQueue;
    // SAFETY: The callback receives a live builder, and the pointer is a live key.
    marshal(|builder| unsafe { ffi::EVP_marshal_public_key(builder, key.as_ptr()) }).ok_or(EvpError::Failed)
}

/// Encodes OneAsymmetricKey (RFC 5958). Fails with `BadKey` for an ML-DSA key without a seed.
pub(super) fn pkcs8(key: &Key) -> Result<SecretBytes, EvpError> {
    let _errors = ErrorQueue;
    // SAFETY: The conditions are those in `spki`.
    marshal(|builder| unsafe { ffi::EVP_marshal_private_key(builder, key.as_ptr()) })
        .map(SecretBytes::new)
        .ok_or(EvpError::BadKey)
}

/// Returns the private octets of an Ed25519 key: its seed.
pub(super) fn raw_private(key: &Key) -> Result<SecretBytes, EvpError> {
    let _errors = ErrorQueue;
    let mut octets = vec![0; 32];
    let mut length = octets.len();
    // SAFETY: The pointer is a live key; `length` holds the capacity of `octets` and receives the number of bytes written.
    let written =
        unsafe { ffi::EVP_PKEY_get_raw_private_key(key.as_ptr(), octets.as_mut_ptr(), &mut length) };
    let octets = SecretBytes::new(octets);
    if written == 1 && length == 32 { Ok(octets) } else { Err(EvpError::Failed) }
}

/// Returns the bytes that `write` adds to a builder, in a vector that was never reallocated. The library wipes the
/// builder's growing buffer and its own copy when it frees them.
fn marshal(write: impl FnOnce(*mut ffi::CBB) -> i32) -> Option<Vec<u8>> {
    let mut builder = MaybeUninit::uninit();
    let (mut bytes, mut length) = (null_mut(), 0);
    // SAFETY: `CBB_init` initializes the builder, or fails and leaves nothing to clean up. The builder does not move; it is
    // finished or cleaned up once. `CBB_finish` returns `length` readable bytes, which this function must free.
    unsafe {
        if 1 != ffi::CBB_init(builder.as_mut_ptr(), 256) {
            return None;
        }
        let builder = builder.as_mut_ptr();
        if 1 != write(builder) || 1 != ffi::CBB_finish(builder, &mut bytes, &mut length) {
            ffi::CBB_cleanup(builder);
            return None;
        }
        let copy = std::slice::from_raw_parts(bytes, length).to_vec();
        ffi::OPENSSL_free(bytes.cast());
        Some(copy)
    }
}
