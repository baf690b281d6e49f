//! Issues certificates under every kind of issuer and verifies them with OpenSSL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod cache;
mod extensions;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use broker_proto::v1;
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate};

use super::*;
use crate::{
    algorithm::{MlDsa, SignatureHash, SignatureScheme, SkiHash},
    policy::{
        permit::CertificateParameters,
        profile::{
            AuthorityInformationAccess, BasicConstraints, CertificatePolicy, CrlDistributionPoints,
            CryptoLibrary, ExtendedKeyUsage, IssuerChecks, KeyConstraints, KeyUsage, Profile,
            SignCertificateRule, SubjectAlternativeNames, UnknownExtensions,
        },
    },
    request::{Limits, Oid, SignCertificate, material::OpenSsl},
};

fn rule(scheme: SignatureScheme) -> SignCertificateRule {
    SignCertificateRule {
        scheme,
        ski_hash: SkiHash::Sha1,
        not_before_offset: -3600,
        not_after_offset: 3600,
        subject_keys: KeyConstraints::default(),
        issuer_keys: KeyConstraints::default(),
        key_usage: KeyUsage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT),
        extended_key_usage: vec![ExtendedKeyUsage::ClientAuth],
        extended_key_usage_critical: false,
        basic_constraints: BasicConstraints::default(),
        subject_alternative_names: None,
        subject: None,
        max_subject_length: None,
        crl_distribution_points: None,
        authority_information_access: AuthorityInformationAccess::default(),
        certificate_policies: Vec::new(),
        unknown_extensions: UnknownExtensions::default(),
        issuer_checks: IssuerChecks::default(),
        line: 1,
        validity_line: 1,
        key_usage_line: 1,
    }
}

