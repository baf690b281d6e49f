//! The profile's rules for subjects and extensions, through the socket: what is refused, and what `openssl` says of what is
//! issued.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path};

use broker_proto::v1::{self, sign_certificate_response::SignedCertificate};
use support::{Broker, pki, pki::Ca, private_folder, reason};
use tonic::{Code, Status, transport::Channel};
use v1::crypto_service_client::CryptoServiceClient;

const PROFILES: &str = "\
Profiles:
  - Name: S
    API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, KEYS, ExtendedKeyUsage: [serverAuth],
      SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] } } }
  - Name: Email
    API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, KEYS, SubjectAlternativeNames: { Allow: [email] } } }
  - Name: FromCn
    API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, KEYS, ExtendedKeyUsage: [serverAuth],
      SubjectAlternativeNames: { Allow: [dns, ip], Suffixes: [.svc.example], FromCommonName: true } } }
  - Name: Subject
    API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, KEYS, MaxSubjectLength: 40,
      Subject: { Allow: [C, O, CN], Require: [CN], Values: { O: [Example] } } } }
  - Name: Stated
    API: { SignCertificate: { SignAlg: ecdsa, HashAlg: sha-256, KEYS, KeyUsage: [keyAgreement],
      BasicConstraints: { Critical: true }, CRLDistributionPoints: [http://pki.example/ca.crl],
      AuthorityInformationAccess: { OCSP: [http://ocsp.example/], CAIssuers: [http://pki.example/ca.cer] },
      CertificatePolicies: [2.23.140.1.2.1, { OID: 1.3.6.1.4.1.99999.1, CPS: https://pki.example/cps }] } }
";

const KEYS: &str = "Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }, KeyConstraints: { \
    Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 }, RSA: { MinKeySize: 2048, MaxKeySize: 2048 } }, \
    Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } } }";

struct Setup {
    // Keeps the process alive.
    _broker: Broker,
    client: CryptoServiceClient<Channel>,
    ca: Ca,
}

impl Setup {
    async fn new() -> Self {
        let folder = private_folder();
        let text = PROFILES.replace("KEYS", KEYS);
        fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
        let broker = Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]);
        let client = broker.crypto().await;
        Self { _broker: broker, client, ca: Ca::new("p-256") }
    }

    fn folder(&self) -> &Path {
        self.ca.folder.path()
    }

    /// Returns a CSR for a new P-256 key whose subject and extensions are those of an `openssl` configuration.
    fn csr(&self, subject: &str, extensions: &str) -> String {
        let config = format!(
            "[req]\nprompt=no\nutf8=yes\nstring_mask=utf8only\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\n{subject}\n\
             [ext]\nkeyUsage=digitalSignature\n{extensions}\n"
        );
        fs::write(self.folder().join("csr.cnf"), config).unwrap();
        pki::openssl(
            self.folder(),
            &format!("req -new -config csr.cnf {} -nodes -keyout leaf.key", pki::new_key("p-256")),
        )
    }

    async fn sign(&mut self, profile: &str, csr: &str) -> Result<String, Status> {
        self.send(self.ca.request(profile, csr)).await
    }

    async fn send(&mut self, mut request: v1::SignCertificateRequest) -> Result<String, Status> {
        request.output_format = v1::SignOutputFormat::Pem.into();
        let answer = self.client.sign_certificate(request).await?.into_inner();
        let Some(SignedCertificate::Pem(pem)) = answer.signed_certificate else { panic!("expected PEM") };
        fs::write(self.folder().join("leaf.pem"), &pem).unwrap();
        Ok(pem)
    }

    /// Reports whether `openssl` verifies the certificate that was issued last with further options.
    fn verifies(&self, options: &str) -> bool {
        pki::try_openssl(self.folder(), &format!("verify -CAfile ca.pem {options} leaf.pem")).is_ok()
    }

    /// Returns extensions of the certificate that was issued last, as `openssl` prints them.
    fn extensions(&self, names: &str) -> String {
        pki::openssl(self.folder(), &format!("x509 -in leaf.pem -noout -ext {names}"))
    }
}

#[track_caller]
fn assert_refused(answer: Result<String, Status>, reason: &str, rule: &str, words: &str) {
    use tonic_types::StatusExt as _;
    let status = answer.unwrap_err();
    assert_eq!(
        (status.code(), support::reason(&status).as_str()),
        (Code::FailedPrecondition, reason),
        "{status}"
    );
    let info = status.get_error_details().error_info().cloned().unwrap();
    assert_eq!(info.metadata["rule"], format!("API.SignCertificate.{rule}"), "{status}");
    assert!(info.metadata["line"].parse::<u32>().is_ok_and(|line| line > 1));
    assert!(status.message().contains(words), "{status}");
}

/// The request of the case that was reported: a common name outside the suffixes, and no alternative name.
#[tokio::test]
async fn common_name_outside_the_suffixes_is_refused() {
    let mut setup = Setup::new().await;
    let csr = setup.csr("CN=www.bank.example", "");
    let answer = setup.sign("S", &csr).await;
    assert_refused(
        answer,
        "NAME_NOT_ALLOWED",
        "SubjectAlternativeNames.Suffixes",
        "the subject's CN is the dns name www.bank.example",
    );
    // The subject of the request is replaced by that of the field, which is the one that counts.
    let mut request = setup.ca.request("S", &csr);
    request.subject = Some("CN=a.svc.example".to_owned());
    setup.send(request.clone()).await.unwrap();
    assert!(
        setup.verifies("-verify_hostname a.svc.example")
            && !setup.verifies("-verify_hostname www.bank.example")
    );
    request.csr = setup.csr("CN=a.svc.example", "");
    request.subject = Some("O=Example,CN=10.0.0.1".to_owned());
    assert_refused(
        setup.send(request).await,
        "NAME_NOT_ALLOWED",
        "SubjectAlternativeNames.Allow",
        "10.0.0.1",
    );
}

/// Every host outside the suffixes that a common name spells is refused, or does not verify.
#[tokio::test]
async fn no_spelling_of_a_common_name_verifies_for_another_host() {
    const HOSTS: [&str; 3] = ["www.bank.example", "bank", "b\u{e4}nk.example"];
    let mut setup = Setup::new().await;
    let mut issued = 0;
    for string in ["utf8only", "MASK:0x4", "MASK:0x800"] {
        for host in HOSTS {
            let wildcard = host.split_once('.').map(|(_, rest)| format!("*.{rest}")).unwrap_or_default();
            let partial = host
                .split_once('.')
                .map(|(label, rest)| format!("{}*.{rest}", &label[..1]))
                .unwrap_or_default();
            for spelling in [
                host.to_owned(),
                host.to_uppercase(),
                format!("{host}."),
                wildcard,
                partial,
                format!("{host} Ltd"),
                format!("The {host}"),
            ] {
                for subject in [
                    format!("CN={spelling}"),
                    format!("0.CN=a.svc.example\n1.CN={spelling}"),
                    format!("0.CN={spelling}\n1.CN=a.svc.example"),
                    format!("O=Example\n+CN={spelling}"),
                ] {
                    let config = format!(
                        "[req]\nprompt=no\nutf8=yes\nstring_mask={string}\ndistinguished_name=dn\n[dn]\n{subject}\n"
                    );
                    fs::write(setup.folder().join("csr.cnf"), config).unwrap();
                    // One key serves all requests. Some strings have no encoding of some types.
                    let key = setup.ca.key.clone();
                    fs::write(setup.folder().join("leaf.key"), key).unwrap();
                    let Ok(csr) = pki::try_openssl(setup.folder(), "req -new -config csr.cnf -key leaf.key")
                    else {
                        continue;
                    };
                    match setup.sign("S", &csr).await {
                        Ok(_) => {
                            issued += 1;
                            assert!(
                                HOSTS.iter().all(|host| !setup.verifies(&format!("-verify_hostname {host}"))),
                                "{string}: {subject}"
                            );
                        }
                        Err(status) => {
                            let expected = ["NAME_NOT_ALLOWED", "FIELD_MALFORMED", "FIELD_UNSUPPORTED"];
                            assert!(expected.contains(&reason(&status).as_str()), "{subject}: {status}");
                        }
                    }
                }
            }
        }
    }
    assert!(issued > 0, "nothing was issued");
}

#[tokio::test]
async fn email_addresses_in_the_subject_are_judged() {
    let mut setup = Setup::new().await;
    let csr = setup.csr("O=Example\nemailAddress=a@bank.example", "");
    let answer = setup.sign("S", &csr).await;
    assert_refused(
        answer,
        "NAME_NOT_ALLOWED",
        "SubjectAlternativeNames.Allow",
        "emailAddress is the email name a@bank",
    );
    setup.sign("Email", &csr).await.unwrap();
    assert!(setup.verifies("-verify_email a@bank.example"));
}

#[tokio::test]
async fn alternative_names_come_from_the_common_name() {
    let mut setup = Setup::new().await;
    let csr = setup.csr("0.CN=A.svc.example\n1.CN=10.0.0.1", "");
    setup.sign("FromCn", &csr).await.unwrap();
    let names = setup.extensions("subjectAltName");
    assert!(
        names.contains("DNS:a.svc.example, IP Address:10.0.0.1") && !names.contains("critical"),
        "{names}"
    );
    assert!(
        setup.verifies("-x509_strict -verify_hostname a.svc.example")
            && setup.verifies("-verify_ip 10.0.0.1")
    );

    let csr = setup.csr("CN=a.svc.example", "subjectAltName=DNS:b.svc.example");
    setup.sign("FromCn", &csr).await.unwrap();
    let names = setup.extensions("subjectAltName");
    assert!(names.contains("DNS:b.svc.example") && !names.contains("DNS:a."), "{names}");

    let csr = setup.csr("CN=Max Mustermann", "");
    setup.sign("FromCn", &csr).await.unwrap();
    assert!(!setup.extensions("subjectAltName").contains("DNS"));
    let csr = setup.csr("CN=www.bank.example", "");
    let answer = setup.sign("FromCn", &csr).await;
    assert_refused(answer, "NAME_NOT_ALLOWED", "SubjectAlternativeNames.Suffixes", "www.bank.example");
}

#[tokio::test]
async fn subjects_are_those_of_the_profile() {
    let mut setup = Setup::new().await;
    for (subject, rule) in [
        ("C=DE\nO=Example\nCN=x", None),
        ("CN=x", None),
        ("O=Example", Some("Subject.Require")),
        ("O=Example\nOU=Unit\nCN=x", Some("Subject.Allow")),
        ("O=Other\nCN=x", Some("Subject.Values.O")),
        ("O=Example\nCN=a name of more than thirty characters", Some("MaxSubjectLength")),
    ] {
        let csr = setup.csr(subject, "");
        let answer = setup.sign("Subject", &csr).await;
        match rule {
            None => assert!(answer.is_ok(), "{subject}: {answer:?}"),
            Some(rule) => assert_refused(answer, "SUBJECT_NOT_ALLOWED", rule, "; profile Subject "),
        }
    }
}

#[tokio::test]
async fn openssl_reads_the_extensions_of_the_profile() {
    let mut setup = Setup::new().await;
    let csr = setup.csr("CN=x", "");
    let mut request = setup.ca.request("Stated", &csr);
    for points in [vec![], vec!["http://pki.example/ca.crl".to_owned()]] {
        request.crl_distribution_points = points;
        setup.send(request.clone()).await.unwrap();
        assert!(setup.verifies("-x509_strict"));
        let text = setup.extensions(
            "authorityInfoAccess,certificatePolicies,crlDistributionPoints,basicConstraints,keyUsage",
        );
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        for expected in [
            "X509v3 Basic Constraints: critical",
            "Key Agreement",
            "URI:http://pki.example/ca.crl",
            "OCSP - URI:http://ocsp.example/",
            "CA Issuers - URI:http://pki.example/ca.cer",
            "Policy: 2.23.140.1.2.1",
            "Policy: 1.3.6.1.4.1.99999.1",
            "CPS: https://pki.example/cps",
        ] {
            assert!(lines.contains(&expected), "{expected}: {text}");
        }
    }
    request.crl_distribution_points = vec!["http://other.example/ca.crl".to_owned()];
    assert_refused(
        setup.send(request).await,
        "CRL_DISTRIBUTION_POINT_NOT_ALLOWED",
        "CRLDistributionPoints",
        "exactly http://pki.example/ca.crl",
    );
    let rsa = pki::csr(setup.folder(), "rsa-2048");
    let answer = setup.sign("Stated", &rsa).await;
    assert_refused(
        answer,
        "SUBJECT_KEY_NOT_ALLOWED",
        "KeyUsage",
        "none of the usages of profile Stated: keyAgreement",
    );
}
