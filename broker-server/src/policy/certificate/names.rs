//! The check of the subject alternative names in a certification request.

use crate::{
    policy::{
        Denial, DenialKind,
        check::CheckInput,
        collector::DenialCollector,
        facts::FactName,
        profile::{Profile, SignCertificateRule, SubjectAlternativeNames},
    },
    request::AlternativeName,
};

/// The number of names that get a denial of their own. A request may have thousands of names, and each denial
/// repeats what the profile allows.
pub(super) const MAX_DENIALS: usize = 32;

/// Checks that the kind and the suffix of each name is allowed, and denies up to [`MAX_DENIALS`] of those that
/// are not. Without the section no name is copied into the certificate, so no name is checked.
pub(super) fn names(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let Some(rule) = &input.rule.subject_alternative_names else { return Ok(()) };
    let Some(names) = collector.require(FactName::Names, input.facts.names)? else { return Ok(()) };
    let violations = names.iter().filter_map(|name| violation(input.profile, rule, "the request has", name));
    for (kind, key, message) in violations.take(MAX_DENIALS) {
        let path = format!("API.SignCertificate.SubjectAlternativeNames{key}");
        collector.add(input.denial(kind, &path, rule.line, message))?;
    }
    Ok(())
}

/// Returns the key of the section that disallows `name`, or `None` where it is allowed.
pub(super) fn disallowed_by(rule: &SubjectAlternativeNames, name: &AlternativeName) -> Option<&'static str> {
    let allowed = match name {
        AlternativeName::Dns(_) => rule.dns,
        AlternativeName::Ip(_) => rule.ip,
        AlternativeName::Uri(_) => rule.uri,
        AlternativeName::Email(_) => rule.email,
        AlternativeName::Other(_) | AlternativeName::Invalid(_) => false,
    };
    match name {
        _ if !allowed => Some("Allow"),
        AlternativeName::Dns(dns) if !rule.allow_underscore && dns.contains('_') => Some("AllowUnderscore"),
        AlternativeName::Dns(dns) if !rule.suffixes.is_empty() && !has_suffix(dns, &rule.suffixes) => {
            Some("Suffixes")
        }
        _ => None,
    }
}

/// Returns the kind of the denial, the key of the section that disallows `name` with a leading dot, and the message
/// for the caller, or `None` where the name is allowed. `holder` is what has the name, with its verb: `the request has`.
pub(super) fn violation(
    profile: &Profile,
    rule: &SubjectAlternativeNames,
    holder: &str,
    name: &AlternativeName,
) -> Option<(DenialKind, String, String)> {
    let key = disallowed_by(rule, name)?;
    let (kind, text) = match name {
        AlternativeName::Dns(name) => ("dns", escape_truncated(name)),
        AlternativeName::Ip(address) => ("ip", address.to_string()),
        AlternativeName::Uri(uri) => ("uri", escape_truncated(uri)),
        AlternativeName::Email(address) => ("email", escape_truncated(address)),
        AlternativeName::Other(form) => (*form, String::new()),
        AlternativeName::Invalid(fault) => {
            let message = format!("the request cannot be issued: its subjectAltName {fault}");
            return Some((DenialKind::NameMalformed, String::new(), message));
        }
    };
    let allowed = match key {
        "Suffixes" => format!("names that end in {}", rule.suffixes.join(", ")),
        "AllowUnderscore" => "no underscores, which host names do not have (RFC 1034 3.5)".to_owned(),
        _ => {
            let kinds = rule.kinds().filter_map(|(kind, allowed)| allowed.then_some(kind));
            let kinds: Vec<&str> = kinds.collect();
            if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
        }
    };
    let space = if text.is_empty() { "" } else { " " };
    let message = format!("{holder} the {kind} name{space}{text}; profile {} allows {allowed}", profile.name);
    Some((DenialKind::NameNotAllowed, format!(".{key}"), message))
}

/// Reports whether a DNS name ends in one of the suffixes, which are in lower case with a leading dot, with at
/// least one label before it. The first label may be `*` (RFC 6125 6.4.3), because all names that it covers
/// have the same suffix.
pub(super) fn has_suffix(name: &str, suffixes: &[String]) -> bool {
    let name = name.to_ascii_lowercase();
    suffixes.iter().any(|suffix| {
        name.strip_suffix(suffix.as_str()).is_some_and(|prefix| {
            prefix == "*" || prefix.strip_prefix("*.").unwrap_or(prefix).split('.').all(is_label)
        })
    })
}

/// Reports whether a label has only letters, digits, hyphens and underscores, and at least one of them.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Returns a text of a request or a certificate in a form that is safe in a message: escaped and of limited length.
pub(super) fn escape_truncated(name: &str) -> String {
    name.chars().take(256).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{MAX_DENIALS, has_suffix, names};
    use crate::{
        operation::CAPABILITIES,
        policy::{Catalogue, Facts, check::CheckInput, collector::DenialCollector},
        request::AlternativeName,
    };

    #[test]
    fn denies_a_bounded_number_of_names() {
        let text = "- { Name: P, API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, \
                    Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }, \
                    KeyConstraints: { Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } }, \
                    Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 384 } } }, \
                    SubjectAlternativeNames: { Allow: [ip] } } } }";
        let catalogue = Catalogue::parse("p.yaml", text, CAPABILITIES).unwrap();
        let profile = catalogue.profile("P").unwrap();
        let requested = vec![AlternativeName::Dns("a.example".into()); 20_000];
        let facts = Facts { names: Some(&requested), ..Facts::new(0) };
        let mut collector = DenialCollector::for_explanation();
        let rule = profile.sign_certificate.as_ref().unwrap();
        names(&CheckInput { profile, rule, facts: &facts }, &mut collector).unwrap();
        assert_eq!(collector.into_parts().0.len(), MAX_DENIALS);
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
            assert!(has_suffix(name, &suffixes), "{name}");
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
            assert!(!has_suffix(name, &suffixes), "{name:?}");
        }
    }
}