fn permit_for(
    mut message: v1::SignCertificateRequest,
    rule: SignCertificateRule,
    validity: Option<(i64, i64)>,
) -> Permit<permit::SignCertificate> {
    let request = SignCertificate::parse(&mut message, &Limits::default()).unwrap();
    assert!(message.ca_private_key.is_empty());
    let (not_before, not_after) = validity.unwrap_or((now() - 3600, now() + 3600));
    let parameters = CertificateParameters {
        not_before,
        not_after,
        scheme: rule.scheme,
        key_usage: rule.key_usage.of_key(request.csr.key_type().kind()),
        names_from_common_names: Vec::new(),
    };
    let profile = Profile {
        name: "test".into(),
        line: 1,
        library: CryptoLibrary::Native,
        deprecation: None,
        hash_data: None,
        sign_certificate: None,
        sign_data: None,
        encrypt_data: None,
        kem: None,
        groth16: None,
    };
    Permit::for_test(request, parameters, Arc::new(rule), Arc::new(profile))
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn no_cache() -> CaCache {
    CaCache::new(0, Duration::from_secs(60))
}

fn issue(message: v1::SignCertificateRequest, rule: SignCertificateRule) -> Result<Issued, CertificateError> {
    sign_certificate(permit_for(message, rule, None), &no_cache(), 0, &KeyUse::for_test())
}

fn usage_bits(certificate: &X509Certificate<'_>) -> Option<u16> {
    certificate.key_usage().unwrap().map(|usage| {
        assert!(usage.critical);
        usage.value.flags
    })
}

const CSRS: [(&str, &str, &[&str]); 9] = [
    ("rsa2048", "rsa:2048", &["-sha256", "-subj", "/CN=rsa"]),
    ("rsa3072", "rsa:3072", &["-sha384", "-subj", "/C=DE/OU=One/OU=Two/CN=twice"]),
    (
        "pss",
        "rsa:2048",
        &["-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1", "-subj", "/CN=pss"],
    ),
    ("p224", "ec:P-224", &["-sha256", "-subj", "/CN=p224"]),
    ("p256", "ec:P-256", &["-sha512", "-subj", "/CN=Zoë"]),
    ("p384", "ec:P-384", &["-sha256", "-subj", "/DC=org/DC=example/CN=a+serialNumber=7"]),
    ("p521", "ec:P-521", &["-sha512", "-subj", "/CN=p521"]),
    ("ed25519", "ed25519", &["-subj", "/CN=ed"]),
    ("t61", "ec:P-256", &["-sha256", "-subj", "/CN=caf\u{e9}", "-nameopt", "utf8"]),
];

#[test]
fn issued_certificates_verify_and_keep_the_original_bytes() {
    let openssl = OpenSsl::new();
    for (name, kind, options) in CSRS {
        openssl.key(name, kind);
        openssl.csr(name, options);
    }
    let rsa = SignatureHash::ALL.map(SignatureScheme::RsaPkcs1);
    let ecdsa = SignatureHash::ALL.map(SignatureScheme::Ecdsa);
    let issuers: [(&str, &[SignatureScheme]); 6] = [
        ("rsa:2048", &rsa),
        ("rsa:3072", &rsa),
        ("ec:P-256", &ecdsa),
        ("ec:P-384", &ecdsa),
        ("ec:P-521", &ecdsa),
        ("ed25519", &[SignatureScheme::Ed25519]),
    ];
    for (kind, schemes) in issuers {
        openssl.ca("ca", kind);
        let ca_der = openssl.run("x509 -in ca.crt -outform DER");
        let (_, ca) = X509Certificate::from_der(&ca_der).unwrap();
        let mut files = Vec::new();
        for (at, scheme) in schemes.iter().enumerate() {
            for (name, ..) in CSRS {
                let issued = issue(openssl.message(name, "ca"), rule(*scheme)).unwrap();
                let request = openssl.run(&format!("req -in {name}.csr -outform DER"));
                let (_, csr) =
                    x509_parser::certification_request::X509CertificationRequest::from_der(&request).unwrap();
                let (rest, leaf) = X509Certificate::from_der(&issued.der).unwrap();
                assert!(rest.is_empty());
                assert_eq!(leaf.issuer().as_raw(), ca.subject().as_raw());
                assert_eq!(leaf.subject().as_raw(), csr.certification_request_info.subject.as_raw());
                assert_eq!(leaf.public_key().raw, csr.certification_request_info.subject_pki.raw);
                assert_eq!(leaf.signature_algorithm, leaf.tbs_certificate.signature);
                assert_eq!(leaf.raw_serial().len(), 20);
                assert_eq!(hex::encode(leaf.raw_serial()), issued.serial);
                let expected = if name.starts_with("rsa") || name == "pss" { 0b101 } else { 0b001 };
                assert_eq!(usage_bits(&leaf), Some(expected), "{name}");
                let file = format!("{name}-{at}.der.crt");
                openssl.write(&file, &issued.der);
                files.push(file);
            }
        }
        let mut arguments = vec!["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.crt"];
        arguments.extend(files.iter().map(String::as_str));
        openssl.run_args(&arguments);
    }
}

#[test]
fn keeps_t61_subject() {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "ec:P-256");
    openssl.key("leaf", "ec:P-256");
    let config = "[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=MASK:4\n[dn]\nCN=caf\u{e9}\nOU=x\n";
    openssl.write("leaf.cnf", config.as_bytes());
    openssl.csr("leaf", &["-config", "leaf.cnf"]);
    let issued =
        issue(openssl.message("leaf", "ca"), rule(SignatureScheme::Ecdsa(SignatureHash::Sha512))).unwrap();
    assert!(issued.der.windows(6).any(|bytes| bytes == b"\x14\x04caf\xe9"), "expected a T61String");
    openssl.write("leaf.crt", &issued.der);
    openssl.run("verify -x509_strict -CAfile ca.crt leaf.crt");
}

