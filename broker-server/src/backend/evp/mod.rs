//! The EVP interface of AWS-LC: every signature and its keys, AWS-LC's SHAKE and its key encapsulation.
//!
//! This is the one module of the broker with `unsafe`. The safe API of `aws-lc-rs` signs only some pairings of curve and
//! hash (profiles need P-384 with SHA-512), verifies RSA only to 8192 bits (profiles allow 15380) and has no SHAKE; the
//! library below it has all three. One module does all of it, so that there is one path to review and not two
//! (`docs/adr/0003-evp-module.md`).
//!
//! The rules that keep it small: every pointer has one owner that frees it, a key is checked when it is loaded, a scheme
//! is compared with the key's kind before the library sees either, and the library's error queue is empty when a
//! function returns. AWS-LC wipes what it frees.
#![allow(unsafe_code)] // the reason is above
#![warn(clippy::undocumented_unsafe_blocks)]

use std::ffi::CStr;

use aws_lc_sys as ffi;

mod aead;
mod digest;
mod encode;
mod generate;
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

/// The version string of the AWS-LC that is linked, such as `AWS-LC 5.12.0`, with whatever it says about itself.
pub fn library_version() -> String {
    // SAFETY: the function returns a pointer to a static string that ends with NUL, or null.
    let text = unsafe {
        let text = ffi::OpenSSL_version(ffi::OPENSSL_VERSION);
        if text.is_null() { c"AWS-LC" } else { CStr::from_ptr(text) }
    };
    text.to_string_lossy().into_owned()
}

/// Empties the thread's error queue when the function that holds it returns, so that no error (which can name the
/// caller's data) waits for the next caller of the thread.
struct ErrorQueue;

impl Drop for ErrorQueue {
    fn drop(&mut self) {
        // SAFETY: the function has no preconditions.
        unsafe { ffi::ERR_clear_error() }
    }
}

#[cfg(test)]
fn error_queue_is_empty() -> bool {
    // SAFETY: the function has no preconditions.
    0 == unsafe { ffi::ERR_peek_error() }
}

/// A reader over `der`. The pointer is good for as long as the slice is.
fn cursor(der: &[u8]) -> ffi::CBS {
    ffi::CBS { data: der.as_ptr(), len: der.len() }
}
