//! `Settings` and `KMS`: what holds for the whole document.

use super::{LIBRARIES, read::Field, report::Report};
use crate::policy::{
    Capabilities,
    profile::{CryptoLibrary, KmsRule},
};

/// `Settings`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) library: CryptoLibrary,
    pub(super) enforce_sunset: bool,
    /// `Fips: required`.
    pub(super) fips: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { library: CryptoLibrary::Native, enforce_sunset: false, fips: false }
    }
}

const FIPS: [(&str, bool); 2] = [("off", false), ("required", true)];

/// Reads `Settings`.
pub(super) fn settings(
    field: &Field<'_>,
    capabilities: Capabilities,
    report: &mut Report,
) -> Option<Settings> {
    let section = field.section(&["CryptoLibrary", "EnforceSunset", "Fips"], report)?;
    let mut settings = Settings::default();
    if let Some(field) = section.optional("CryptoLibrary", report) {
        settings.library = field.algorithm(&LIBRARIES, report).unwrap_or(settings.library);
    }
    if let Some(field) = section.get("EnforceSunset") {
        settings.enforce_sunset = field.boolean(report).unwrap_or_default();
    }
    if let Some(field) = section.get("Fips") {
        settings.fips = field.choice(&FIPS, report).unwrap_or_default();
        if settings.fips && !capabilities.fips {
            field.wrong(
                "this build has no FIPS 140-3 module, so `required` cannot be kept; take a build with the cargo \
                 feature `fips`, or set `off` or take the key away to run without one",
                report,
            );
        }
    }
    Some(settings)
}

/// Reads `KMS`.
pub(super) fn kms(field: &Field<'_>, report: &mut Report) -> Option<KmsRule> {
    let section = field.section(&["Client", "Config", "Cache"], report)?;
    let client = section.require("Client", report).cloned();
    let client = client.and_then(|field| field.choice(&[("openbao", ())], report));
    let config = section.require("Config", report).cloned();
    let config = config.and_then(|field| field.word(4096, report));
    let cache = match section.get("Cache") {
        Some(field) => field.boolean(report),
        None => Some(false),
    };
    client?;
    Some(KmsRule { config: config?.to_owned(), cache: cache?, line: section.at.line })
}
