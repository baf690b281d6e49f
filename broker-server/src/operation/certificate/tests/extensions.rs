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
    rule.basic_constraints = BasicConstraints { ca: true, path_len: Some(3) };
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
    rule.basic_constraints = BasicConstraints { ca: true, path_len: Some(3) };
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
