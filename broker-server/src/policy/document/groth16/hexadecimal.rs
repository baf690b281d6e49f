//! Octets in hexadecimal.

use crate::policy::document::{read::Field, report::Report};

/// Reads a SHA-256 hash.
pub(super) fn sha256(field: &Field<'_>, report: &mut Report) -> Option<[u8; 32]> {
    let text = field.text(report)?;
    let mut hash = [0; 32];
    if hex::decode_to_slice(text, &mut hash).is_ok() {
        return Some(hash);
    }
    field.error(format!("is not a SHA-256 hash: 64 hexadecimal digits, but has {}", found(text)), report);
    None
}

/// Reads 1 to `max_length` octets.
pub(super) fn octets(field: &Field<'_>, max_length: usize, report: &mut Report) -> Option<Vec<u8>> {
    let text = field.text(report)?;
    let octets = hex::decode(text).ok().filter(|octets| (1..=max_length).contains(&octets.len()));
    if octets.is_none() {
        let message = format!(
            "must be 1 to {max_length} octets with two hexadecimal digits each, but has {}",
            found(text)
        );
        field.error(message, report);
    }
    octets
}

/// Describes a text that is not valid: its first character that is not a digit, or else its length.
fn found(text: &str) -> String {
    match text.chars().find(|c| !c.is_ascii_hexdigit()) {
        Some(other) => format!("`{}`", other.escape_debug()),
        None => format!("{} digits", text.len()),
    }
}
