//! AWS-LC as a module: what is linked, whether it is the FIPS 140-3 one, and whether it may be used.

/// Whether this build binds AWS-LC's FIPS 140-3 module.
pub const FIPS: bool = cfg!(feature = "fips");

/// Whether the linked library says that it runs in its FIPS mode.
pub fn in_fips_mode() -> bool {
    aws_lc_rs::try_fips_mode().is_ok()
}

/// The linked library for people: `AWS-LC 5.9.0`, or `AWS-LC FIPS 4.2.0 in its FIPS 140-3 mode`.
pub fn description() -> String {
    let version = super::evp::library_version();
    if in_fips_mode() { format!("{version} in its FIPS 140-3 mode") } else { version }
}

/// Whether the library may be used: of a FIPS build its mode and its known-answer tests, of any other nothing is asked.
///
/// The FIPS module has tested its own integrity before `main`, and ends the process when a known answer is wrong
/// (FIPS 140-3 7.10); an error here is what is left.
///
/// # Errors
/// Those of [`ModuleError`].
pub fn check() -> Result<(), ModuleError> {
    if !FIPS {
        return Ok(());
    }
    if !in_fips_mode() {
        return Err(ModuleError::NotInFipsMode);
    }
    aws_lc_rs::try_fips_self_test().map_err(|_| ModuleError::SelfTest)
}

/// Why the module may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// The build asks for the FIPS module, and something else was linked.
    #[error(
        "this is a FIPS build, and the crypto module is not in its FIPS mode: it was built or linked wrongly"
    )]
    NotInFipsMode,
    /// A self-test failed.
    #[error("a self-test of the FIPS 140-3 module failed: nothing is served with it")]
    SelfTest,
}

#[cfg(test)]
mod tests;
