//! Combines six bundled profiles, four issuers and nine CSRs through the socket. Checks that certificates are issued
//! exactly where the constraints allow it, and that `openssl` verifies them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use broker_proto::v1;
use support::{Broker, pki};
use x509_parser::prelude::FromDer as _;

/// Profile, subject RSA, subject ECDSA, issuer RSA, issuer ECDSA: the table of `docs/profiles.md`, repeated here as an
/// independent check of the bundled document.
type Row = (&'static str, Range, Range, Range, Range);
type Range = Option<(u32, u32)>;

const PROFILES: [Row; 6] = [
    ("Default", Some((2048, 4096)), Some((256, 521)), None, Some((384, 521))),
    ("KSA-MODERATE-2020", Some((3072, 8192)), Some((256, 384)), Some((3072, 8192)), None),
    ("KSA-ADVANCED-2020", None, Some((521, 521)), None, Some((521, 521))),
    ("FIPS-140-3-128bit", Some((3072, 8192)), Some((256, 384)), Some((3072, 8192)), None),
    ("FIPS-140-3-192bit", Some((8192, 15380)), Some((384, 521)), None, Some((384, 521))),
    ("FIPS-140-3-256bit", Some((15380, 15380)), Some((521, 521)), None, Some((521, 521))),
];
const ISSUERS: [&str; 4] = ["rsa-3072", "p-256", "p-384", "p-521"];
const SUBJECTS: [&str; 9] =
    ["rsa-2048", "rsa-3072", "rsa-4096", "rsa-8192", "rsa-15380", "p-224", "p-256", "p-384", "p-521"];

#[tokio::test]
async fn issues_exactly_what_constraints_allow() {
    let broker = Broker::start(&[]);
    let mut client = broker.crypto().await;
    let folder = support::private_folder();
    let csrs = SUBJECTS.map(|kind| match kind {
        // Generating keys of this size takes minutes.
        "rsa-8192" => include_str!("fixtures/rsa-8192.csr").to_owned(),
        "rsa-15380" => include_str!("fixtures/rsa-15380.csr").to_owned(),
        kind => pki::csr(folder.path(), kind),
    });
    let cas = ISSUERS.map(pki::Ca::new);
    let mut issued = 0;
    for (profile, subject_rsa, subject_ec, issuer_rsa, issuer_ec) in PROFILES {
        for (issuer, ca) in ISSUERS.iter().zip(&cas) {
            for (subject, csr) in SUBJECTS.iter().zip(&csrs) {
                let case = format!("{profile}: {subject} under {issuer}");
                let answer = client.sign_certificate(request(profile, csr, ca)).await;
                let subject_fits = fits(subject, subject_rsa, subject_ec);
                let expected = match (subject_fits, fits(issuer, issuer_rsa, issuer_ec)) {
                    (false, _) => Err("SUBJECT_KEY_NOT_ALLOWED"),
                    (true, false) => Err("ISSUER_KEY_NOT_ALLOWED"),
                    (true, true) => Ok(()),
                };
                match (answer, expected) {
                    (Ok(answer), Ok(())) => {
                        let Some(v1::sign_certificate_response::SignedCertificate::Pem(pem)) =
                            answer.into_inner().signed_certificate
                        else {
                            panic!("{case}: expected PEM")
                        };
                        ca.verify_strictly(&pem);
                        assert_original_bytes(&case, &pem, csr, &ca.certificate);
                        issued += 1;
                    }
                    (Err(status), Err(reason)) => {
                        assert_eq!(status.code(), tonic::Code::FailedPrecondition, "{case}: {status}");
                        assert_eq!(support::reason(&status), reason, "{case}: {status}");
                    }
                    (Ok(_), Err(reason)) => panic!("{case}: issued, expected {reason}"),
                    (Err(status), Ok(())) => panic!("{case}: refused: {status}"),
                }
            }
        }
    }
    println!("{issued} certificates issued, {} refused", PROFILES.len() * 36 - issued);
    assert!(issued > 0);
}

fn request(profile: &str, csr: &str, ca: &pki::Ca) -> v1::SignCertificateRequest {
    let mut request = ca.request(profile, csr);
    request.crl_distribution_points.push("http://crl.example/ca.crl".to_owned());
    request.output_format = v1::SignOutputFormat::Pem.into();
    request
}

fn fits(kind: &str, rsa: Range, ec: Range) -> bool {
    let (family, bits) = kind.split_once('-').unwrap();
    let bits = bits.parse().unwrap();
    let range = if family == "rsa" { rsa } else { ec };
    range.is_some_and(|(min, max)| (min..=max).contains(&bits))
}

/// Checks that issuer, subject and key are byte for byte those of the CA certificate and the CSR.
fn assert_original_bytes(case: &str, pem: &str, csr: &str, ca: &str) {
    let [pem, csr, ca] = [pem, csr, ca].map(|text| pem::parse(text).unwrap().into_contents());
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&pem).unwrap();
    let (_, csr) = x509_parser::certification_request::X509CertificationRequest::from_der(&csr).unwrap();
    let (_, ca) = x509_parser::certificate::X509Certificate::from_der(&ca).unwrap();
    let info = &csr.certification_request_info;
    assert_eq!(certificate.issuer().as_raw(), ca.subject().as_raw(), "{case}: issuer");
    assert_eq!(certificate.subject().as_raw(), info.subject.as_raw(), "{case}: subject");
    assert_eq!(certificate.public_key().raw, info.subject_pki.raw, "{case}: key");
}
