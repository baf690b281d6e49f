//! The checks of the subject that the certificate will have.

use super::{certified, common_name, names};
use crate::{
    policy::{
        Denial, DenialKind,
        check::CheckInput,
        collector::DenialCollector,
        facts::FactName,
        profile::{CommonNameRule, SignCertificateRule, SubjectRule},
    },
    request::{AlternativeName, AttributeId, Name, NameAttribute},
};

type Input<'a> = CheckInput<'a, SignCertificateRule>;

/// Checks that a verifier reads no other name in the subject than those that `SubjectAlternativeNames` allows, where the
/// profile has that section. Each commonName that reads as a DNS name or an IP address is judged as a name of that kind, and
/// each emailAddress as a mailbox (RFC 5280 4.2.1.10).
pub(super) fn subject_names(input: &Input<'_>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(rule) = &input.rule.subject_alternative_names else { return Ok(()) };
    let Some(subject) = collector.require(FactName::Subject, input.facts.subject)? else { return Ok(()) };
    let single_labels = !rule.suffixes.is_empty();
    let violation = |attribute: &NameAttribute| {
        let name = if AttributeId::COMMON_NAME.is(&attribute.oid) {
            match &attribute.text {
                Some(text) => common_name::reading(text, single_labels)?,
                None => AlternativeName::Other("unreadable"),
            }
        } else if AttributeId::EMAIL_ADDRESS.is(&attribute.oid) {
            match &attribute.text {
                Some(text) => AlternativeName::Email(text.clone()),
                None => AlternativeName::Other("unreadable"),
            }
        } else {
            return None;
        };
        let holder = format!("the subject's {} is", AttributeId::name_of(&attribute.oid));
        names::violation(input.profile, rule, &holder, &name)
    };
    let violations = subject.attributes().iter().filter_map(violation);
    for (kind, key, message) in violations.take(names::MAX_DENIALS) {
        let path = format!("API.SignCertificate.SubjectAlternativeNames{key}");
        collector.add(input.denial(kind, &path, rule.line, message))?;
    }
    Ok(())
}

/// Checks `Subject`.
pub(super) fn subject(input: &Input<'_>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(rule) = &input.rule.subject else { return Ok(()) };
    let Some(subject) = collector.require(FactName::Subject, input.facts.subject)? else { return Ok(()) };
    let profile = &input.profile.name;
    let mut deny = |key: &str, line, message: String| {
        let path = format!("API.SignCertificate.Subject.{key}");
        collector.add(input.denial(DenialKind::SubjectNotAllowed, &path, line, message))
    };
    if let Some(allow) = &rule.allow {
        let is_allowed = |attribute: &&NameAttribute| allow.iter().any(|kind| kind.is(&attribute.oid));
        let others = subject.attributes().iter().filter(|attribute| !is_allowed(attribute));
        for attribute in others.take(names::MAX_DENIALS) {
            let name = AttributeId::name_of(&attribute.oid);
            let message =
                format!("the subject has {name}; profile {profile} allows {}", list(allow, "no attribute"));
            deny("Allow", rule.line, message)?;
        }
    }
    for kind in &rule.require {
        if !subject.attributes().iter().any(|attribute| kind.is(&attribute.oid)) {
            let message = format!("the subject has no {kind}; profile {profile} requires it");
            deny("Require", rule.line, message)?;
        }
    }
    for (kind, attribute) in wrong_values(rule, subject).take(names::MAX_DENIALS) {
        let value = names::escape_truncated(attribute.text.as_deref().unwrap_or("not text"));
        let allowed =
            rule.values.iter().find(|(other, _)| other == kind).map(|(_, values)| values.as_slice());
        let allowed = names::escape_truncated(&allowed.unwrap_or_default().join(", "));
        let message = format!("the subject's {kind} is {value}; profile {profile} allows {allowed}");
        deny(&format!("Values.{kind}"), rule.line, message)?;
    }
    let Some(rule) = &rule.common_name else { return Ok(()) };
    common_names(input, rule, subject, collector)
}

/// Returns the attributes whose values `Values` does not have, each with its type.
fn wrong_values<'a>(
    rule: &'a SubjectRule,
    subject: &'a Name,
) -> impl Iterator<Item = (&'a AttributeId, &'a NameAttribute)> {
    let is_wrong = |attribute: &&NameAttribute, values: &[String]| {
        !attribute.text.as_ref().is_some_and(|text| values.contains(text))
    };
    rule.values.iter().flat_map(move |(kind, values)| {
        let of_kind = subject.attributes().iter().filter(|attribute| kind.is(&attribute.oid));
        of_kind.filter(move |attribute| is_wrong(attribute, values)).map(move |attribute| (kind, attribute))
    })
}

/// Checks `Subject.CommonName` for each commonName.
fn common_names(
    input: &Input<'_>,
    rule: &CommonNameRule,
    subject: &Name,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let profile = &input.profile.name;
    let names = if rule.match_alternative_name {
        collector.require(FactName::Names, certified::certified_names(input.rule, input.facts))?
    } else {
        None
    };
    let is_certified = certified::Lookup::new(names.as_deref().unwrap_or_default());
    let common = subject.attributes().iter().filter(|attribute| AttributeId::COMMON_NAME.is(&attribute.oid));
    let mut denials = 0;
    for attribute in common {
        let text = attribute.text.as_deref().unwrap_or_default();
        let has_suffix = || match common_name::reading(text, true) {
            Some(AlternativeName::Dns(name)) => names::has_suffix(&name, &rule.suffixes),
            _ => false,
        };
        let shown = names::escape_truncated(text);
        let mut deny = |key: &str, message: String| {
            denials += 1;
            let path = format!("API.SignCertificate.Subject.CommonName.{key}");
            collector.add(input.denial(DenialKind::SubjectNotAllowed, &path, rule.line, message))
        };
        if !rule.suffixes.is_empty() && !has_suffix() {
            let suffixes = rule.suffixes.join(", ");
            deny(
                "Suffixes",
                format!(
                    "the subject's CN is {shown}; profile {profile} allows DNS names that end in {suffixes}"
                ),
            )?;
        }
        if names.is_some() && !is_certified.contains(text) {
            deny(
                "MatchSubjectAlternativeName",
                format!(
                    "the subject's CN is {shown}; profile {profile} allows only the certificate's subject alternative names"
                ),
            )?;
        }
        if denials >= names::MAX_DENIALS {
            break;
        }
    }
    Ok(())
}

/// Checks `MaxSubjectLength`.
pub(super) fn length(input: &Input<'_>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(limit) = input.rule.max_subject_length else { return Ok(()) };
    let Some(subject) = collector.require(FactName::Subject, input.facts.subject)? else { return Ok(()) };
    let length = subject.text().chars().count();
    if length <= limit.characters {
        return Ok(());
    }
    let message = format!(
        "the subject has {length} characters (RFC 4514); profile {} allows {}",
        input.profile.name, limit.characters
    );
    let path = "API.SignCertificate.MaxSubjectLength";
    collector.add(input.denial(DenialKind::SubjectNotAllowed, path, limit.line, message))
}

fn list(types: &[AttributeId], none: &str) -> String {
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}
