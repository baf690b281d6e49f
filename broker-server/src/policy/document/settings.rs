//! `Settings` and `KMS`, which apply to the whole document.

use super::{read::Field, report::Report};
use crate::policy::{
    Capabilities,
    profile::{CryptoLibrary, KmsRule},
};

/// The names of the crypto libraries.
pub(super) const LIBRARIES: [(&str, CryptoLibrary); 2] = {
    let [native, aws_lc] = CryptoLibrary::ALL;
    [(native.name(), native), (aws_lc.name(), aws_lc)]
};

const FIPS: [(&str, bool); 2] = [("off", false), ("required", true)];

/// The longest path of a configuration file in bytes.
const MAX_CONFIG: usize = 4096;

/// `Settings`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) library: CryptoLibrary,
    pub(super) enforce_sunset: bool,
    /// Whether `Fips` is `required`.
    pub(super) fips: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { library: CryptoLibrary::Native, enforce_sunset: false, fips: false }
    }
}

/// Reads `Settings`.
pub(super) fn settings(
    field: &Field<'_>,
    capabilities: Capabilities,
    report: &mut Report,
) -> Option<Settings> {
    let section = field.field_map(&["CryptoLibrary", "EnforceSunset", "Fips"], report)?;
    let mut settings = Settings::default();
    if let Some(field) = section.non_empty("CryptoLibrary", report) {
        settings.library = field.choice_ignoring_case(&LIBRARIES, report).unwrap_or(settings.library);
    }
    if let Some(field) = section.field("EnforceSunset") {
        settings.enforce_sunset = field.boolean(report).unwrap_or_default();
    }
    if let Some(field) = section.field("Fips") {
        settings.fips = field.choice(&FIPS, report).unwrap_or_default();
        if settings.fips && !capabilities.fips {
            field.error(
                "this build has no FIPS 140-3 module, so it cannot satisfy `required`; use a build with the cargo \
                 feature `fips`, or set `off` or remove the key to run without the module",
                report,
            );
        }
    }
    Some(settings)
}

/// Reads `KMS`.
pub(super) fn kms(field: &Field<'_>, report: &mut Report) -> Option<KmsRule> {
    let section = field.field_map(&["Client", "Config", "Cache"], report)?;
    let client =
        section.require("Client", report).and_then(|field| field.choice(&[(KmsRule::CLIENT, ())], report));
    let config = section.require("Config", report).and_then(|field| field.printable_text(MAX_CONFIG, report));
    let cache = section.flag("Cache", report);
    client?;
    Some(KmsRule { config: config?.to_owned(), cache: cache?, line: section.at.line })
}
