#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::sync::{Arc, LazyLock};

use super::{decide, evaluate};
use crate::{
    algorithm::{Curve, KeyType, MlDsa},
    caller::Caller,
    operation::CAPABILITIES,
    policy::{
        CaFacts, Catalogue, Denial, DenialKind, FactName, Facts,
        collector::DenialCollector,
        explain,
        permit::{self, CertificateParameters, SignCertificate},
        profile::KeyUsage,
    },
    request::{AlternativeName, HashData, HashFormat, Name, Oid},
};

const NOW: i64 = 1_800_000_000;
const CALLER: Caller = Caller { uid: 1000, gid: 1000, pid: Some(1) };

const RSA: fn(u32) -> KeyType = |bits| KeyType::Rsa { bits };
const EC: fn(Curve) -> KeyType = KeyType::Ec;

fn bundled() -> Catalogue {
    Catalogue::bundled(CAPABILITIES).unwrap()
}

/// Returns a catalogue with the profile `P`, whose section `SignCertificate` also has the keys `more`.
fn certificate_catalogue(more: &str) -> Catalogue {
    let text = format!(
        "- Name: P
  API:
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-256
      Validity: {{ ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }}
      KeyConstraints:
        Subject: {{ ECDSA: {{ MinKeySize: 256, MaxKeySize: 256 }} }}
        Issuer: {{ ECDSA: {{ MinKeySize: 256, MaxKeySize: 384 }} }}
      {more}
"
    );
    Catalogue::parse("p.yaml", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
}

fn ca() -> CaFacts<'static> {
    CaFacts { is_ca: true, not_after: i64::MAX, ..CaFacts::default() }
}

static SUBJECT: LazyLock<Name> = LazyLock::new(|| Name::from_text("CN=Test Subject").unwrap());

fn facts() -> Facts<'static> {
    Facts {
        subject: Some(&SUBJECT),
        subject_key: Some(EC(Curve::P256)),
        issuer_key: Some(EC(Curve::P384)),
        ca: Some(ca()),
        names: Some(&[]),
        requested_extensions: Some(&[]),
        ..Facts::new(NOW)
    }
}

/// Decides on a certificate, and checks that the first denial of an explanation is the denial of the decision.
fn issue(catalogue: &Catalogue, profile: &str, facts: &Facts<'_>) -> Result<CertificateParameters, Denial> {
    let profile = catalogue.profile(profile).unwrap();
    let decision = evaluate::<SignCertificate>(profile, facts, &mut DenialCollector::for_decision());
    let explanation = explain(profile, "SignCertificate", facts);
    assert_eq!(explanation.denials.first(), decision.as_ref().err());
    assert_eq!(explanation.missing_facts, []);
    decision.map(|(_, parameters)| parameters)
}

#[test]
fn bundled_profiles_allow_the_documented_keys() {
    let catalogue = bundled();
    let subjects = [
        RSA(2048),
        RSA(3072),
        RSA(4096),
        RSA(8192),
        RSA(15380),
        EC(Curve::P224),
        EC(Curve::P256),
        EC(Curve::P384),
        EC(Curve::P521),
    ];
    let issuers = [RSA(3072), EC(Curve::P256), EC(Curve::P384), EC(Curve::P521)];
    // The subjects and the issuers that are allowed, in the order above.
    let rows = [
        ("Default", "yyy---yyy", "--yy"),
        ("KSA-MODERATE-2020", "-yyy--yy-", "y---"),
        ("KSA-ADVANCED-2020", "--------y", "---y"),
        ("FIPS-140-3-128bit", "-yyy--yy-", "y---"),
        ("FIPS-140-3-192bit", "---yy--yy", "--yy"),
        ("FIPS-140-3-256bit", "----y---y", "---y"),
    ];
    for (name, subject_row, issuer_row) in rows {
        for (subject, subject_allowed) in subjects.iter().zip(subject_row.bytes()) {
            for (issuer, issuer_allowed) in issuers.iter().zip(issuer_row.bytes()) {
                let facts = Facts { subject_key: Some(*subject), issuer_key: Some(*issuer), ..facts() };
                let kind = issue(&catalogue, name, &facts).err().map(|denial| denial.kind);
                let expected = match (subject_allowed, issuer_allowed) {
                    (b'y', b'y') => None,
                    (b'y', _) => Some(DenialKind::IssuerKeyNotAllowed),
                    _ => Some(DenialKind::SubjectKeyNotAllowed),
                };
                assert_eq!(kind, expected, "{name}: {subject} under {issuer}");
            }
        }
    }
}

