//! AWS-LC as a module: identifies the linked library and checks that a FIPS build may use it.

/// `true` if this build links AWS-LC's FIPS 140-3 module.
pub const FIPS: bool = cfg!(feature = "fips");

/// Reports whether the linked library is in FIPS mode.
pub fn in_fips_mode() -> bool {
    aws_lc_rs::try_fips_mode().is_ok()
}

/// Describes the linked library for people: `AWS-LC 5.9.0` or `AWS-LC FIPS 4.2.0 in its FIPS 140-3 mode`.
pub fn description() -> String {
    let version = super::evp::library_version();
    if in_fips_mode() { format!("{version} in its FIPS 140-3 mode") } else { version }
}

/// Checks that the library may be used. A FIPS build checks the mode and runs the known-answer tests; any other build
/// succeeds.
///
/// The FIPS module has already tested its integrity before `main`, and it aborts the process if a known-answer test fails
/// (FIPS 140-3 7.10); this function reports the remaining failures.
///
/// # Errors
/// Fails if the module is not in FIPS mode or if a self-test fails.
pub fn check() -> Result<(), ModuleError> {
    if !FIPS {
        return Ok(());
    }
    if !in_fips_mode() {
        return Err(ModuleError::NotInFipsMode);
    }
    aws_lc_rs::try_fips_self_test().map_err(|_| ModuleError::SelfTest)
}

/// Why the FIPS module must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// A FIPS build has linked another library.
    #[error(
        "this is a FIPS build, but the crypto module is not in FIPS mode: check how it was built and linked"
    )]
    NotInFipsMode,
    /// A self-test failed.
    #[error("a self-test of the FIPS 140-3 module failed: the broker must not use it")]
    SelfTest,
}

#[cfg(test)]
mod tests;
