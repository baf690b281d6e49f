//! AWS-LC's SHAKE.

use std::{alloc::Layout, ptr::null_mut};

use super::{ErrorQueue, digest::DigestContext, ffi};

/// SHAKE128 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake128(input: &[u8], output: &mut [u8]) {
    let mut shake = Shake::shake128();
    shake.update(input);
    shake.finish(output);
}

/// SHAKE256 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake256(input: &[u8], output: &mut [u8]) {
    let mut shake = Shake::shake256();
    shake.update(input);
    shake.finish(output);
}

/// An extendable-output function of FIPS 202 that takes its input in parts. The one way it can fail is that its state
/// cannot be allocated, and that ends the process as it does everywhere in Rust.
pub struct Shake(DigestContext);

impl Shake {
    /// SHAKE128 of nothing yet.
    pub fn shake128() -> Self {
        // SAFETY: the function returns a pointer to a static, or null, which `new` refuses.
        Self::new(unsafe { ffi::EVP_shake128() })
    }

    /// SHAKE256 of nothing yet.
    pub fn shake256() -> Self {
        // SAFETY: the function returns a pointer to a static, or null, which `new` refuses.
        Self::new(unsafe { ffi::EVP_shake256() })
    }

    fn new(function: *const ffi::EVP_MD) -> Self {
        let _errors = ErrorQueue;
        let context = DigestContext::new().filter(|context| {
            // SAFETY: the context is fresh; `function` is a static of the library.
            !function.is_null()
                && 1 == unsafe { ffi::EVP_DigestInit_ex(context.as_ptr(), function, null_mut()) }
        });
        context.map(Self).unwrap_or_else(|| no_state())
    }

    /// Takes more input.
    pub fn update(&mut self, input: &[u8]) {
        let _errors = ErrorQueue;
        // SAFETY: the context is initialised; `input` is readable for its length.
        if 1 != unsafe { ffi::EVP_DigestUpdate(self.0.as_ptr(), input.as_ptr().cast(), input.len()) } {
            no_state();
        }
    }

    /// As many bytes as `output` has.
    pub fn finish(self, output: &mut [u8]) {
        let _errors = ErrorQueue;
        // SAFETY: the context is initialised; `output` is writable for its length.
        if 1 != unsafe { ffi::EVP_DigestFinalXOF(self.0.as_ptr(), output.as_mut_ptr(), output.len()) } {
            no_state();
        }
    }
}

fn no_state() -> ! {
    std::alloc::handle_alloc_error(Layout::new::<ffi::EVP_MD_CTX>())
}