#[test]
fn key_sizes_are_inclusive() {
    let catalogue = bundled();
    for (bits, allowed) in [(3071, false), (3072, true), (8192, true), (8193, false)] {
        let facts = Facts { subject_key: Some(RSA(bits)), issuer_key: Some(RSA(3072)), ..facts() };
        assert_eq!(issue(&catalogue, "KSA-MODERATE-2020", &facts).is_ok(), allowed, "{bits}");
    }
}

#[test]
fn denial_names_the_key_and_the_allowed_keys() {
    let catalogue = bundled();
    let facts = Facts { subject_key: Some(RSA(2048)), issuer_key: Some(RSA(3072)), ..facts() };
    let denial = issue(&catalogue, "KSA-MODERATE-2020", &facts).unwrap_err();
    assert_eq!(
        denial.message,
        "the subject key is RSA 2048; profile KSA-MODERATE-2020 allows RSA 3072 to 8192 and ECDSA 256 to 384"
    );
    assert_eq!(denial.rule, "API.SignCertificate.KeyConstraints.Subject.RSA");
    let rule = catalogue.profile("KSA-MODERATE-2020").unwrap().sign_certificate.clone().unwrap();
    assert_eq!(denial.line, rule.subject_keys.rsa.map(|range| range.line));

    let facts = Facts { subject_key: Some(KeyType::Ed25519), ..facts };
    let denial = issue(&catalogue, "KSA-MODERATE-2020", &facts).unwrap_err();
    assert_eq!(denial.rule, "API.SignCertificate.KeyConstraints.Subject");
    assert_eq!(denial.line, Some(rule.subject_keys.line));
}

#[test]
fn post_quantum_profile_allows_its_kinds_of_key() {
    let catalogue = bundled();
    let with = |subject, issuer| Facts { subject_key: Some(subject), issuer_key: Some(issuer), ..facts() };
    let issuer = KeyType::MlDsa(MlDsa::MlDsa65);
    assert!(issue(&catalogue, "PQC-ML-DSA-65", &with(KeyType::MlDsa(MlDsa::MlDsa44), issuer)).is_ok());
    assert!(issue(&catalogue, "PQC-ML-DSA-65", &with(EC(Curve::P256), issuer)).is_ok());
    let denial = issue(&catalogue, "PQC-ML-DSA-65", &with(EC(Curve::P256), KeyType::MlDsa(MlDsa::MlDsa87)))
        .unwrap_err();
    assert_eq!(denial.message, "the issuer key is ML-DSA-87; profile PQC-ML-DSA-65 allows ML-DSA-65");
}

#[test]
fn denies_issuer_keys_that_do_not_fit_the_algorithm() {
    let catalogue = Catalogue::parse(
        "p",
        "- Name: P\n  API: { SignCertificate: { SignAlg: ed25519, Validity: { ValidNotBeforeOffset: 0, \
         ValidNotAfterOffset: 1h }, KeyConstraints: { Subject: { Ed25519: {} }, Issuer: { Ed25519: {}, \
         RSA: { MinKeySize: 2048, MaxKeySize: 4096 } } } } }",
        CAPABILITIES,
    )
    .unwrap();
    let facts = Facts { subject_key: Some(KeyType::Ed25519), issuer_key: Some(RSA(3072)), ..facts() };
    let denial = issue(&catalogue, "P", &facts).unwrap_err();
    assert_eq!(denial.kind, DenialKind::AlgorithmMismatch);
    assert_eq!(denial.rule, "API.SignCertificate.SignAlg");
    assert_eq!(denial.message, "the issuer key is RSA 3072; profile P signs with ed25519");
}

