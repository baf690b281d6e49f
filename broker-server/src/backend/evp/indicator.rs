//! The FIPS module's service indicator (FIPS 140-3 IG 2.4.C): did it serve in an approved way?

use super::ffi;

/// What `call` returns, and whether the module counted an approved service of this thread in it.
pub(super) fn watch<T>(call: impl FnOnce() -> T) -> (T, bool) {
    // SAFETY: the function has no preconditions; it reads a counter of the thread.
    let before = unsafe { ffi::FIPS_service_indicator_before_call() };
    let result = call();
    // SAFETY: as above.
    let after = unsafe { ffi::FIPS_service_indicator_after_call() };
    (result, before != after)
}
