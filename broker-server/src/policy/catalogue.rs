//! The catalogue: all profiles of one document, immutable, with a digest.

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
    document::{self, Context, Diagnostic, Document, DocumentError, suggest::most_similar},
    profile::{KmsRule, Profile},
};

/// The file name of the document in its directory.
pub const FILE_NAME: &str = "Profiles.yaml";

/// The document that is compiled into the broker.
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
    /// Returns the catalogue that is compiled in from `profiles/Profiles.yaml`.
    ///
    /// # Errors
    /// Fails where `capabilities` do not support the document.
    pub fn bundled(capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::parse("bundled Profiles.yaml", BUNDLED, capabilities)
    }

    /// Loads `Profiles.yaml` from `directory`.
    ///
    /// # Errors
    /// Fails where the file is missing, unreadable or invalid. There is no fallback to the bundled catalogue.
    pub fn load(directory: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::load_file(&directory.join(FILE_NAME), capabilities)
    }

    /// Loads like [`Catalogue::load`] and reduces errors to [warnings](Catalogue::warnings) where the Go broker, which
    /// this one replaces (docs/moving-from-go.md), accepts the document and this broker can serve it in the same way.
    ///
    /// # Errors
    /// Fails like [`Catalogue::load`].
    pub fn load_lenient(directory: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(&directory.join(FILE_NAME), capabilities, true)
    }

    /// Loads the document in `file`, which may have any name.
    ///
    /// # Errors
    /// Fails where the file is missing, unreadable or invalid.
    pub fn load_file(file: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(file, capabilities, false)
    }

    /// Loads like [`Catalogue::load_file`], leniently as in [`Catalogue::load_lenient`].
    ///
    /// # Errors
    /// Fails like [`Catalogue::load_file`].
    pub fn load_file_lenient(file: &Path, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::open(file, capabilities, true)
    }

    fn open(file: &Path, capabilities: Capabilities, lenient: bool) -> Result<Self, DocumentError> {
        let name = file.display().to_string();
        let bytes = read(file).map_err(|source| DocumentError::Io { path: file.to_owned(), source })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                Self::read(&name, text, Context { capabilities, folder }, lenient)
            }
            // A document over the limit may have been truncated in the middle of a character.
            Err(_) if bytes.len() > document::MAX_BYTES => Err(document::unreadable(
                &name,
                format!("the document has more than {} bytes", document::MAX_BYTES),
            )),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("the document is not UTF-8 text: line {line} has an invalid byte");
                Err(document::unreadable(&name, message))
            }
        }
    }

    /// Parses the text of a document, which errors call `name`. Paths in it are relative to the working directory.
    ///
    /// # Errors
    /// Fails where the document is invalid or `capabilities` do not support it.
    pub fn parse(name: &str, text: &str, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::read(name, text, Context { capabilities, folder: Path::new("") }, false)
    }

    /// Parses like [`Catalogue::parse`], leniently as in [`Catalogue::load_lenient`].
    ///
    /// # Errors
    /// Fails like [`Catalogue::parse`].
    pub fn parse_lenient(name: &str, text: &str, capabilities: Capabilities) -> Result<Self, DocumentError> {
        Self::read(name, text, Context { capabilities, folder: Path::new("") }, true)
    }

    fn read(name: &str, text: &str, context: Context<'_>, lenient: bool) -> Result<Self, DocumentError> {
        let document = document::load(name, text, context, lenient)?;
        let canonical = canonical::text(&document);
        let digest = hex::encode(Sha256::digest(canonical.as_bytes()));
        let by_name = document
            .profiles
            .iter()
            .map(|profile| (Arc::clone(&profile.name), Arc::clone(profile)))
            .collect();
        Ok(Self { document, by_name, canonical, digest })
    }

    /// Returns the profile called `name`.
    ///
    /// # Errors
    /// Fails where the catalogue has no such profile. The denial suggests the most similar name.
    pub fn profile(&self, name: &str) -> Result<&Arc<Profile>, Denial> {
        self.by_name.get(name).ok_or_else(|| self.unknown(name))
    }

    /// Returns the warnings of a lenient reading, in the order of the document.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.document.warnings
    }

    /// Returns all profiles, in the order of the document.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.document.profiles
    }

    /// Returns the key management system that holds keys for callers, where the document configures one.
    pub fn kms(&self) -> Option<&KmsRule> {
        self.document.kms.as_ref()
    }

    /// Returns the SHA-256 of the canonical form, in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns the canonical form: one `path=value` per line, with explicit defaults. `docs/profiles.md`
    /// describes it.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    fn unknown(&self, name: &str) -> Denial {
        let escaped = name.escape_debug();
        let names = self.document.profiles.iter().map(|profile| profile.name.as_ref());
        let message = if name.is_empty() {
            "the request names no profile; `cryptobroker profiles list` shows all names".to_owned()
        } else if let Some(near) = most_similar(name, names) {
            format!("unknown profile `{escaped}`; did you mean `{near}`?")
        } else {
            format!("unknown profile `{escaped}`; `cryptobroker profiles list` shows all names")
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

/// Reads at most one byte more than the limit, which is enough to recognise a document that is too large.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would block until another process opens it for writing.
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(document::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
