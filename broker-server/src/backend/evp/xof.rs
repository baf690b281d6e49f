//! Extendable-output functions (FIPS 202) of input that comes in pieces.

use std::ptr::null_mut;

use aws_lc_sys as ffi;

use super::{DigestContext, ErrorQueue};

/// SHAKE128 or SHAKE256 in the middle of its input.
///
/// The one way such a function can fail is that its state cannot be allocated, and that ends the process as it does
/// everywhere in Rust.
pub struct Xof(DigestContext);

// SAFETY: AWS-LC allows a digest context to be used on any thread, by one at a time; nothing in it is bound to a thread.
unsafe impl Send for Xof {}

impl Xof {
    /// SHAKE128 of nothing so far.
    pub fn shake128() -> Self {
        // SAFETY: the function returns a pointer to a static, or null, which `start` refuses.
        Self::start(unsafe { ffi::EVP_shake128() })
    }

    /// SHAKE256 of nothing so far.
    pub fn shake256() -> Self {
        // SAFETY: the function returns a pointer to a static, or null, which `start` refuses.
        Self::start(unsafe { ffi::EVP_shake256() })
    }

    fn start(function: *const ffi::EVP_MD) -> Self {
        let _errors = ErrorQueue;
        let context = DigestContext::new().filter(|context| {
            // SAFETY: the context is fresh; `function` is a static of the library or null.
            !function.is_null()
                && 1 == unsafe { ffi::EVP_DigestInit_ex(context.as_ptr(), function, null_mut()) }
        });
        Self(context.unwrap_or_else(|| out_of_memory()))
    }

    /// Takes the next piece of the input.
    pub fn update(&mut self, input: &[u8]) {
        let _errors = ErrorQueue;
        // SAFETY: the context was initialised by `start`; `input` is readable for its length.
        let taken =
            unsafe { 1 == ffi::EVP_DigestUpdate(self.0.as_ptr(), input.as_ptr().cast(), input.len()) };
        if !taken {
            out_of_memory()
        }
    }

    /// As many bytes of output as `output` has.
    pub fn finish(self, output: &mut [u8]) {
        let _errors = ErrorQueue;
        // SAFETY: as in `update`; `output` is writable for its length. The context is not used again.
        let done =
            unsafe { 1 == ffi::EVP_DigestFinalXOF(self.0.as_ptr(), output.as_mut_ptr(), output.len()) };
        if !done {
            out_of_memory()
        }
    }
}

fn out_of_memory() -> ! {
    std::alloc::handle_alloc_error(std::alloc::Layout::new::<ffi::EVP_MD_CTX>())
}
