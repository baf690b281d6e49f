//! `KeyConstraints` with its two sections.

use crate::{
    algorithm::SignatureScheme,
    policy::{
        document::{
            keys::key_constraints,
            read::Field,
            report::Report,
            tree::{Node, Value},
        },
        profile::KeyConstraints,
    },
};

/// Reads `Subject` and `Issuer`, the constraints on the two keys of a request.
pub(super) fn subject_and_issuer_keys(
    field: &Field<'_>,
    scheme: Option<SignatureScheme>,
    report: &mut Report,
) -> Option<(KeyConstraints, KeyConstraints)> {
    let section = field.field_map(&["Subject", "Issuer"], report)?;
    let mut constraints = |key| match section.field(key) {
        Some(field) => key_constraints(field, report),
        None => {
            let message = format!("`{key}` is missing, so that every key is refused");
            report.error_if_strict(section.at, &section.path, message, None);
            Some(deny_all_keys(section.at.line))
        }
    };
    let (subject, issuer) = (constraints("Subject"), constraints("Issuer"));
    if let (Some(scheme), Some(issuer), Some(field)) = (scheme, &issuer, section.field("Issuer")) {
        let kind = scheme.key_kind();
        let is_kind = |word: &str| word.eq_ignore_ascii_case(kind.name());
        let names_kind = |(key, _): &(Node, Node)| matches!(&key.value, Value::Text(word) if is_kind(word));
        // An invalid entry and an empty section have been reported already.
        let reported = field.has_no_values()
            || matches!(&field.node.value, Value::Map(entries) if entries.iter().any(names_kind));
        if !issuer.has_entry_for(kind) && !reported {
            let message = format!(
                "has no entry for {}, the kind of key that SignAlg {} needs, so that no certificate could be issued",
                kind.name(),
                scheme.name()
            );
            field.key_error_if_strict(message, report);
        }
    }
    Some((subject?, issuer?))
}

/// Returns constraints that allow no key.
pub(super) fn deny_all_keys(line: u32) -> KeyConstraints {
    KeyConstraints { line, ..KeyConstraints::default() }
}
