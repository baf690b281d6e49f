//! The profile document: YAML as written becomes rules that cannot be wrong, or the list of everything that is wrong.

mod certificate;
mod data;
mod error;
mod fips;
mod keys;
mod pending;
mod profile;
mod read;
mod report;
mod scheme;
mod settings;
mod sign_data;
pub(super) mod suggest;
mod tree;

use std::sync::Arc;

pub use error::{Diagnostic, DocumentError};

use self::{
    read::Field,
    report::Report,
    settings::Settings,
    tree::{Node, Position, Value},
};
use super::{
    Capabilities,
    profile::{CryptoLibrary, KmsRule, Profile},
};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// A document without a mistake.
#[derive(Debug)]
pub(super) struct Document {
    /// At least one, in the document's order, each with a name of its own.
    pub(super) profiles: Vec<Arc<Profile>>,
    /// `KMS`.
    pub(super) kms: Option<KmsRule>,
    /// `Settings.EnforceSunset`.
    pub(super) enforce_sunset: bool,
    /// `Settings.Fips: required`.
    pub(super) fips: bool,
    /// What a lenient reading warns of.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Reads a document of either shape: the map with `Settings`, `KMS` and `Profiles`, or the older list of profiles.
/// `name` is what mistakes call the file; what `capabilities` object to is one. A lenient reading only warns of what the
/// Go broker takes, where this broker can do the same with it.
pub(super) fn load(
    name: &str,
    text: &str,
    capabilities: Capabilities,
    lenient: bool,
) -> Result<Document, DocumentError> {
    let mut report = Report::new(name, lenient);
    let document = read(text, capabilities, &mut report);
    let warnings = report.take_warnings();
    let mistakes = report.finish();
    match document {
        Some(document) if mistakes.is_empty() => Ok(Document { warnings, ..document }),
        _ => Err(DocumentError::Mistakes(mistakes)),
    }
}

/// A strict reading.
#[cfg(test)]
pub(super) fn parse(name: &str, text: &str, capabilities: Capabilities) -> Result<Document, DocumentError> {
    load(name, text, capabilities, false)
}

/// The one mistake of a document that cannot be read as text.
pub(super) fn unreadable(name: &str, message: impl Into<String>) -> DocumentError {
    let mut report = Report::new(name, false);
    report.add(Position::START, "", message);
    DocumentError::Mistakes(report.finish())
}

/// `None` only after a mistake was noted.
fn read(text: &str, capabilities: Capabilities, report: &mut Report) -> Option<Document> {
    if text.len() > MAX_BYTES {
        report.add(
            Position::START,
            "",
            format!("the document has {} bytes; at most {MAX_BYTES} are read", text.len()),
        );
        return None;
    }
    let tree::Text { first: root, second } = match tree::read(text) {
        Ok(text) => text,
        Err((at, message)) => {
            report.add(at, "", message);
            return None;
        }
    };
    if let Some(at) = second {
        report.ignorable(at, "", "a second document starts here; the Go broker reads the first alone", None);
    }
    let whole = Field { path: String::new(), at: root.at, node: &root };
    match &root.value {
        Value::List(_) => {
            let list = Field { path: "Profiles".to_owned(), ..whole };
            let profiles = profiles(&list, Settings::default(), capabilities, report)?;
            Some(Document { profiles, kms: None, enforce_sunset: false, fips: false, warnings: Vec::new() })
        }
        Value::Map(_) => map(&whole, capabilities, report),
        _ => {
            report.add(
                root.at,
                "",
                "the document must be a map with `Profiles`, or a list of profiles; it is neither",
            );
            None
        }
    }
}

/// The newer shape.
fn map(whole: &Field<'_>, capabilities: Capabilities, report: &mut Report) -> Option<Document> {
    let section = whole.section(&["Settings", "KMS", "Profiles"], report)?;
    let settings = match section.get("Settings") {
        Some(field) => settings::settings(field, capabilities, report),
        None => Some(Settings::default()),
    };
    let kms = match section.get("KMS") {
        Some(field) => settings::kms(field, report).map(Some),
        None => Some(None),
    };
    // With wrong settings the profiles are still read for their own mistakes.
    let list = section.require("Profiles", report)?;
    let profiles = profiles(list, settings.unwrap_or_default(), capabilities, report)?;
    let settings = settings?;
    Some(Document {
        profiles,
        kms: kms?,
        enforce_sunset: settings.enforce_sunset,
        fips: settings.fips,
        warnings: Vec::new(),
    })
}

fn profiles(
    list: &Field<'_>,
    settings: Settings,
    capabilities: Capabilities,
    report: &mut Report,
) -> Option<Vec<Arc<Profile>>> {
    let entries = list.list(report)?;
    if entries.is_empty() {
        list.wrong("must have at least one profile", report);
        return None;
    }
    let mut names = std::collections::HashMap::new();
    let mut profiles = Vec::with_capacity(entries.len());
    for mut entry in entries {
        if let Some(name) = name_of(entry.node) {
            entry.path = format!("Profiles[{name}]");
        }
        let Some((profile, name_at)) = profile::profile(&entry, settings, capabilities, report) else {
            continue;
        };
        if let Some(first) = names.insert(Arc::clone(&profile.name), profile.line) {
            let path = format!("{}.Name", entry.path);
            report.add(name_at, &path, format!("another profile has this name; it starts in line {first}"));
        }
        profiles.push(Arc::new(profile));
    }
    Some(profiles)
}

/// A profile's name for the paths of its mistakes, before anything about it is known to be right.
fn name_of(node: &Node) -> Option<&str> {
    let Value::Map(entries) = &node.value else { return None };
    let fits =
        |name: &str| !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    entries.iter().find_map(|(key, value)| match (&key.value, &value.value) {
        (Value::Text(key), Value::Text(name)) if key == "Name" && fits(name) => Some(name.as_str()),
        _ => None,
    })
}

const LIBRARIES: [(&str, CryptoLibrary); 2] =
    [("native", CryptoLibrary::Native), ("aws-lc", CryptoLibrary::AwsLc)];

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
