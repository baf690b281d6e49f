//! `Subject` and `MaxSubjectLength`.

use super::names;
use crate::{
    policy::{
        document::{
            read::{DUPLICATE_ENTRY, Field, quote},
            report::Report,
            suggest::most_similar,
            tree::Value,
        },
        profile::{CommonNameRule, MaxSubjectLength, SubjectRule},
    },
    request::AttributeId,
};

/// The longest value of an attribute that `Values` can state, in bytes: ub-name, the largest bound of RFC 5280 appendix A.1.
const MAX_VALUE: usize = 32_768;

/// The largest `MaxSubjectLength`. The limit catches typing errors: a request cannot have a longer subject.
const MAX_LENGTH: u32 = 65_536;

const EMPTY: &str = "must not be empty; remove the key";

/// Reads `MaxSubjectLength`.
pub(super) fn max_length(field: &Field<'_>, report: &mut Report) -> Option<MaxSubjectLength> {
    let characters = usize::try_from(field.integer_in(1..=MAX_LENGTH, report)?).ok()?;
    Some(MaxSubjectLength { characters, line: field.at.line })
}

/// Reads `Subject`. `copies_names` tells whether the profile has `SubjectAlternativeNames`.
pub(super) fn subject(field: &Field<'_>, copies_names: bool, report: &mut Report) -> Option<SubjectRule> {
    let section = field.field_map(&["Allow", "Require", "Values", "CommonName"], report)?;
    let allow = match section.field("Allow") {
        Some(field) => attribute_types(field, report).map(Some),
        None => Some(None),
    };
    let require = match section.field("Require") {
        Some(field) => non_empty_list(field, attribute_types, report),
        None => Some(Vec::new()),
    };
    let values = match section.field("Values") {
        Some(field) => values(field, report),
        None => Some(Vec::new()),
    };
    let common_name = match section.field("CommonName") {
        Some(field) => common_name(field, copies_names, report).map(Some),
        None => Some(None),
    };
    if ["Allow", "Require", "Values", "CommonName"].iter().all(|key| section.field(key).is_none()) {
        field.key_error("has no rule; write one of Allow, Require, Values and CommonName", report);
    }
    if let Some(Some(allow)) = &allow {
        let restricted = values.iter().flatten().map(|(kind, _)| ("Values", kind));
        let named = require.iter().flatten().map(|kind| ("Require", kind)).chain(restricted);
        for (key, kind) in named.filter(|(_, kind)| !allow.contains(kind)) {
            let message = format!("has {kind}, but `Allow` does not");
            section.field(key).unwrap_or(field).key_error(message, report);
        }
    }
    Some(SubjectRule {
        allow: allow?,
        require: require?,
        values: values?,
        common_name: common_name?,
        line: section.at.line,
    })
}

fn common_name(field: &Field<'_>, copies_names: bool, report: &mut Report) -> Option<CommonNameRule> {
    let section = field.field_map(&["Suffixes", "MatchSubjectAlternativeName"], report)?;
    let suffixes = match section.field("Suffixes") {
        Some(field) => names::suffixes(field, report),
        None => Some(Vec::new()),
    };
    let match_alternative_name = section.flag("MatchSubjectAlternativeName", report);
    if let Some(field) = section.field("MatchSubjectAlternativeName")
        && match_alternative_name == Some(true)
        && !copies_names
    {
        field.key_error(
            "needs `SubjectAlternativeNames`, without which a certificate has no such name",
            report,
        );
    }
    if section.field("Suffixes").is_none() && section.field("MatchSubjectAlternativeName").is_none() {
        field.key_error("has no rule; write Suffixes or MatchSubjectAlternativeName", report);
    }
    Some(CommonNameRule {
        suffixes: suffixes?,
        match_alternative_name: match_alternative_name?,
        line: section.at.line,
    })
}

fn attribute_types(field: &Field<'_>, report: &mut Report) -> Option<Vec<AttributeId>> {
    let mut types = Vec::new();
    let mut valid = true;
    for entry in field.list(report)? {
        match entry.text(report).and_then(|text| attribute_type(text, &entry, report)) {
            Some(kind) if types.contains(&kind) => entry.error(DUPLICATE_ENTRY, report),
            Some(kind) => types.push(kind),
            None => valid = false,
        }
    }
    valid.then_some(types)
}

/// Reads `Values`: a map from types of attributes to lists of values.
fn values(field: &Field<'_>, report: &mut Report) -> Option<Vec<(AttributeId, Vec<String>)>> {
    let mut found: Vec<(AttributeId, Vec<String>)> = Vec::new();
    let mut valid = true;
    let entries = field.entries(report)?;
    if entries.is_empty() {
        field.error(EMPTY, report);
    }
    for (key, node) in entries {
        let Value::Text(name) = &key.value else {
            report.error(key.at, &field.path, "a type of attribute must be text; put it in quotes");
            valid = false;
            continue;
        };
        let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        let entry = Field { path: format!("{}.{shown}", field.path), at: key.at, node };
        entry.reject_alias(report);
        let at_key = Field { node: key, ..entry.clone() };
        let kind = attribute_type(name, &at_key, report);
        let list = non_empty_list(&entry, |field, report| texts(field, kind.as_ref(), report), report);
        match (kind, list) {
            (Some(kind), Some(_)) if found.iter().any(|(other, _)| *other == kind) => {
                entry.key_error("duplicate type of attribute", report);
            }
            (Some(kind), Some(list)) => found.push((kind, list)),
            _ => valid = false,
        }
    }
    valid.then_some(found)
}

/// Reads the values of one type of attributes.
fn texts(field: &Field<'_>, kind: Option<&AttributeId>, report: &mut Report) -> Option<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    let mut valid = true;
    for entry in field.list(report)? {
        let Some(text) = entry.printable_text(MAX_VALUE, report) else {
            valid = false;
            continue;
        };
        if let Some(Err(reason)) = kind.map(|kind| kind.check_value(text)) {
            entry.error(format!("{reason}, so that no subject can have this value"), report);
            valid = false;
        } else if texts.iter().any(|known| known == text) {
            entry.error(DUPLICATE_ENTRY, report);
        } else {
            texts.push(text.to_owned());
        }
    }
    valid.then_some(texts)
}

/// Reads a list with `read`, and reports one without entries.
fn non_empty_list<T>(
    field: &Field<'_>,
    read: impl FnOnce(&Field<'_>, &mut Report) -> Option<Vec<T>>,
    report: &mut Report,
) -> Option<Vec<T>> {
    let list = read(field, report)?;
    if list.is_empty() {
        field.error(EMPTY, report);
    }
    Some(list)
}

fn attribute_type(name: &str, at: &Field<'_>, report: &mut Report) -> Option<AttributeId> {
    let found = AttributeId::from_name(name);
    if found.is_none() {
        let names: Vec<&str> = AttributeId::names().collect();
        let message = format!(
            "{} is not a type of attribute; write {}, or an object identifier such as 2.5.4.3",
            quote(name),
            names.join(", ")
        );
        report.error_with_suggestion(at.node.at, &at.path, message, most_similar(name, names));
    }
    found
}
