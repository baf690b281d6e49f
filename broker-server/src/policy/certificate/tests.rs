//! The rules for the subject, for keyUsage and for the CRL distribution points.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use crate::{
    algorithm::{Curve, KeyType},
    operation::CAPABILITIES,
    policy::{
        CaFacts, Catalogue, Denial, DenialKind, Facts,
        certificate::Decide as _,
        explain,
        permit::SignCertificate,
        profile::{KeyUsage, Profile},
    },
    request::{AlternativeName, Name},
};

/// Returns a profile whose section `SignCertificate` also has the keys `more`, in line 10.
fn profile(more: &str) -> Arc<Profile> {
    let text = format!(
        "- Name: P
  API:
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-256
      Validity: {{ ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }}
      KeyConstraints:
        Subject: {{ ECDSA: {{ MinKeySize: 256, MaxKeySize: 256 }}, RSA: {{ MinKeySize: 2048, MaxKeySize: 4096 }}, Ed25519: {{}} }}
        Issuer: {{ ECDSA: {{ MinKeySize: 256, MaxKeySize: 384 }} }}
      {more}
"
    );
    let catalogue = Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"));
    Arc::clone(&catalogue.profiles()[0])
}

fn facts<'a>(subject: &'a Name, names: &'a [AlternativeName]) -> Facts<'a> {
    Facts {
        subject_key: Some(KeyType::Ec(Curve::P256)),
        issuer_key: Some(KeyType::Ec(Curve::P256)),
        ca: Some(CaFacts { is_ca: true, not_after: i64::MAX, ..CaFacts::default() }),
        subject: Some(subject),
        names: Some(names),
        ..Facts::new(1_800_000_000)
    }
}

fn denials(profile: &Profile, facts: &Facts<'_>) -> Vec<Denial> {
    let explanation = explain(profile, "SignCertificate", facts);
    assert_eq!(explanation.missing_facts, []);
    explanation.denials
}

/// Returns the keys below `API.SignCertificate.` of the rules that deny the subject.
fn denying_rules(profile: &Profile, subject: &Name, names: &[AlternativeName]) -> Vec<String> {
    let denials = denials(profile, &facts(subject, names));
    assert!(denials.iter().all(|denial| denial.line == Some(10)), "{denials:?}");
    let short = |denial: Denial| denial.rule.trim_start_matches("API.SignCertificate.").to_owned();
    denials.into_iter().map(short).collect()
}

