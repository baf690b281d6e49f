//! What the crypto libraries of this build support. `policy` does not depend on them, so `operation` passes this description
//! in.

use super::profile::{CryptoLibrary, Section};

/// What a build supports. The document reader checks every section of every profile against it, so that a
/// profile that could not be served is rejected when it is loaded, with its line, and not call by call.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Returns why a section cannot be served, or `None` where it can.
    pub unsupported: fn(&Requirement<'_>) -> Option<Unsupported>,
    /// Whether the build has a FIPS 140-3 module, which `Fips: required` demands.
    pub fips: bool,
}

/// A section of a profile and the library that is to serve it.
#[derive(Clone, Copy, Debug)]
pub struct Requirement<'a> {
    /// The library of the profile.
    pub library: CryptoLibrary,
    /// The section.
    pub section: Section<'a>,
}

/// The reason why a section cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The key of the section at fault, such as `KemAlg`.
    pub key: &'static str,
    /// A description of what is unsupported about its value.
    pub message: String,
}
