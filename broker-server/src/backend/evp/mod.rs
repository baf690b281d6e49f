//! The EVP interface of AWS-LC: all signatures and their keys, and AWS-LC's AEAD, SHAKE and key encapsulation.
//!
//! This is the only module of the broker with `unsafe`. The safe API of `aws-lc-rs` signs only with some combinations of
//! curve and hash (profiles need P-384 with SHA-512), verifies RSA only up to 8192 bits (profiles allow 15380) and has no
//! SHAKE; the underlying library has all three. Using this module for all signatures leaves only one path to review
//! (`docs/adr/0003-evp-module.md`).
//!
//! The module follows these rules: every pointer has one owner that frees it; a key is checked when it is loaded; a
//! scheme is compared with the kind of the key before the library receives either; and the library's error queue is
//! empty when a function returns. AWS-LC wipes memory that it frees.
#![allow(unsafe_code)] // the reason is above
#![warn(clippy::undocumented_unsafe_blocks)]

use std::ffi::CStr;

#[cfg(feature = "fips")]
use aws_lc_fips_sys as ffi;
#[cfg(not(feature = "fips"))]
use aws_lc_sys as ffi;

mod aead;
mod digest;
mod encode;
mod generate;
#[cfg(all(test, feature = "fips"))]
mod indicator;
mod kem;
mod key;
mod key_context;
mod ml_dsa;
mod mu;
mod private_key;
mod public_key;
mod shake;
mod stream;
mod types;

pub use aead::{AeadContext, CipherError};
pub use kem::{KemKey, sha3_256, x25519, x25519_public};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use shake::{Shake, shake128, shake256};
pub use stream::{Signer, Verifier};
pub use types::EvpError;

#[cfg(test)]
mod tests;

/// Returns the version string of the linked AWS-LC, such as `AWS-LC 5.12.0`.
pub fn library_version() -> String {
    // SAFETY: The function returns null or a pointer to a static string that ends with NUL.
    let text = unsafe {
        let text = ffi::OpenSSL_version(ffi::OPENSSL_VERSION);
        if text.is_null() { c"AWS-LC" } else { CStr::from_ptr(text) }
    };
    text.to_string_lossy().into_owned()
}

/// Reports whether the library that this module binds is in FIPS mode.
#[cfg(test)]
pub(crate) fn fips_mode() -> bool {
    // SAFETY: The function has no preconditions.
    1 == unsafe { ffi::FIPS_mode() }
}

/// A guard that empties the thread's error queue when it is dropped, so that errors, which can contain the caller's
/// data, are not visible to the next call on the thread.
struct ErrorQueue;

impl Drop for ErrorQueue {
    fn drop(&mut self) {
        // SAFETY: The function has no preconditions.
        unsafe { ffi::ERR_clear_error() }
    }
}

#[cfg(test)]
fn error_queue_is_empty() -> bool {
    // SAFETY: The function has no preconditions.
    0 == unsafe { ffi::ERR_peek_error() }
}

/// Returns a reader over `der`. Its pointer is valid as long as the slice.
fn cursor(der: &[u8]) -> ffi::CBS {
    ffi::CBS { data: der.as_ptr(), len: der.len() }
}
