//! A file with its hash.

use std::path::Path;

use super::hexadecimal;
use crate::policy::{
    document::{
        read::{Field, quote},
        report::Report,
    },
    profile::PinnedFile,
};

/// The longest path in bytes, which is also that of Linux (`PATH_MAX`).
const MAX_PATH: usize = 4096;

/// Reads a section with `Path` and `Sha256`. A relative path is below `folder`.
pub(super) fn pinned_file(field: &Field<'_>, folder: &Path, report: &mut Report) -> Option<PinnedFile> {
    let section = field.field_map(&["Path", "Sha256"], report)?;
    let path = section.require("Path", report).and_then(|field| path(field, report));
    let sha256 = section.require("Sha256", report).and_then(|field| hexadecimal::sha256(field, report));
    let written = path?;
    Some(PinnedFile { path: folder.join(&written), written, sha256: sha256?, line: section.at.line })
}

/// Reads a path, and removes `.` and repeated slashes, so that a file has one spelling. A relative path cannot leave the
/// folder with `..`, so that the folder can be moved or mounted as a whole, and its links do not decide which file is meant.
fn path(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.printable_text(MAX_PATH, report)?;
    let message = if text.trim() != text {
        "must not start or end with a space".to_owned()
    } else if text.split('/').any(|part| part == "..") {
        format!("{} has `..`; write an absolute path, or one below the document's folder", quote(text))
    } else if text.ends_with('/') || text.split('/').all(|part| part.is_empty() || part == ".") {
        format!("{} is a folder; write the path of a file", quote(text))
    } else {
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let root = if text.starts_with('/') { "/" } else { "" };
        return Some(format!("{root}{}", parts.join("/")));
    };
    field.error(message, report);
    None
}
