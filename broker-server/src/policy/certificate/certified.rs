//! The alternative names that the certificate will have.

use std::{borrow::Cow, collections::HashSet};

use super::{common_name, names::disallowed_by};
use crate::{
    policy::{Facts, profile::SignCertificateRule},
    request::{AlternativeName, AttributeId},
};

/// Returns the alternative names that the certificate will have: those of the request, or else those that
/// [`names_from_common_names`] makes; `None` where they are unknown.
pub(super) fn certified_names<'a>(
    rule: &SignCertificateRule,
    facts: &Facts<'a>,
) -> Option<Cow<'a, [AlternativeName]>> {
    let requested = facts.names?;
    if rule.subject_alternative_names.is_none() {
        return Some(Cow::Borrowed(&[]));
    }
    if !requested.is_empty() || !rule.subject_alternative_names.as_ref()?.from_common_name {
        return Some(Cow::Borrowed(requested));
    }
    facts.subject?;
    Some(Cow::Owned(names_from_common_names(rule, facts)))
}

/// Returns the alternative names that `FromCommonName` makes of the subject's commonNames for a request without names. There is
/// one for each DNS name and IP address that the profile allows.
pub(super) fn names_from_common_names(rule: &SignCertificateRule, facts: &Facts<'_>) -> Vec<AlternativeName> {
    let (Some(rule), Some([]), Some(subject)) = (&rule.subject_alternative_names, facts.names, facts.subject)
    else {
        return Vec::new();
    };
    if !rule.from_common_name {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let common = subject.attributes().iter().filter(|attribute| AttributeId::COMMON_NAME.is(&attribute.oid));
    common
        .filter_map(|attribute| common_name::alternative_name(attribute.text.as_deref()?))
        .filter(|name| disallowed_by(rule, name).is_none() && seen.insert(name.to_string()))
        .collect()
}

/// The names of a certificate, for the question whether a commonName is one of them.
pub(super) struct Lookup(HashSet<String>);

impl Lookup {
    pub(super) fn new(names: &[AlternativeName]) -> Self {
        Self(names.iter().map(key).collect())
    }

    /// Reports whether `text` is one of the names. The case of a DNS name and the notation of an address do not matter.
    pub(super) fn contains(&self, text: &str) -> bool {
        let read = common_name::reading(text, true);
        read.is_some_and(|name| self.0.contains(&key(&name)))
            || self.0.contains(&key(&AlternativeName::Uri(text.to_owned())))
            || self.0.contains(&key(&AlternativeName::Email(text.to_owned())))
    }
}

/// Returns a text that equal names have in common.
fn key(name: &AlternativeName) -> String {
    match name {
        AlternativeName::Dns(name) => format!("dns:{}", name.to_ascii_lowercase()),
        other => other.to_string(),
    }
}