fn subject(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

fn dns(name: &str) -> AlternativeName {
    AlternativeName::Dns(name.to_owned())
}

#[test]
fn common_names_are_judged_as_alternative_names() {
    let suffixes = profile("SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] }");
    for (cn, rule) in [
        ("a.svc.example", None),
        ("A.SVC.example.", None),
        ("*.svc.example", None),
        ("Max Mustermann", None),
        ("www.bank.example", Some("Suffixes")),
        ("WWW.BANK.EXAMPLE", Some("Suffixes")),
        ("www.bank.example.", Some("Suffixes")),
        ("*.bank.example", Some("Suffixes")),
        ("w*.bank.example", Some("Suffixes")),
        ("svc.example", Some("Suffixes")),
        ("a.svc.example.evil", Some("Suffixes")),
        ("www。bank．example", Some("Suffixes")),
        ("bänk.example", Some("Suffixes")),
        ("localhost", Some("Suffixes")),
        ("10.0.0.1", Some("Allow")),
        ("127.1", Some("Allow")),
        ("::1", Some("Allow")),
        ("[::1]", Some("Allow")),
    ] {
        let found =
            denying_rules(&suffixes, &subject(&format!("O=Example,CN={cn},OU=www.bank.example")), &[]);
        let expected: Vec<String> =
            rule.map(|key| format!("SubjectAlternativeNames.{key}")).into_iter().collect();
        assert_eq!(found, expected, "{cn}");
    }
    let any = profile("SubjectAlternativeNames: { Allow: [dns] }");
    for (cn, allowed) in [("www.bank.example", true), ("localhost", true), ("10.0.0.1", false)] {
        assert_eq!(denying_rules(&any, &subject(&format!("CN={cn}")), &[]).is_empty(), allowed, "{cn}");
    }
    let addresses = profile("SubjectAlternativeNames: { Allow: [ip] }");
    for (cn, allowed) in [("10.0.0.1", true), ("::1", true), ("a.example", false), ("localhost", true)] {
        assert_eq!(denying_rules(&addresses, &subject(&format!("CN={cn}")), &[]).is_empty(), allowed, "{cn}");
    }
    // Each commonName is judged, whether or not the request has alternative names.
    let two = subject("CN=a.svc.example,CN=www.bank.example");
    assert_eq!(denying_rules(&suffixes, &two, &[dns("a.svc.example")]), ["SubjectAlternativeNames.Suffixes"]);
    assert_eq!(denying_rules(&profile("MaxSubjectLength: 100"), &two, &[]), [""; 0]);

    let www = subject("CN=www.bank.example");
    let [denial] = &denials(&suffixes, &facts(&www, &[]))[..] else { panic!("one denial") };
    assert_eq!(denial.kind, DenialKind::NameNotAllowed);
    assert_eq!(
        denial.message,
        "the subject's CN is the dns name www.bank.example; profile P allows names that end in .svc.example"
    );
}

#[test]
fn email_addresses_are_judged_as_mailboxes() {
    // emailAddress=a@b.example (RFC 2985 5.2.1).
    let der = b"\x30\x1c\x31\x1a\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01\x16\x0ba@b.example";
    let subject = Name::from_der(der).unwrap();
    let rule = "SubjectAlternativeNames.Allow";
    assert_eq!(denying_rules(&profile("SubjectAlternativeNames: { Allow: [dns] }"), &subject, &[]), [rule]);
    assert_eq!(
        denying_rules(&profile("SubjectAlternativeNames: { Allow: [email] }"), &subject, &[]),
        [""; 0]
    );
    assert_eq!(denying_rules(&profile("Subject: { Allow: [emailAddress] }"), &subject, &[]), [""; 0]);
    assert_eq!(denying_rules(&profile("Subject: { Allow: [CN] }"), &subject, &[]), ["Subject.Allow"]);
}

#[test]
fn denials_of_a_subject_are_bounded() {
    let subject = subject(&vec!["CN=www.bank.example"; 1000].join(","));
    let suffixes = profile("SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] }");
    assert_eq!(denials(&suffixes, &facts(&subject, &[])).len(), 32);
    let rules =
        profile("Subject: { Allow: [O], Values: { O: [x] }, CommonName: { Suffixes: [.svc.example] } }");
    assert_eq!(denials(&rules, &facts(&subject, &[])).len(), 64);
}

#[test]
fn subject_rules_name_what_they_refuse() {
    let rules = profile(
        "Subject: { Allow: [CN, O, C, 2.5.4.11], Require: [CN, O], Values: { O: [Example AG, Example Ltd], C: [DE] } }",
    );
    for (text, expected) in [
        ("C=DE,O=Example AG,CN=x", &[][..]),
        ("O=Example Ltd,OU=Unit,CN=x,CN=y", &[]),
        ("O=Example AG,L=Berlin,CN=x", &["Subject.Allow"]),
        ("O=Example AG", &["Subject.Require"]),
        ("C=DE", &["Subject.Require", "Subject.Require"]),
        ("O=Example ag,CN=x", &["Subject.Values.O"]),
        ("O=Example AG,O=Other,C=FR,CN=x", &["Subject.Values.O", "Subject.Values.C"]),
    ] {
        assert_eq!(denying_rules(&rules, &subject(text), &[]), expected, "{text}");
    }
    let other = subject("O=Other,L=Berlin,CN=x");
    let found: Vec<(DenialKind, String)> = denials(&rules, &facts(&other, &[]))
        .into_iter()
        .map(|denial| (denial.kind, denial.message))
        .collect();
    let expected = [
        "the subject has L; profile P allows CN, O, C, OU",
        "the subject's O is Other; profile P allows Example AG, Example Ltd",
    ];
    assert_eq!(found, expected.map(|message| (DenialKind::SubjectNotAllowed, message.to_owned())));
    assert_eq!(denying_rules(&profile("Subject: { Allow: [] }"), &other, &[]).len(), 3);
}

#[test]
fn common_name_rules_look_at_each_common_name() {
    let suffixes = profile("Subject: { CommonName: { Suffixes: [.svc.example] } }");
    let rule = "Subject.CommonName.Suffixes";
    for (text, expected) in [
        ("O=x", &[][..]),
        ("CN=A.svc.example", &[]),
        ("CN=Alice", &[rule]),
        ("CN=10.0.0.1", &[rule]),
        ("CN=Max Mustermann,CN=a.svc.example,CN=www.bank.example", &[rule, rule]),
    ] {
        assert_eq!(denying_rules(&suffixes, &subject(text), &[]), expected, "{text}");
    }
    let matching = profile(
        "Subject: { CommonName: { MatchSubjectAlternativeName: true } }
      SubjectAlternativeNames: { Allow: [dns, ip, uri] }",
    );
    let names = [
        dns("A.example"),
        AlternativeName::Ip([10, 0, 0, 1].into()),
        AlternativeName::Uri("spiffe://a/b".into()),
    ];
    for (text, allowed) in [
        ("O=x", true),
        ("CN=a.EXAMPLE", true),
        ("CN=a.example.", true),
        ("CN=10.0.0.1,CN=spiffe://a/b", true),
        ("CN=b.example", false),
        ("CN=Alice", false),
    ] {
        let found = denials(&matching, &facts(&subject(text), &names));
        assert_eq!(found.is_empty(), allowed, "{text}: {found:?}");
        assert!(found.iter().all(|denial| denial.rule.ends_with("CommonName.MatchSubjectAlternativeName")));
    }
    let named = subject("CN=a.example");
    assert!(!denials(&matching, &facts(&named, &[])).is_empty());
    let made = profile(
        "Subject: { CommonName: { MatchSubjectAlternativeName: true } }
      SubjectAlternativeNames: { Allow: [dns], FromCommonName: true }",
    );
    assert_eq!(denials(&made, &facts(&named, &[])), []);
    assert!(!denials(&made, &facts(&named, &[dns("b.example")])).is_empty());
}

#[test]
fn names_come_from_common_names_only_without_others() {
    let rules = profile(
        "SubjectAlternativeNames: { Allow: [dns, ip], Suffixes: [.svc.example], FromCommonName: true }",
    );
    let rule = rules.sign_certificate.as_ref().unwrap();
    let made = |text: &str, names: &[AlternativeName]| {
        let subject = subject(text);
        let facts = facts(&subject, names);
        assert_eq!(denials(&rules, &facts), []);
        SignCertificate::parameters(&rules, rule, &facts).unwrap().names_from_common_names
    };
    assert_eq!(
        made("CN=A.svc.example,CN=10.0.0.1,CN=a.svc.example.", &[]),
        [dns("a.svc.example"), AlternativeName::Ip([10, 0, 0, 1].into())]
    );
    assert_eq!(made("CN=*.svc.example", &[]), [dns("*.svc.example")]);
    assert_eq!(made("CN=Max Mustermann", &[]), []);
    assert_eq!(made("CN=a.svc.example", &[dns("b.svc.example")]), []);
    // An address in another notation is judged, but becomes no name.
    assert_eq!(made("CN=127.1", &[]), []);
}

#[test]
fn subject_length_counts_characters() {
    let limited = profile("MaxSubjectLength: 11");
    for (text, allowed) in
        [("CN=12345678", true), ("CN=ÄÖÜäöü78", true), ("CN=123456789", false), ("C=DE,CN=123", true)]
    {
        let found = denying_rules(&limited, &subject(text), &[]);
        assert_eq!(found.is_empty(), allowed, "{text}: {found:?}");
    }
    let long = subject("CN=123456789");
    let [denial] = &denials(&limited, &facts(&long, &[]))[..] else { panic!("one denial") };
    assert_eq!(denial.kind, DenialKind::SubjectNotAllowed);
    assert_eq!(denial.message, "the subject has 12 characters (RFC 4514); profile P allows 11");
}

#[test]
fn key_that_can_have_no_usage_is_denied() {
    let subject = subject("CN=x");
    let agreement = profile("KeyUsage: [keyAgreement]");
    let with = |key| Facts { subject_key: Some(key), ..facts(&subject, &[]) };
    assert_eq!(denials(&agreement, &with(KeyType::Ec(Curve::P256))), []);
    for key in [KeyType::Rsa { bits: 2048 }, KeyType::Ed25519] {
        let [denial] = &denials(&agreement, &with(key))[..] else { panic!("one denial") };
        assert_eq!((denial.kind, denial.line), (DenialKind::SubjectKeyNotAllowed, Some(10)));
        assert_eq!(denial.rule, "API.SignCertificate.KeyUsage");
        assert_eq!(
            denial.message,
            format!("the subject key is {key}, which can have none of the usages of profile P: keyAgreement")
        );
    }
    let both = profile("KeyUsage: [digitalSignature, keyAgreement]");
    let rule = both.sign_certificate.as_ref().unwrap();
    for (key, bits) in [
        (KeyType::Rsa { bits: 2048 }, KeyUsage::DIGITAL_SIGNATURE),
        (KeyType::Ec(Curve::P256), KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT),
    ] {
        let parameters = SignCertificate::parameters(&both, rule, &with(key)).unwrap();
        assert_eq!(parameters.key_usage, KeyUsage(bits));
    }
    assert_eq!(denials(&profile("KeyUsage: []"), &with(KeyType::Ed25519)), []);
}

#[test]
fn crl_distribution_points_are_those_of_the_profile() {
    let subject = subject("CN=x");
    let stated = profile("CRLDistributionPoints: [\"http://a.example/\", \"http://b.example/\"]");
    let [a, b, c] = ["http://a.example/", "http://b.example/", "http://c.example/"].map(str::to_owned);
    for (requested, allowed) in [
        (vec![], true),
        (vec![a.clone(), b.clone()], true),
        (vec![b.clone(), a.clone()], true),
        (vec![a.clone()], false),
        (vec![a, b, c.clone()], false),
        (vec![c.clone()], false),
    ] {
        let facts = Facts { crl_distribution_points: Some(&requested), ..facts(&subject, &[]) };
        let found = denials(&stated, &facts);
        assert_eq!(found.is_empty(), allowed, "{requested:?}");
        assert!(found.iter().all(|denial| denial.kind == DenialKind::CrlDistributionPointNotAllowed));
        assert_eq!(denials(&profile("KeyUsage: []"), &facts), []);
    }
}
