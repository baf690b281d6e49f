//! The FIPS module's service indicator (FIPS 140-3 IG 2.4.C), which reports whether a service was approved.

use super::ffi;

/// Runs `call` and returns its result, and whether the module counted an approved service on this thread meanwhile.
pub(super) fn watch<T>(call: impl FnOnce() -> T) -> (T, bool) {
    // SAFETY: The function has no preconditions; it reads a counter of the thread.
    let before = unsafe { ffi::FIPS_service_indicator_before_call() };
    let result = call();
    // SAFETY: The conditions are those above.
    let after = unsafe { ffi::FIPS_service_indicator_after_call() };
    (result, before != after)
}
