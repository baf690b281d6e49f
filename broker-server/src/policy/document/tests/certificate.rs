//! The rules of `SignCertificate` that depend on each other, and the subjects and extensions that profiles state.

use super::*;
use crate::policy::{
    document::load,
    profile::{ExtendedKeyUsage, KeyUsage, SignCertificateRule},
};

/// Returns [`VALID`] with other lines in place of those of `KeyUsage` and `BasicConstraints`. They start in line 14.
fn with_keys(lines: &str) -> String {
    let start: Vec<&str> = VALID.lines().take(13).collect();
    format!("{}\n{lines}\n", start.join("\n"))
}

fn rule(lines: &str, lenient: bool) -> SignCertificateRule {
    let document = load("p.yaml", &with_keys(lines), context(), lenient)
        .unwrap_or_else(|error| panic!("{lines}: {error}"));
    document.profiles[0].sign_certificate.as_deref().unwrap().clone()
}

#[test]
fn each_rule_names_its_position_and_reason() {
    // The last of the lines is wrong.
    for (lines, key, message) in [
        ("BasicConstraints: { CA: true }", "BasicConstraints.CA", "keyCertSign"),
        (
            "KeyUsage: [digitalSignature]\nBasicConstraints: { CA: true }",
            "BasicConstraints.CA",
            "RFC 5280 4.2.1.3",
        ),
        (
            "KeyUsage: [keyCertSign]\nBasicConstraints: { CA: true, Omit: true }",
            "BasicConstraints.Omit",
            "a CA must have",
        ),
        (
            "KeyUsage: [keyCertSign]\nBasicConstraints: { CA: true, Critical: false }",
            "BasicConstraints.Critical",
            "must be critical",
        ),
        ("BasicConstraints: { Omit: true, Critical: true }", "BasicConstraints.Omit", "contradicts"),
        ("KeyUsage: [keyAgreement]", "KeyUsage", "allows RSA 3072 to 8192, and no such key"),
        ("KeyUsage: [keyAgreement, encipherOnly]", "KeyUsage", "no such key can have one of these usages"),
        ("ExtendedKeyUsage: [timeStamping, serverAuth]", "ExtendedKeyUsage", "RFC 3161 2.3"),
        (
            "ExtendedKeyUsage: [timeStamping]\nExtendedKeyUsageCritical: false",
            "ExtendedKeyUsageCritical",
            "always critical",
        ),
        ("ExtendedKeyUsageCritical: true", "ExtendedKeyUsageCritical", "needs ExtendedKeyUsage"),
        (
            "SubjectAlternativeNames: { Allow: [email], FromCommonName: true }",
            "SubjectAlternativeNames.FromCommonName",
            "neither",
        ),
        ("Subject: {}", "Subject", "has no rule"),
        ("Subject: { Allow: [cn] }", "Subject.Allow[0]", "not a type of attribute"),
        ("Subject: { Allow: [CN, 2.5.4.3] }", "Subject.Allow[1]", "duplicate"),
        ("Subject: { Allow: [CN], Require: [O] }", "Subject.Require", "has O, but `Allow` does not"),
        ("Subject: { Allow: [CN], Values: { O: [x] } }", "Subject.Values", "has O, but"),
        ("Subject: { Require: [] }", "Subject.Require", "must not be empty"),
        ("Subject: { Values: {} }", "Subject.Values", "must not be empty"),
        ("Subject: { Values: { O: [] } }", "Subject.Values.O", "must not be empty"),
        ("Subject: { Values: { O: [x, x] } }", "Subject.Values.O[1]", "duplicate"),
        (
            "Subject: { Values: { C: [DE, DEU] } }",
            "Subject.Values.C[1]",
            "is not a country code of two letters",
        ),
        (
            "Subject: { Values: { O: [\"a\\u200Bb\"] } }",
            "Subject.Values.O[0]",
            "has the invisible character U+200B at position 2, so that no subject can have this value",
        ),
        ("Subject: { Values: { DC: [é] } }", "Subject.Values.DC[0]", "which is not ASCII"),
        ("Subject: { Values: { 0: [x] } }", "Subject.Values", "must be text"),
        ("Subject: { Values: { Org: [x] } }", "Subject.Values.Org", "not a type of attribute"),
        ("Subject: { Values: { CN: [x], 2.5.4.3: [y] } }", "Subject.Values.2.5.4.3", "duplicate"),
        ("Subject: { CommonName: {} }", "Subject.CommonName", "has no rule"),
        (
            "Subject: { CommonName: { Suffixes: [svc.example] } }",
            "Subject.CommonName.Suffixes[0]",
            "not a DNS suffix",
        ),
        (
            "Subject: { CommonName: { MatchSubjectAlternativeName: true } }",
            "Subject.CommonName.MatchSubjectAlternativeName",
            "needs `SubjectAlternativeNames`",
        ),
        (
            "Subject: { CommonName: { Suffixes: [.-a.example] } }",
            "Subject.CommonName.Suffixes[0]",
            "no DNS name ends in `.-a.example`: it has a hyphen at the beginning",
        ),
        (
            "SubjectAlternativeNames: { Allow: [dns], Suffixes: [\".10\"] }",
            "SubjectAlternativeNames.Suffixes[0]",
            "no DNS name ends in `.10`: it is an IP address",
        ),
        ("MaxSubjectLength: 99999999999999999999", "MaxSubjectLength", "but is too large a number"),
        ("MaxSubjectLength: 0.5", "MaxSubjectLength", "a number with a fraction"),
        ("MaxSubjectLength: 0", "MaxSubjectLength", "the range is 1 to 65536"),
        ("CRLDistributionPoints: []", "CRLDistributionPoints", "at least one URL"),
        ("CRLDistributionPoints: [ldap://a/b]", "CRLDistributionPoints[0]", "not an http or https URL"),
        ("CRLDistributionPoints: [\"http:///a\"]", "CRLDistributionPoints[0]", "with a host"),
        (
            "CRLDistributionPoints: [http://é.example/]",
            "CRLDistributionPoints[0]",
            "which a URI does not have",
        ),
        (
            "CRLDistributionPoints: [http://a.example/, http://a.example/]",
            "CRLDistributionPoints[1]",
            "duplicate",
        ),
        ("AuthorityInformationAccess: {}", "AuthorityInformationAccess", "needs OCSP or CAIssuers"),
        ("AuthorityInformationAccess: { OCSP: [a] }", "AuthorityInformationAccess.OCSP[0]", "not an http"),
        (
            "AuthorityInformationAccess: { CAIssuers: [] }",
            "AuthorityInformationAccess.CAIssuers",
            "at least one URL",
        ),
        ("CertificatePolicies: []", "CertificatePolicies", "at least one policy"),
        ("CertificatePolicies: [1.2.3.4, 1.2.3.4]", "CertificatePolicies[1]", "duplicate policy"),
        ("CertificatePolicies: [1.2.3.4, { OID: 1.2.3.4 }]", "CertificatePolicies[1]", "duplicate policy"),
        ("CertificatePolicies: [1.2.2147483648]", "CertificatePolicies[0]", "up to 2147483647"),
        ("CertificatePolicies: [\"3.1\"]", "CertificatePolicies[0]", "not an object identifier"),
        ("CertificatePolicies: [{ CPS: http://a.example/ }]", "CertificatePolicies[0]", "`OID` is missing"),
        ("CertificatePolicies: [{ OID: 1.2.3, CPS: a }]", "CertificatePolicies[0].CPS", "not an http"),
    ] {
        let text: String = lines.lines().map(|line| format!("        {line}\n")).collect();
        let error = only_error(&with_keys(&text));
        let path = format!("Profiles[One].API.SignCertificate.{key}");
        let position = (13 + lines.lines().count() as u32, path.as_str());
        assert_eq!((error.line, error.path.as_str()), position, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    let error = only_error(&with_keys("        Subject: { Allow: [serialnumber] }"));
    assert_eq!(error.suggestion.as_deref(), Some("serialNumber"));
}

#[test]
fn reads_subjects_and_extensions() {
    let rule = rule(
        "        ExtendedKeyUsage: [timeStamping]
        BasicConstraints: { Omit: true }
        SubjectAlternativeNames: { Allow: [dns], FromCommonName: true }
        Subject:
          Allow: [CN, O, 1.2.3.4, 2.999.1]
          Require: [CN]
          Values: { O: [Example AG] }
          CommonName: { Suffixes: [.B.example, .a.example], MatchSubjectAlternativeName: true }
        MaxSubjectLength: 64
        CRLDistributionPoints: [http://a.example/ca.crl]
        AuthorityInformationAccess: { OCSP: [http://a.example/], CAIssuers: [https://a.example/ca.cer] }
        CertificatePolicies: [2.23.140.1.2.1, { OID: 1.2.3.4, CPS: https://a.example/cps }, 2.999.7]",
        false,
    );
    assert!(rule.extended_key_usage_critical && rule.basic_constraints.omit);
    assert!(rule.subject_alternative_names.unwrap().from_common_name);
    let subject = rule.subject.unwrap();
    let texts: Vec<String> = subject.allow.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["CN", "O", "1.2.3.4", "2.999.1"]);
    assert_eq!(subject.common_name.unwrap().suffixes, [".a.example", ".b.example"]);
    assert_eq!(rule.max_subject_length.unwrap().characters, 64);
    assert_eq!(rule.crl_distribution_points.unwrap().urls, ["http://a.example/ca.crl"]);
    assert_eq!(rule.authority_information_access.ca_issuers, ["https://a.example/ca.cer"]);
    assert_eq!(rule.certificate_policies[2].oid.to_string(), "2.999.7");
    assert_eq!(rule.certificate_policies[1].cps.as_deref(), Some("https://a.example/cps"));
}

#[test]
fn ca_certificates_of_lenient_readings_have_key_usage() {
    let ca = |more: &str| {
        rule(&format!("{more}        BasicConstraints: {{ CA: true, PathLenConstraint: 1 }}"), true)
    };
    let none = ca("");
    assert_eq!(none.key_usage, KeyUsage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN));
    assert_eq!(none.basic_constraints.path_len, Some(1));
    let other = ca("        KeyUsage: [digitalSignature]\n");
    assert_eq!(other.key_usage, KeyUsage(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(other.basic_constraints.path_len, None);
    let error = load(
        "p.yaml",
        &with_keys("        KeyUsage: [keyCertSign]\n        BasicConstraints: { Omit: true }"),
        context(),
        true,
    )
    .unwrap_err();
    assert!(error.to_string().contains("take the subject for a CA"), "{error}");
}

#[test]
fn time_stamping_is_critical_in_lenient_readings_too() {
    let rule = rule("        ExtendedKeyUsage: [timeStamping, serverAuth]", true);
    assert_eq!(rule.extended_key_usage, [ExtendedKeyUsage::TimeStamping, ExtendedKeyUsage::ServerAuth]);
    assert!(rule.extended_key_usage_critical);
}