#[test]
fn validity_window_is_inclusive() {
    let catalogue = certificate_catalogue("");
    let (first, last) = (NOW - 3600, NOW + 24 * 3600);
    let parameters = issue(&catalogue, "P", &facts()).unwrap();
    assert_eq!((parameters.not_before, parameters.not_after), (first, last));
    for (not_before, not_after, refused) in [
        (Some(first), Some(last), None),
        (Some(last), Some(first), None), // the operation checks the order
        (Some(first - 1), None, Some("ValidNotBeforeOffset")),
        (Some(last + 1), None, Some("ValidNotAfterOffset")),
        (None, Some(last + 1), Some("ValidNotAfterOffset")),
        (None, Some(first - 1), Some("ValidNotBeforeOffset")),
        (Some(i64::MIN), None, Some("ValidNotBeforeOffset")),
        (None, Some(i64::MAX), Some("ValidNotAfterOffset")),
    ] {
        let decision = issue(&catalogue, "P", &Facts { not_before, not_after, ..facts() });
        let rule = decision.as_ref().err().map(|denial| denial.rule.clone());
        let expected = refused.map(|key| format!("API.SignCertificate.Validity.{key}"));
        assert_eq!(rule, expected, "{not_before:?} {not_after:?}");
        if let Err(denial) = decision {
            assert_eq!((denial.kind, denial.line), (DenialKind::ValidityNotAllowed, Some(6)));
        }
    }
    let denial = issue(&catalogue, "P", &Facts { not_before: Some(first - 1), ..facts() }).unwrap_err();
    assert_eq!(
        denial.message,
        "the requested notBefore is 2027-01-15T06:59:59Z; profile P allows 2027-01-15T07:00:00Z to \
         2027-01-16T08:00:00Z (now -1h to +24h)"
    );
}

#[test]
fn names_are_checked_only_where_the_section_is_present() {
    let names = [
        AlternativeName::Dns("a.svc.example".into()),
        AlternativeName::Dns("evil.example".into()),
        AlternativeName::Ip([10, 0, 0, 1].into()),
        AlternativeName::Other("directoryName"),
    ];
    let facts = Facts { names: Some(&names), ..facts() };
    assert!(issue(&certificate_catalogue(""), "P", &facts).is_ok());
    let catalogue =
        certificate_catalogue("SubjectAlternativeNames: { Allow: [dns], Suffixes: [.SVC.example] }");
    let denials = explain(catalogue.profile("P").unwrap(), "SignCertificate", &facts).denials;
    let found: Vec<(&str, &str)> =
        denials.iter().map(|denial| (denial.rule.as_str(), denial.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (
                "API.SignCertificate.SubjectAlternativeNames.Suffixes",
                "the request has the dns name evil.example; profile P allows names that end in .svc.example"
            ),
            (
                "API.SignCertificate.SubjectAlternativeNames.Allow",
                "the request has the ip name 10.0.0.1; profile P allows dns"
            ),
            (
                "API.SignCertificate.SubjectAlternativeNames.Allow",
                "the request has the directoryName name; profile P allows dns"
            ),
        ]
    );
    assert!(denials.iter().all(|denial| denial.line == Some(10)));
    let catalogue = certificate_catalogue("SubjectAlternativeNames: { Allow: [] }");
    assert!(issue(&catalogue, "P", &Facts { names: Some(&names[..1]), ..facts }).is_err());
}

#[test]
fn underscores_need_permission() {
    let names = [AlternativeName::Dns("a_b.example".into())];
    let facts = Facts { names: Some(&names), ..facts() };
    let denial = issue(&certificate_catalogue("SubjectAlternativeNames: { Allow: [dns] }"), "P", &facts);
    let denial = denial.unwrap_err();
    assert_eq!(denial.kind, DenialKind::NameNotAllowed);
    assert_eq!(denial.rule, "API.SignCertificate.SubjectAlternativeNames.AllowUnderscore");
    let catalogue = certificate_catalogue("SubjectAlternativeNames: { Allow: [dns], AllowUnderscore: true }");
    assert!(issue(&catalogue, "P", &facts).is_ok());
}

#[test]
fn invalid_names_matter_only_where_names_are_copied() {
    let names = [AlternativeName::Invalid("has the dNSName `10.0.0.1`, which is an IP address".into())];
    let facts = Facts { names: Some(&names), ..facts() };
    assert!(issue(&certificate_catalogue(""), "P", &facts).is_ok());
    let catalogue = certificate_catalogue("SubjectAlternativeNames: { Allow: [dns, ip, uri, email] }");
    let denial = issue(&catalogue, "P", &facts).unwrap_err();
    assert_eq!((denial.kind, denial.line), (DenialKind::NameMalformed, Some(10)));
    assert_eq!(denial.rule, "API.SignCertificate.SubjectAlternativeNames");
    assert_eq!(
        denial.message,
        "the request cannot be issued: its subjectAltName has the dNSName `10.0.0.1`, which is an IP address"
    );
}

