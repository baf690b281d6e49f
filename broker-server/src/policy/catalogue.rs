//! The catalogue: every profile of one document, immutable, with a digest.

use std::{path::Path, sync::Arc};

use super::{Denial, document::DocumentError, profile::Profile};

/// An immutable snapshot of all profiles.
#[derive(Debug)]
pub struct Catalogue {}

impl Catalogue {
    /// The catalogue compiled in from `profiles/Profiles.yaml`.
    pub fn bundled() -> Result<Self, DocumentError> {
        todo!()
    }

    /// `Profiles.yaml` in `directory`. Missing or unreadable is an error, never a reason to fall back.
    pub fn load(directory: &Path) -> Result<Self, DocumentError> {
        todo!()
    }

    /// A document's text; `name` is what its errors call it.
    pub fn parse(name: &str, text: &str) -> Result<Self, DocumentError> {
        todo!()
    }

    /// The profile called `name`, or the denial that says there is none and which name is near.
    pub fn profile(&self, name: &str) -> Result<&Arc<Profile>, Denial> {
        todo!()
    }

    /// All profiles in the document's order.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        todo!()
    }

    /// SHA-256 of the canonical form, lower-case hex.
    pub fn digest(&self) -> &str {
        todo!()
    }
}
