//! What the crypto libraries of this build can do. Policy knows no library; whoever knows them tells it through this.

use super::profile::{CryptoLibrary, Section};

/// Asked at load for every section of every profile: what could not be served is refused there, with its line, and not
/// call by call.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// What is against it; `None` where nothing is.
    pub objection: fn(&Need<'_>) -> Option<Unsupported>,
    /// Whether there is a FIPS 140-3 module, without which `Fips: required` cannot be kept.
    pub fips: bool,
}

/// A section of a profile, and what is to serve it.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// The profile's library.
    pub library: CryptoLibrary,
    /// The section.
    pub section: Section<'a>,
}

/// Why a section cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The key of the section at fault, such as `KemAlg`.
    pub key: &'static str,
    /// What is wrong with its value, for people.
    pub message: String,
}
