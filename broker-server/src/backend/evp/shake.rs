//! AWS-LC's SHAKE.

use std::{alloc::Layout, ptr::null_mut};

use super::{ErrorQueue, digest::DigestContext, ffi};

/// SHAKE128 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake128(input: &[u8], output: &mut [u8]) {
    // SAFETY: the function returns a pointer to a static, or null, which `extend` refuses.
    extend(unsafe { ffi::EVP_shake128() }, input, output);
}

/// SHAKE256 (FIPS 202) of `input`, as many bytes as `output` has.
pub fn shake256(input: &[u8], output: &mut [u8]) {
    // SAFETY: the function returns a pointer to a static, or null, which `extend` refuses.
    extend(unsafe { ffi::EVP_shake256() }, input, output);
}

/// The one way an extendable-output function can fail is that its state cannot be allocated, and that ends the process
/// as it does everywhere in Rust.
fn extend(function: *const ffi::EVP_MD, input: &[u8], output: &mut [u8]) {
    let _errors = ErrorQueue;
    let done = DigestContext::new().is_some_and(|context| {
        // SAFETY: the context is fresh; `function` is a static of the library or null; `input` is readable and `output`
        // writable for their lengths.
        unsafe {
            !function.is_null()
                && 1 == ffi::EVP_DigestInit_ex(context.as_ptr(), function, null_mut())
                && 1 == ffi::EVP_DigestUpdate(context.as_ptr(), input.as_ptr().cast(), input.len())
                && 1 == ffi::EVP_DigestFinalXOF(context.as_ptr(), output.as_mut_ptr(), output.len())
        }
    });
    if !done {
        std::alloc::handle_alloc_error(Layout::new::<ffi::EVP_MD_CTX>());
    }
}
