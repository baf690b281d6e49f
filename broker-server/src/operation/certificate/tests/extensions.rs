//! The extensions of issued certificates.

use super::*;

#[test]
fn extensions_follow_the_profile() {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "ec:P-256");
    openssl.key("leaf", "ec:P-256");
    openssl.csr(
        "leaf",
        &["-subj", "/", "-addext", "subjectAltName=DNS:*.svc.example,IP:::1,URI:spiffe://a/b,email:a@b.c"],
    );
    let scheme = SignatureScheme::Ecdsa(SignatureHash::Sha512);
    assert_eq!(
        issue(openssl.message("leaf", "ca"), rule(scheme)).unwrap_err(),
        CertificateError::EmptySubject
    );

    let mut rule = rule(scheme);
    rule.subject_alternative_names = Some(SubjectAlternativeNames::default());
    rule.key_usage = KeyUsage(KeyUsage::KEY_ENCIPHERMENT);
    rule.ski_hash = SkiHash::Sha512;
    rule.basic_constraints = BasicConstraints { ca: true, path_len: Some(3), ..BasicConstraints::default() };
    // A CA must have a name (RFC 5280 4.1.2.6).
    let empty_subject = issue(openssl.message("leaf", "ca"), rule.clone()).unwrap_err();
    assert_eq!(empty_subject, CertificateError::EmptySubject);
    rule.basic_constraints = BasicConstraints::default();
    let mut message = openssl.message("leaf", "ca");
    message.crl_distribution_points = vec!["http://a.example/1".into(), "https://[::1]:8/2?x".into()];
    let issued = issue(message, rule.clone()).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    assert!(names.critical);
    assert_eq!(names.value.general_names.len(), 4);
    assert!(matches!(names.value.general_names[0], GeneralName::DNSName("*.svc.example")));
    assert_eq!(usage_bits(&leaf), None, "keyUsage without bits");
    let basic = leaf.basic_constraints().unwrap().unwrap();
    assert!(!basic.critical && !basic.value.ca && basic.value.path_len_constraint.is_none());
    let points = leaf.iter_extensions().find_map(|e| match e.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(points.points.len()),
        _ => None,
    });
    assert_eq!(points, Some(2));
    assert_eq!(issued.subject_key_id.len(), 40);

    let mut message = openssl.message("leaf", "ca");
    message.subject = Some("C=DE,CN=new".into());
    rule.basic_constraints = BasicConstraints { ca: true, path_len: Some(3), ..BasicConstraints::default() };
    let issued = issue(message, rule).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    let basic = leaf.basic_constraints().unwrap().unwrap();
    assert!(basic.critical && basic.value.ca && basic.value.path_len_constraint == Some(3));
    assert!(!leaf.subject_alternative_name().unwrap().unwrap().critical);
    assert_eq!(leaf.subject().to_string(), "C=DE, CN=new");
    assert!(issued.issuer.contains("OU=Two") && issued.issuer.contains("OU=One"), "{}", issued.issuer);
}

#[test]
fn issuer_without_key_identifier_gets_one_by_method_1() {
    let openssl = OpenSsl::new();
    openssl.key("ca", "ec:P-256");
    openssl.csr("ca", &["-subj", "/CN=x"]);
    openssl.run(
        "req -x509 -new -key ca.key -subj /CN=root -days 30 -addext subjectKeyIdentifier=none -out ca.crt",
    );
    let issued =
        issue(openssl.message("ca", "ca"), rule(SignatureScheme::Ecdsa(SignatureHash::Sha256))).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    let authority = leaf.iter_extensions().find_map(|e| match e.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| hex::encode(id.0)),
        _ => None,
    });
    // Subject and issuer have the same key, so their identifiers are equal.
    assert_eq!(authority, Some(issued.subject_key_id));
}

/// Returns an extension as `openssl x509 -ext` prints it, without indentation.
fn printed(openssl: &OpenSsl, name: &str) -> String {
    let text = openssl.run(&format!("x509 -inform DER -in leaf.der -noout -ext {name}"));
    let lines = std::str::from_utf8(&text).unwrap().lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("|")
}

#[test]
fn openssl_reads_the_extensions_that_the_profile_states() {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "ec:P-256");
    openssl.key("leaf", "ec:P-256");
    openssl.csr("leaf", &["-subj", "/CN=a.svc.example"]);
    let mut rule = rule(SignatureScheme::Ecdsa(SignatureHash::Sha256));
    rule.key_usage = KeyUsage(KeyUsage::DIGITAL_SIGNATURE);
    rule.extended_key_usage = vec![ExtendedKeyUsage::TimeStamping];
    rule.extended_key_usage_critical = true;
    rule.basic_constraints = BasicConstraints { critical: true, ..BasicConstraints::default() };
    let url = |path: &str| format!("http://pki.example/{path}");
    rule.authority_information_access = AuthorityInformationAccess {
        ocsp: vec![url("ocsp")],
        ca_issuers: vec![url("ca.cer"), url("ca2.cer")],
    };
    rule.certificate_policies = vec![
        CertificatePolicy { oid: Oid::from_text("2.23.140.1.2.1").unwrap(), cps: None },
        CertificatePolicy { oid: Oid::from_text("2.999.1").unwrap(), cps: Some(url("cps")) },
    ];
    rule.crl_distribution_points = Some(CrlDistributionPoints { urls: vec![url("ca.crl")], line: 1 });
    let issued = issue(openssl.message("leaf", "ca"), rule.clone()).unwrap();
    openssl.write("leaf.der", &issued.der);
    for (name, expected) in [
        (
            "authorityInfoAccess",
            "Authority Information Access:|OCSP - URI:http://pki.example/ocsp|CA Issuers - URI:http://pki.example/ca.cer|\
             CA Issuers - URI:http://pki.example/ca2.cer",
        ),
        (
            "certificatePolicies",
            "X509v3 Certificate Policies:|Policy: 2.23.140.1.2.1|Policy: 2.999.1|CPS: http://pki.example/cps",
        ),
        ("crlDistributionPoints", "X509v3 CRL Distribution Points:|Full Name:|URI:http://pki.example/ca.crl"),
        ("basicConstraints", "X509v3 Basic Constraints: critical|CA:FALSE"),
        ("extendedKeyUsage", "X509v3 Extended Key Usage: critical|Time Stamping"),
    ] {
        assert_eq!(printed(&openssl, name), expected);
    }
    openssl.run("x509 -inform DER -in leaf.der -out leaf.crt");
    openssl.run("verify -x509_strict -purpose timestampsign -CAfile ca.crt leaf.crt");

    rule.basic_constraints = BasicConstraints { omit: true, ..BasicConstraints::default() };
    rule.extended_key_usage = vec![ExtendedKeyUsage::ServerAuth];
    rule.extended_key_usage_critical = false;
    let issued = issue(openssl.message("leaf", "ca"), rule).unwrap();
    let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
    assert!(leaf.basic_constraints().unwrap().is_none());
    openssl.write("leaf.der", &issued.der);
    assert_eq!(
        printed(&openssl, "extendedKeyUsage"),
        "X509v3 Extended Key Usage:|TLS Web Server Authentication"
    );
    openssl.run("x509 -inform DER -in leaf.der -out leaf.crt");
    openssl.run("verify -x509_strict -purpose sslserver -CAfile ca.crt leaf.crt");
}
