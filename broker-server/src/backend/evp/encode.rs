//! Keys as bytes.

use std::{mem::MaybeUninit, ptr::null_mut};

use super::{ErrorQueue, EvpError, ffi, key::Key};
use crate::secret::SecretBytes;

/// SubjectPublicKeyInfo (RFC 5280 4.1).
pub(super) fn spki(key: &Key) -> Result<Vec<u8>, EvpError> {
    let _errors = ErrorQueue;
    // SAFETY: the callback is given a live builder, and the pointer is a live key.
    marshal(|builder| unsafe { ffi::EVP_marshal_public_key(builder, key.as_ptr()) }).ok_or(EvpError::Failed)
}

/// OneAsymmetricKey (RFC 5958). The library cannot write an ML-DSA key of which it does not know the seed.
pub(super) fn pkcs8(key: &Key) -> Result<SecretBytes, EvpError> {
    let _errors = ErrorQueue;
    // SAFETY: as in `spki`.
    marshal(|builder| unsafe { ffi::EVP_marshal_private_key(builder, key.as_ptr()) })
        .map(SecretBytes::new)
        .ok_or(EvpError::BadKey)
}

/// The private octets of an Ed25519 key: its seed.
pub(super) fn raw_private(key: &Key) -> Result<SecretBytes, EvpError> {
    let _errors = ErrorQueue;
    let mut octets = vec![0; 32];
    let mut length = octets.len();
    // SAFETY: the pointer is a live key; `length` holds the capacity of `octets` and receives what was written.
    let written =
        unsafe { ffi::EVP_PKEY_get_raw_private_key(key.as_ptr(), octets.as_mut_ptr(), &mut length) };
    let octets = SecretBytes::new(octets);
    if written == 1 && length == 32 { Ok(octets) } else { Err(EvpError::Failed) }
}

/// What `write` puts into a builder, in a vector that was never another's. The builder's own buffer, which grows, and
/// the library's copy are wiped as everything that it frees.
fn marshal(write: impl FnOnce(*mut ffi::CBB) -> i32) -> Option<Vec<u8>> {
    let mut builder = MaybeUninit::uninit();
    let (mut bytes, mut length) = (null_mut(), 0);
    // SAFETY: `CBB_init` initialises the builder or fails, and then there is nothing to clean up. The builder does not
    // move; it is finished or cleaned up once. What `CBB_finish` hands over is `length` readable bytes and ours to free.
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