#[test]
fn ml_dsa_keys_issue_and_are_certified() {
    use rcgen::{CertificateParams, IsCa, KeyPair, PKCS_ML_DSA_44, PKCS_ML_DSA_65, PKCS_ML_DSA_87};
    let openssl = OpenSsl::new();
    openssl.key("leaf", "ec:P-256");
    openssl.csr("leaf", &["-subj", "/CN=leaf"]);
    openssl.ca("eca", "ec:P-256");
    for (algorithm, set) in [
        (&PKCS_ML_DSA_44, MlDsa::MlDsa44),
        (&PKCS_ML_DSA_65, MlDsa::MlDsa65),
        (&PKCS_ML_DSA_87, MlDsa::MlDsa87),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap();
        let scheme = SignatureScheme::MlDsa(set);
        let request =
            crate::request::material::message(openssl.read("leaf.csr"), key.serialize_pem(), ca.pem());
        let issued = issue(request, rule(scheme)).unwrap();
        let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
        let (_, ca) = X509Certificate::from_der(ca.der()).unwrap();
        PublicKey::from_spki(ca.public_key().raw)
            .unwrap()
            .verify(SignatureScheme::MlDsa(set), leaf.tbs_certificate.as_ref(), &leaf.signature_value.data)
            .unwrap();

        let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let request =
            crate::request::material::message(csr, openssl.read("eca.key"), openssl.read("eca.crt"));
        let issued = issue(request, rule(SignatureScheme::Ecdsa(SignatureHash::Sha384))).unwrap();
        let (_, leaf) = X509Certificate::from_der(&issued.der).unwrap();
        assert_eq!(leaf.public_key().raw, ca.public_key().raw);
        assert_eq!(usage_bits(&leaf), Some(1));
    }
}

#[test]
fn times_from_2050_on_are_generalized_time() {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "ec:P-256");
    openssl.key("leaf", "ec:P-256");
    openssl.csr("leaf", &["-subj", "/CN=x"]);
    let rule = rule(SignatureScheme::Ecdsa(SignatureHash::Sha256));
    let permit =
        permit_for(openssl.message("leaf", "ca"), rule.clone(), Some((2_524_607_999, 2_524_608_000)));
    let der = sign_certificate(permit, &no_cache(), 0, &KeyUse::for_test()).unwrap().der;
    assert!(der.windows(32).any(|bytes| bytes == b"\x17\x0d491231235959Z\x18\x0f20500101000000Z"));

    let permit = permit_for(openssl.message("leaf", "ca"), rule, Some((2, 1)));
    assert_eq!(
        sign_certificate(permit, &no_cache(), 0, &KeyUse::for_test()).unwrap_err(),
        CertificateError::ValidityReversed
    );
}

#[test]
fn distinguishes_wrong_key_from_wrong_signature() {
    let openssl = OpenSsl::new();
    for name in ["ca", "other"] {
        openssl.ca(name, "ec:P-256");
    }
    openssl.ca("bigger", "ec:P-384");
    openssl.csr("ca", &["-subj", "/CN=x"]);
    let rule = rule(SignatureScheme::Ecdsa(SignatureHash::Sha256));
    for other in ["other", "bigger"] {
        let mut message = openssl.message("ca", "ca");
        message.ca_private_key = openssl.read(&format!("{other}.key"));
        assert_eq!(issue(message, rule.clone()).unwrap_err(), CertificateError::KeyMismatch);
    }

    let mut der = openssl.run("req -in ca.csr -outform DER");
    let position = der.windows(4).position(|bytes| bytes == b"\x0c\x01x0").unwrap();
    der[position + 2] = b'y';
    openssl.write("forged.der", &der);
    openssl.run("req -inform DER -in forged.der -out forged.csr");
    let error = issue(openssl.message("forged", "ca"), rule).unwrap_err();
    assert_eq!(error, CertificateError::ProofOfPossession);
    assert_eq!((error.reason(), error.field()), ("PROOF_OF_POSSESSION_FAILED", Some("csr")));
}