#[test]
fn unknown_extensions_are_refused_where_the_profile_says_so() {
    let [unknown, other, usage, names, policies] =
        ["1.2.3", "2.999.4", "2.5.29.15", "2.5.29.17", "2.5.29.32"].map(|text| Oid::from_text(text).unwrap());
    let extensions = [names.clone(), unknown, usage.clone(), other];
    let some = Facts { requested_extensions: Some(&extensions), ..facts() };
    for more in ["", "UnknownExtensions: ignore"] {
        assert!(issue(&certificate_catalogue(more), "P", &some).is_ok(), "{more}");
    }
    let catalogue = certificate_catalogue("UnknownExtensions: refuse");
    assert!(issue(&catalogue, "P", &facts()).is_ok());
    let denial = issue(&catalogue, "P", &some).unwrap_err();
    assert_eq!((denial.kind, denial.line), (DenialKind::ExtensionNotAllowed, Some(10)));
    assert_eq!(denial.rule, "API.SignCertificate.UnknownExtensions");
    assert_eq!(
        denial.message,
        "the request asks for the extensions 1.2.3, 2.999.4, which the broker does not issue; profile P refuses such \
         requests"
    );
    // Those that the broker knows are not unknown under a profile that does not have them.
    let known = [names, usage, policies];
    let known = |count| Facts { requested_extensions: known.get(..count), ..facts() };
    assert!(issue(&catalogue, "P", &known(2)).is_ok());
    assert_eq!(issue(&catalogue, "P", &known(3)).unwrap_err().kind, DenialKind::ExtensionNotAllowed);
    let states = certificate_catalogue("UnknownExtensions: refuse\n      CertificatePolicies: [2.999.7]");
    assert!(issue(&states, "P", &known(3)).is_ok());
}

#[test]
fn require_ca_checks_the_ca_certificate() {
    let sign = KeyUsage::KEY_CERT_SIGN;
    let leaf = certificate_catalogue("IssuerChecks: { RequireCA: true }");
    let under = |own: &str| {
        certificate_catalogue(&format!(
            "IssuerChecks: {{ RequireCA: true }}\n      KeyUsage: [keyCertSign]\n      \
             BasicConstraints: {{ CA: true{own} }}"
        ))
    };
    let (any, zero, two) = (under(""), under(", PathLenConstraint: 0"), under(", PathLenConstraint: 2"));
    let most = under(", PathLenConstraint: 255");
    for (catalogue, ca, allowed) in [
        (&leaf, ca(), true),
        (&leaf, CaFacts { is_ca: false, ..ca() }, false),
        (&leaf, CaFacts { key_usage: Some(sign | 1), ..ca() }, true),
        (&leaf, CaFacts { key_usage: Some(1), ..ca() }, false),
        (&leaf, CaFacts { path_len: Some(0), ..ca() }, true),
        (&any, CaFacts { path_len: Some(0), ..ca() }, false),
        (&any, CaFacts { path_len: Some(1), ..ca() }, true),
        (&zero, CaFacts { path_len: Some(0), ..ca() }, false),
        (&zero, CaFacts { path_len: Some(1), ..ca() }, true),
        (&two, CaFacts { path_len: Some(2), ..ca() }, false),
        (&two, CaFacts { path_len: Some(3), ..ca() }, true),
        (&most, CaFacts { path_len: Some(255), ..ca() }, false),
        (&most, CaFacts { path_len: Some(256), ..ca() }, true),
        (&most, CaFacts { path_len: Some(u64::MAX), ..ca() }, true),
        (&two, ca(), true),
    ] {
        let decision = issue(catalogue, "P", &Facts { ca: Some(ca), ..facts() });
        assert_eq!(decision.is_ok(), allowed, "{ca:?}");
        if let Err(denial) = decision {
            assert_eq!(denial.kind, DenialKind::IssuerNotAllowed);
            assert_eq!(denial.rule, "API.SignCertificate.IssuerChecks.RequireCA");
            assert_eq!(denial.line, Some(10));
        }
    }
    let without = certificate_catalogue("");
    assert!(issue(&without, "P", &Facts { ca: Some(CaFacts { is_ca: false, ..ca() }), ..facts() }).is_ok());
}

#[test]
fn nest_validity_denies_validity_outside_that_of_ca() {
    let catalogue = certificate_catalogue("IssuerChecks: { NestValidity: true }");
    let (first, last) = (NOW - 3600, NOW + 24 * 3600);
    for (not_before, not_after, allowed) in
        [(first, last, true), (first + 1, last, false), (first, last - 1, false)]
    {
        let ca = CaFacts { not_before, not_after, ..ca() };
        let decision = issue(&catalogue, "P", &Facts { ca: Some(ca), ..facts() });
        assert_eq!(decision.is_ok(), allowed);
    }
    let ca = CaFacts { not_before: NOW, not_after: NOW + 60, ..ca() };
    let nested = Facts { ca: Some(ca), not_before: Some(NOW), not_after: Some(NOW + 60), ..facts() };
    assert!(issue(&catalogue, "P", &nested).is_ok());
}

