//! `KeyConstraints`: the keys that are allowed.

use super::{
    read::{Field, FieldMap, quote},
    report::Report,
    suggest::most_similar,
    tree::Value,
};
use crate::{
    algorithm::{Curve, KeyKind},
    policy::profile::{KeyConstraints, SizeRange},
};

/// The largest size that a constraint can name, in bits. The limit catches typing errors and has no
/// cryptographic reason.
const MAX_BITS: u32 = 65_536;

/// Reads the constraints on one key. The kinds of key are names of algorithms, so that their case does not
/// matter, unlike the case of all other keys.
pub(super) fn key_constraints(field: &Field<'_>, report: &mut Report) -> Option<KeyConstraints> {
    let mut constraints = KeyConstraints { line: field.at.line, ..KeyConstraints::default() };
    if matches!(field.node.value, Value::Null) {
        field.key_error_if_strict("must have at least one kind of key, but is empty", report);
        return Some(constraints);
    }
    let entries = field.entries(report)?;
    let names = KeyKind::ALL.map(KeyKind::name);
    let mut seen: Vec<(KeyKind, u32)> = Vec::new();
    let mut valid = true;
    for (key, value) in &entries {
        let Value::Text(word) = &key.value else {
            report.error_if_strict(key.at, &field.path, "a kind of key must be text", None);
            continue;
        };
        let Some(kind) = KeyKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(word)) else {
            let message = format!("{} is not a kind of key; the kinds are {}", quote(word), names.join(", "));
            report.error_if_strict(key.at, &field.path, message, most_similar(word, names));
            continue;
        };
        let entry = Field { path: format!("{}.{}", field.path, kind.name()), at: key.at, node: value };
        entry.reject_alias(report);
        if let Some((_, line)) = seen.iter().find(|(other, _)| *other == kind) {
            entry.key_error(format!("duplicate kind of key; it is first set in line {line}"), report);
            valid = false;
            continue;
        }
        seen.push((kind, key.at.line));
        match kind {
            KeyKind::Rsa => constraints.rsa = sizes(&entry, report),
            KeyKind::Ecdsa => {
                constraints.ecdsa = sizes(&entry, report);
                if let Some(range) = constraints.ecdsa {
                    check_range_has_curve(&entry, range, report);
                }
            }
            KeyKind::Ed25519 => constraints.ed25519 = empty_entry(&entry, report),
            KeyKind::MlDsa(set) => {
                constraints.ml_dsa.extend(empty_entry(&entry, report).map(|line| (set, line)));
            }
        }
    }
    if entries.is_empty() {
        field.error_if_strict(
            format!(
                "must have at least one kind of key; without one every key is refused; the kinds are {}",
                names.join(", ")
            ),
            report,
        );
    }
    // The canonical form must not depend on the order of the entries.
    constraints.ml_dsa.sort_by_key(|(set, _)| set.name());
    valid.then_some(constraints)
}

/// Checks that a range of sizes contains the size of at least one curve.
fn check_range_has_curve(entry: &Field<'_>, range: SizeRange, report: &mut Report) {
    // An empty range has been reported already.
    let valid = 1 <= range.min && range.min <= range.max;
    if valid && !Curve::ALL.iter().any(|curve| range.contains(curve.bits())) {
        entry.key_error_if_strict(
            format!(
                "no curve has {} to {} bits; the curves have 224, 256, 384 and 521",
                range.min, range.max
            ),
            report,
        );
    }
}

fn sizes(entry: &Field<'_>, report: &mut Report) -> Option<SizeRange> {
    if matches!(entry.node.value, Value::Null) {
        let message = "must be a section with MinKeySize and MaxKeySize, but is empty";
        entry.key_error_if_strict(message, report);
        return Some(SizeRange { min: 0, max: 0, line: entry.at.line });
    }
    let section = entry.field_map(&["MinKeySize", "MaxKeySize"], report)?;
    let (min, max) = (size(&section, "MinKeySize", report), size(&section, "MaxKeySize", report));
    let (min, max) = (min?, max?);
    if min > max && max > 0 {
        let message = format!("MinKeySize {min} is larger than MaxKeySize {max}");
        section.field("MinKeySize").unwrap_or(entry).error_if_strict(message, report);
    }
    Some(SizeRange { min, max, line: entry.at.line })
}

/// Reads a size in bits. To the Go broker a size that is missing or empty is 0, which means no minimum or no
/// key at all.
fn size(section: &FieldMap<'_>, key: &str, report: &mut Report) -> Option<u32> {
    let Some(field) = section.require_if_strict(key, report) else { return Some(0) };
    let value = field.integer(report)?;
    let message = format!("{value} is not allowed; the range is 1 to {MAX_BITS}");
    match u32::try_from(value) {
        Ok(bits @ 1..=MAX_BITS) => Some(bits),
        // No key is as large as the limit, so that a larger limit has the same meaning.
        Ok(_) | Err(_) if value >= 0 => {
            field.error_if_strict(message, report);
            Some(if value == 0 { 0 } else { MAX_BITS })
        }
        _ => {
            field.error(message, report);
            None
        }
    }
}

/// Reads an entry that must be `{}`, because its kind of key has only one size. Returns the line of the entry.
fn empty_entry(entry: &Field<'_>, report: &mut Report) -> Option<u32> {
    match &entry.node.value {
        Value::Map(entries) if entries.is_empty() => {}
        Value::Map(_) => entry.error_if_strict("takes no sizes; write `{}`", report),
        Value::Null => entry.key_error_if_strict("must be `{}`, but is empty", report),
        _ => {
            entry.error("must be `{}`: the kind takes no sizes", report);
            return None;
        }
    }
    Some(entry.at.line)
}
