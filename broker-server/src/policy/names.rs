//! The check of the names that a certification request asks for.

use super::{
    Denial, DenialKind, Facts,
    denial::denial,
    facts::Fact,
    findings::Findings,
    profile::{Profile, SignCertificateRule, SubjectAlternativeNames},
};
use crate::request::AlternativeName;

/// How many names are refused by name. A request may ask for thousands, and each refusal says what the profile allows.
const NAMED: usize = 32;

/// Refuses names of a kind or suffix that is not allowed, the first [`NAMED`] of them. Without the section no name is copied,
/// so none is judged.
pub(super) fn names(
    profile: &Profile,
    rule: &SignCertificateRule,
    facts: &Facts<'_>,
    findings: &mut Findings,
) -> Result<(), Denial> {
    let Some(policy) = &rule.subject_alternative_names else { return Ok(()) };
    let Some(names) = findings.known(Fact::Names, facts.names)? else { return Ok(()) };
    let refusals = names.iter().filter_map(|name| refusal(profile, policy, name));
    for (key, message) in refusals.take(NAMED) {
        let path = format!("API.SignCertificate.SubjectAlternativeNames.{key}");
        findings.refuse(denial(profile, DenialKind::NameNotAllowed, &path, policy.line, message))?;
    }
    Ok(())
}

/// Returns the key of the section that is against `name`, and the sentence for the caller.
fn refusal(
    profile: &Profile,
    policy: &SubjectAlternativeNames,
    name: &AlternativeName,
) -> Option<(&'static str, String)> {
    let (allowed, kind, text) = match name {
        AlternativeName::Dns(name) => (policy.dns, "dns", shown(name)),
        AlternativeName::Ip(address) => (policy.ip, "ip", address.to_string()),
        AlternativeName::Uri(uri) => (policy.uri, "uri", shown(uri)),
        AlternativeName::Email(address) => (policy.email, "email", shown(address)),
        AlternativeName::Other(form) => (false, *form, String::new()),
    };
    if !allowed {
        let kinds: Vec<&str> =
            [("dns", policy.dns), ("ip", policy.ip), ("uri", policy.uri), ("email", policy.email)]
                .into_iter()
                .filter_map(|(kind, allowed)| allowed.then_some(kind))
                .collect();
        let kinds = if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") };
        let space = if text.is_empty() { "" } else { " " };
        return Some((
            "Allow",
            format!(
                "the request asks for the {kind} name{space}{text}; profile {} allows {kinds}",
                profile.name
            ),
        ));
    }
    match name {
        AlternativeName::Dns(dns) if !policy.suffixes.is_empty() && !within(dns, &policy.suffixes) => {
            Some(("Suffixes", {
                let suffixes = policy.suffixes.join(", ");
                format!(
                    "the request asks for the dns name {text}; profile {} allows names that end in {suffixes}",
                    profile.name
                )
            }))
        }
        _ => None,
    }
}

/// Whether a DNS name ends in one of the suffixes (lower case, leading dot) with at least one label before it. `*` may
/// stand for the whole first label (RFC 6125 6.4.3); it is that label then, since every name it covers ends as it does.
fn within(name: &str, suffixes: &[String]) -> bool {
    let name = name.to_ascii_lowercase();
    suffixes.iter().any(|suffix| {
        name.strip_suffix(suffix.as_str()).is_some_and(|front| {
            front == "*" || front.strip_prefix("*.").unwrap_or(front).split('.').all(is_label)
        })
    })
}

/// A label without anything that a reader of certificates could take for the end of the name.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A name as it may stand in a message.
fn shown(name: &str) -> String {
    name.chars().take(256).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{NAMED, names, within};
    use crate::{
        operation::CAPABILITIES,
        policy::{Catalogue, Facts, findings::Findings},
        request::AlternativeName,
    };

    #[test]
    fn a_bounded_number_of_many_refused_names_is_listed() {
        let text = "- { Name: P, API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, \
                    Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }, \
                    KeyConstraints: { Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } }, \
                    Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 384 } } }, \
                    SubjectAlternativeNames: { Allow: [ip] } } } }";
        let catalogue = Catalogue::parse("p.yaml", text, CAPABILITIES).unwrap();
        let profile = catalogue.profile("P").unwrap();
        let asked = vec![AlternativeName::Dns("a.example".into()); 20_000];
        let facts = Facts { names: Some(&asked), ..Facts::new(0) };
        let mut findings = Findings::of_an_explanation();
        names(profile, profile.sign_certificate.as_ref().unwrap(), &facts, &mut findings).unwrap();
        assert_eq!(findings.into_parts().0.len(), NAMED);
    }

    #[test]
    fn suffixes_match_at_a_label_boundary() {
        let suffixes = [".svc.example".to_owned(), ".test".to_owned()];
        for name in [
            "a.svc.example",
            "A.SVC.Example",
            "a.b.svc.example",
            "*.svc.example",
            "*.a.svc.example",
            "x.test",
            "_tcp.x.test",
        ] {
            assert!(within(name, &suffixes), "{name}");
        }
        for name in [
            "",
            "svc.example",
            ".svc.example",
            "a..svc.example",
            "asvc.example",
            "a.svc.example.",
            "a.svc.example.evil",
            "*.example",
            "*",
            "a*.svc.example",
            "a.*.svc.example",
            "*.*.svc.example",
            "*..svc.example",
            "evil.com\0.svc.example",
            "evil.com/.svc.example",
            "é.svc.example",
        ] {
            assert!(!within(name, &suffixes), "{name:?}");
        }
    }
}