#[test]
fn sunset_is_checked_only_where_it_is_enforced() {
    let document = |settings: &str, after: &str| {
        format!(
            "Settings: {{ {settings} }}\nProfiles:\n  - Name: Old\n    Deprecation: {{ RemoveAfter: \"{after}\", \
             ReplacedBy: New }}\n    API: {{ HashData: {{ HashAlg: sha-256 }} }}\n"
        )
    };
    let hash = |text: &str, now| {
        let catalogue = Catalogue::parse("p", text, CAPABILITIES).unwrap();
        let request = HashData { input: Vec::new().into(), format: HashFormat::Hex };
        decide::<permit::HashData>(&CALLER, &Arc::clone(&catalogue.profiles()[0]), request, now).err()
    };
    // 2027-01-15 ends at 1 800 057 600.
    let day = document("EnforceSunset: true", "2027-01-15");
    assert_eq!(hash(&day, 1_800_057_599), None);
    let denial = hash(&day, 1_800_057_600).unwrap();
    assert_eq!(denial.kind, DenialKind::ProfileRetired);
    assert_eq!((denial.rule.as_str(), denial.line), ("Deprecation.RemoveAfter", Some(4)));
    assert_eq!(denial.message, "profile Old is not served after 2027-01-15; use profile New instead");
    let instant = document("EnforceSunset: true", "2027-01-15T08:00:00Z");
    assert_eq!(hash(&instant, 1_800_000_000), None);
    assert!(hash(&instant, 1_800_000_001).is_some());
    assert_eq!(hash(&document("", "2027-01-15"), i64::MAX), None);
}

#[test]
fn denies_operations_without_a_section() {
    let catalogue = certificate_catalogue("");
    let profile = catalogue.profile("P").unwrap();
    let request = HashData { input: Vec::new().into(), format: HashFormat::Hex };
    let denial = decide::<permit::HashData>(&CALLER, profile, request, NOW).err().unwrap();
    assert_eq!(denial.kind, DenialKind::OperationNotAllowed);
    assert_eq!((denial.rule.as_str(), denial.line), ("API.HashData", Some(1)));
    assert_eq!(denial.message, "profile P has no section API.HashData; it allows SignCertificate");
    assert_eq!(explain(profile, "HashData", &Facts::new(NOW)).denials, [denial]);
    let near = explain(profile, "Signcertificate", &Facts::new(NOW)).denials;
    assert!(near[0].message.ends_with("did you mean SignCertificate?"), "{near:?}");
}

#[test]
fn explain_lists_every_denial() {
    let catalogue = certificate_catalogue("IssuerChecks: { RequireCA: true, NestValidity: true }");
    let facts = Facts {
        subject_key: Some(RSA(1024)),
        issuer_key: Some(RSA(1024)),
        ca: Some(CaFacts { key_usage: Some(1), not_before: NOW, not_after: NOW, ..CaFacts::default() }),
        not_after: Some(NOW + 100 * 3600),
        ..facts()
    };
    let kinds: Vec<DenialKind> = explain(catalogue.profile("P").unwrap(), "SignCertificate", &facts)
        .denials
        .iter()
        .map(|denial| denial.kind)
        .collect();
    use DenialKind::*;
    assert_eq!(
        kinds,
        [
            SubjectKeyNotAllowed,
            IssuerKeyNotAllowed,
            AlgorithmMismatch,
            ValidityNotAllowed,
            IssuerNotAllowed,
            IssuerNotAllowed,
            IssuerNotAllowed
        ]
    );
    let unknown = explain(catalogue.profile("P").unwrap(), "SignCertificate", &Facts::new(NOW));
    assert_eq!(unknown.denials, []);
    assert_eq!(unknown.missing_facts, [FactName::SubjectKey, FactName::IssuerKey, FactName::CaCertificate]);
}

#[test]
fn decision_without_a_required_fact_is_a_denial() {
    let catalogue = certificate_catalogue("");
    let facts = Facts { issuer_key: None, ..facts() };
    let profile = catalogue.profile("P").unwrap();
    let decision = evaluate::<SignCertificate>(profile, &facts, &mut DenialCollector::for_decision());
    assert_eq!(decision.unwrap_err().kind, DenialKind::MissingFact);
}
