//! AWS-LC's SHAKE.

use std::{alloc::Layout, ptr::null_mut};

use super::{ErrorQueue, digest::DigestContext, ffi};

/// Fills `output` with SHAKE128 (FIPS 202) of `input`.
pub fn shake128(input: &[u8], output: &mut [u8]) {
    let mut shake = Shake::shake128();
    shake.update(input);
    shake.finish(output);
}

/// Fills `output` with SHAKE256 (FIPS 202) of `input`.
pub fn shake256(input: &[u8], output: &mut [u8]) {
    let mut shake = Shake::shake256();
    shake.update(input);
    shake.finish(output);
}

/// An extendable-output function of FIPS 202 whose input arrives in parts. It fails only if its state cannot be
/// allocated, and then aborts the process like every failed allocation in Rust.
pub struct Shake(DigestContext);

impl Shake {
    /// Starts SHAKE128 of empty input.
    pub fn shake128() -> Self {
        // SAFETY: The function returns a pointer to a static, or null, which `new` rejects.
        Self::new(unsafe { ffi::EVP_shake128() })
    }

    /// Starts SHAKE256 of empty input.
    pub fn shake256() -> Self {
        // SAFETY: The function returns a pointer to a static, or null, which `new` rejects.
        Self::new(unsafe { ffi::EVP_shake256() })
    }

    fn new(function: *const ffi::EVP_MD) -> Self {
        let _errors = ErrorQueue;
        let context = DigestContext::new().filter(|context| {
            // SAFETY: The context is new; `function` is a static of the library.
            !function.is_null()
                && 1 == unsafe { ffi::EVP_DigestInit_ex(context.as_ptr(), function, null_mut()) }
        });
        context.map(Self).unwrap_or_else(|| no_state())
    }

    /// Processes more input.
    pub fn update(&mut self, input: &[u8]) {
        let _errors = ErrorQueue;
        // SAFETY: The context is initialized; `input` is readable for its length.
        if 1 != unsafe { ffi::EVP_DigestUpdate(self.0.as_ptr(), input.as_ptr().cast(), input.len()) } {
            no_state();
        }
    }

    /// Fills `output`.
    pub fn finish(self, output: &mut [u8]) {
        let _errors = ErrorQueue;
        // SAFETY: The context is initialized; `output` is writable for its length.
        if 1 != unsafe { ffi::EVP_DigestFinalXOF(self.0.as_ptr(), output.as_mut_ptr(), output.len()) } {
            no_state();
        }
    }
}

fn no_state() -> ! {
    std::alloc::handle_alloc_error(Layout::new::<ffi::EVP_MD_CTX>())
}
