//! The catalogue: every profile of one document, immutable, with a digest.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::{
    Capabilities, Denial, DenialKind, canonical,
    document::{self, Diagnostic, Document, DocumentError, suggest::nearest},
    profile::{KmsRule, Profile},
};

/// The document's name in its directory.
pub const FILE_NAME: &str = "Profiles.yaml";

/// The document that is compiled in.
const BUNDLED: &str = include_str!("../../../profiles/Profiles.yaml");

/// An immutable snapshot of all profiles.
#[derive(Debug)]
pub struct Catalogue {
    document: Document,
    by_name: HashMap<Arc<str>, Arc<Profile>>,
    canonical: String,
    digest: String,
}

impl Catalogue {
    /// The catalogue compiled in from `profiles/Profiles.yaml`.
    pub fn bundled(capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::parse("bundled Profiles.yaml", BUNDLED, capabilities)
    }

    /// `Profiles.yaml` in `directory`. Missing or unreadable is an error, never a reason to fall back.
    pub fn load(directory: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::load_file(&directory.join(FILE_NAME), capabilities)
    }

    /// As [`Catalogue::load`], but what the Go broker takes is a warning where it can be: see [`Catalogue::warnings`].
    pub fn load_lenient(directory: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(&directory.join(FILE_NAME), capabilities, true)
    }

    /// The document in `file`, whatever its name.
    pub fn load_file(file: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(file, capabilities, false)
    }

    /// As [`Catalogue::load_file`], read as [`Catalogue::load_lenient`] reads.
    pub fn load_file_lenient(file: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(file, capabilities, true)
    }

    fn open(file: &Path, capabilities: Capabilities, lenient: bool) -> Result<Self, DocumentError> {
        let name = file.display().to_string();
        let bytes = read(file).map_err(|source| DocumentError::Io { path: file.to_owned(), source })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::read(&name, text, capabilities, lenient),
            // A document over the limit may have been cut in the middle of a character.
            Err(_) if bytes.len() > document::MAX_BYTES => {
                Err(document::unreadable(&name, format!("has more than {} bytes", document::MAX_BYTES)))
            }
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                Err(document::unreadable(&name, format!("is not UTF-8 text: see line {line}")))
            }
        }
    }

    /// A document's text; `name` is what its errors call it. What `capabilities` object to is an error like any other.
    pub fn parse(name: &str, text: &str, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::read(name, text, capabilities, false)
    }

    /// As [`Catalogue::parse`], read as [`Catalogue::load_lenient`] reads.
    pub fn parse_lenient(name: &str, text: &str, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::read(name, text, capabilities, true)
    }

    fn read(
        name: &str,
        text: &str,
        capabilities: Capabilities,
        lenient: bool,
    ) -> Result<Self, DocumentError> {
        let document = document::load(name, text, capabilities, lenient)?;
        let canonical = canonical::text(&document);
        let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
        let by_name = document
            .profiles
            .iter()
            .map(|profile| (Arc::clone(&profile.name), Arc::clone(profile)))
            .collect();
        Ok(Self { document, by_name, canonical, digest })
    }

    /// The profile called `name`, or the denial that says there is none and which name is near.
    pub fn profile(&self, name: &str) -> Result<&Arc<Profile>, Denial> {
        self.by_name.get(name).ok_or_else(|| self.unknown(name))
    }

    /// What a lenient reading warns of, in the document's order.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.document.warnings
    }

    /// All profiles in the document's order.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.document.profiles
    }

    /// Where keys that callers name by id live, if the document says so.
    pub fn kms(&self) -> Option<&KmsRule> {
        self.document.kms.as_ref()
    }

    /// SHA-256 of the canonical form, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The canonical form: one `path=value` a line, defaults made explicit. `docs/profiles.md` describes it.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    fn unknown(&self, name: &str) -> Denial {
        let shown = name.escape_debug();
        let names = self.document.profiles.iter().map(|profile| profile.name.as_ref());
        let message = match nearest(name, names) {
            _ if name.is_empty() => "no profile is named; `cryptobroker profiles list` shows them".to_owned(),
            Some(near) => format!("there is no profile `{shown}`; did you mean `{near}`?"),
            None => format!("there is no profile `{shown}`; `cryptobroker profiles list` shows them"),
        };
        Denial {
            kind: DenialKind::UnknownProfile,
            profile: name.to_owned(),
            rule: String::new(),
            line: None,
            message,
        }
    }
}

/// At most one byte more than a document may have, so that one that is too large is known for it.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody to write into it.
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(document::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
