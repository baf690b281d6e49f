//! `SubjectAlternativeNames` and `UnknownExtensions`.

use crate::{
    policy::{
        document::{
            read::{Field, FieldMap, quote},
            report::Report,
        },
        profile::{SubjectAlternativeNames, UnknownExtensions},
    },
    request::check_dns_name,
};

pub(super) fn alternative_names(field: &Field<'_>, report: &mut Report) -> Option<SubjectAlternativeNames> {
    let section = field.field_map(&["Allow", "AllowUnderscore", "Suffixes", "FromCommonName"], report)?;
    let mut names = SubjectAlternativeNames { line: section.at.line, ..SubjectAlternativeNames::default() };
    let kinds = SubjectAlternativeNames::KINDS;
    let words = kinds.map(|kind| (kind, kind));
    let allow = section.require("Allow", report).and_then(|field| field.choices(&words, report));
    if let Some(allow) = &allow {
        [names.dns, names.ip, names.uri, names.email] = kinds.map(|kind| allow.contains(&kind));
    }
    let allow_underscore = section.flag("AllowUnderscore", report);
    if let Some(field) = section.field("AllowUnderscore")
        && allow.is_some()
        && !names.dns
    {
        field.key_error("applies to DNS names, but `Allow` does not have dns", report);
    }
    if let Some(field) = section.field("Suffixes") {
        if allow.is_some() && !names.dns {
            field.key_error("applies to DNS names, but `Allow` does not have dns", report);
        }
        names.suffixes = suffixes(field, report)?;
    }
    names.from_common_name = section.flag("FromCommonName", report)?;
    if let Some(field) = section.field("FromCommonName")
        && names.from_common_name
        && allow.is_some()
        && !names.dns
        && !names.ip
    {
        field.key_error("makes dns and ip names, but `Allow` has neither", report);
    }
    allow?;
    names.allow_underscore = allow_underscore?;
    if !names.allow_underscore
        && let Some(field) = section.field("Suffixes")
        && names.suffixes.iter().any(|suffix| suffix.contains('_'))
    {
        field.error(
            "has a suffix with an underscore, which no name can have without `AllowUnderscore: true`",
            report,
        );
    }
    Some(names)
}

/// Reads a list of suffixes of DNS names, and sorts it.
pub(super) fn suffixes(field: &Field<'_>, report: &mut Report) -> Option<Vec<String>> {
    let mut suffixes = Vec::new();
    let entries = field.list(report)?;
    if entries.is_empty() {
        field.error("must not be empty; to allow every DNS name, remove the key", report);
    }
    for entry in entries {
        suffixes.extend(suffix(&entry, report));
    }
    suffixes.sort();
    suffixes.dedup();
    Some(suffixes)
}

/// Reads `UnknownExtensions`.
pub(super) fn unknown_extensions(section: &FieldMap<'_>, report: &mut Report) -> Option<UnknownExtensions> {
    let Some(field) = section.field("UnknownExtensions") else { return Some(UnknownExtensions::default()) };
    let refuses = field.choice(&UnknownExtensions::NAMES, report)?;
    Some(if refuses { UnknownExtensions::Refuse { line: field.at.line } } else { UnknownExtensions::Ignore })
}

fn suffix(entry: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = entry.text(report)?;
    let lower = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if lower.len() <= 254 && lower.strip_prefix('.').is_some_and(|rest| rest.split('.').all(is_label)) {
        return match check_dns_name(&format!("a{lower}")) {
            Ok(()) => Some(lower),
            Err(reason) => {
                entry.error(format!("no DNS name ends in {}: it {reason}", quote(text)), report);
                None
            }
        };
    }
    let dotted = format!(".{lower}");
    let suggestion = (lower.len() <= 253 && lower.split('.').all(is_label)).then_some(dotted.as_str());
    report.error_with_suggestion(
        entry.node.at,
        &entry.path,
        format!("{} is not a DNS suffix; a suffix starts with a dot, such as `.svc.example`", quote(text)),
        suggestion,
    );
    None
}
