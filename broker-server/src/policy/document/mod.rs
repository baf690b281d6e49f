//! The profile document: reads YAML into valid rules, or into the list of all its errors.

mod certificate;
mod data;
mod error;
mod fips;
mod groth16;
mod keys;
mod profile;
mod read;
mod report;
mod scheme;
mod settings;
mod sign_data;
pub(super) mod suggest;
mod tree;
mod url;

use std::{path::Path, sync::Arc};

pub use error::{Diagnostic, DocumentError};

use self::{
    read::Field,
    report::Report,
    settings::Settings,
    tree::{Node, Position, Value},
};
use super::{
    Capabilities,
    profile::{KmsRule, Profile},
};

/// The size of the largest document that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// What a document is read with, apart from its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// What the build supports.
    pub(super) capabilities: Capabilities,
    /// The folder to which the paths in the document are relative; empty for the working directory.
    pub(super) folder: &'a Path,
}

/// A valid document.
#[derive(Debug)]
pub(super) struct Document {
    /// The profiles in the order of the document. There is at least one, and the names are unique.
    pub(super) profiles: Vec<Arc<Profile>>,
    /// `KMS`.
    pub(super) kms: Option<KmsRule>,
    /// `Settings.EnforceSunset`.
    pub(super) enforce_sunset: bool,
    /// Whether `Settings.Fips` is `required`.
    pub(super) fips: bool,
    /// The warnings of a lenient reading.
    pub(super) warnings: Vec<Diagnostic>,
}

/// Reads a document of either form: the map with `Settings`, `KMS` and `Profiles`, or the older list of
/// profiles. Diagnostics call the file `name`. A lenient reading reduces errors to warnings where the Go broker, which this
/// one replaces (docs/moving-from-go.md), accepts the document and this broker can serve it in the same way.
///
/// # Errors
/// Fails where the document is invalid or the capabilities of `context` do not support it.
pub(super) fn load(
    name: &str,
    text: &str,
    context: Context<'_>,
    lenient: bool,
) -> Result<Document, DocumentError> {
    let mut report = Report::new(name, lenient);
    let document = read(text, context, &mut report);
    let (errors, warnings) = report.finish();
    match document {
        Some(document) if errors.is_empty() => Ok(Document { warnings, ..document }),
        _ => Err(DocumentError::Invalid(errors)),
    }
}

/// Reads a document strictly.
#[cfg(test)]
pub(super) fn parse(name: &str, text: &str, capabilities: Capabilities) -> Result<Document, DocumentError> {
    load(name, text, Context { capabilities, folder: Path::new("") }, false)
}

/// Returns the error of a document that is not text.
pub(super) fn unreadable(name: &str, message: impl Into<String>) -> DocumentError {
    let mut report = Report::new(name, false);
    report.error(Position::START, "", message);
    DocumentError::Invalid(report.finish().0)
}

/// Returns `None` only after it has reported an error.
fn read(text: &str, context: Context<'_>, report: &mut Report) -> Option<Document> {
    if text.len() > MAX_BYTES {
        let message = format!("the document has {} bytes; the limit is {MAX_BYTES}", text.len());
        report.error(Position::START, "", message);
        return None;
    }
    let tree::ParsedStream { first: root, second } = match tree::read(text) {
        Ok(text) => text,
        Err((at, message)) => {
            report.error(at, "", message);
            return None;
        }
    };
    if let Some(at) = second {
        let message = "a second YAML document starts here; only the first one is used";
        report.error_if_strict(at, "", message, None);
    }
    let document = Field { path: String::new(), at: root.at, node: &root };
    match &root.value {
        Value::List(_) => {
            let list = Field { path: "Profiles".to_owned(), ..document };
            let profiles = profiles(&list, Settings::default(), context, report)?;
            Some(Document { profiles, kms: None, enforce_sunset: false, fips: false, warnings: Vec::new() })
        }
        Value::Map(_) => map(&document, context, report),
        _ => {
            report.error(
                root.at,
                "",
                "the document must be a map with `Profiles`, or a list of profiles, but is neither",
            );
            None
        }
    }
}

/// Reads the form with `Settings`, `KMS` and `Profiles`.
fn map(document: &Field<'_>, context: Context<'_>, report: &mut Report) -> Option<Document> {
    let section = document.field_map(&["Settings", "KMS", "Profiles"], report)?;
    let settings = match section.field("Settings") {
        Some(field) => settings::settings(field, context.capabilities, report),
        None => Some(Settings::default()),
    };
    let kms = match section.field("KMS") {
        Some(field) => settings::kms(field, report).map(Some),
        None => Some(None),
    };
    // The profiles are read even where the settings are invalid, to report their errors too.
    let list = section.require("Profiles", report)?;
    let profiles = profiles(list, settings.unwrap_or_default(), context, report)?;
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
    context: Context<'_>,
    report: &mut Report,
) -> Option<Vec<Arc<Profile>>> {
    let entries = list.list(report)?;
    if entries.is_empty() {
        list.error("must have at least one profile", report);
        return None;
    }
    let mut names = std::collections::HashMap::new();
    let mut profiles = Vec::with_capacity(entries.len());
    for mut entry in entries {
        if let Some(name) = name_of(entry.node) {
            entry.path = format!("Profiles[{name}]");
        }
        let Some((profile, name_at)) = profile::profile(&entry, settings, context, report) else {
            continue;
        };
        if let Some(first) = names.insert(Arc::clone(&profile.name), profile.line) {
            let path = format!("{}.Name", entry.path);
            let message = format!("duplicate name; the first profile with this name starts in line {first}");
            report.error(name_at, &path, message);
        }
        profiles.push(Arc::new(profile));
    }
    Some(profiles)
}

/// Returns the name of a profile for the paths of its diagnostics, before the profile is validated. Returns
/// `None` where the name is missing or cannot be shown.
fn name_of(node: &Node) -> Option<&str> {
    let Value::Map(entries) = &node.value else { return None };
    let can_be_shown = |name: &str| {
        !name.trim().is_empty() && name.len() <= profile::MAX_NAME && !name.chars().any(char::is_control)
    };
    entries.iter().find_map(|(key, value)| match (&key.value, &value.value) {
        (Value::Text(key), Value::Text(name)) if key == "Name" && can_be_shown(name) => Some(name.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
