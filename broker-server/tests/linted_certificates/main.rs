//! Issues one certificate for each kind of subject key under each bundled profile, under the profiles of
//! `docs/examples`, and under two more for what these do not issue. `interop/lint` lints what this test writes to
//! `LINTED_CERTIFICATES_DIR`; without the variable the test only checks that the certificates are issued and verify
//! strictly.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod material;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;

use broker_proto::v1::{SignOutputFormat, sign_certificate_response::SignedCertificate};
use material::{Authority, Material};
use support::Broker;

/// A document of profiles: the bundled one, or this text.
enum Document {
    Bundled,
    Text(&'static str),
}

/// Profile, the key of its CA, the keys of subjects, and the alternative names of its requests.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str);

const DNS: &str = "DNS:www.example.com,DNS:*.svc.example.com";
const EVERY_FORM: &str =
    "DNS:www.example.com,IP:192.0.2.1,IP:2001:db8::1,URI:https://www.example.com/a,email:info@example.com";

const BUNDLED: &[Row] = &[
    ("Default", "p-384", &["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521"], ""),
    ("KSA-MODERATE-2020", "rsa-3072", &["rsa-3072", "rsa-4096", "rsa-8192", "p-256", "p-384"], ""),
    ("KSA-ADVANCED-2020", "p-521", &["p-521"], ""),
    ("FIPS-140-3-128bit", "rsa-3072", &["rsa-3072", "rsa-4096", "rsa-8192", "p-256", "p-384"], ""),
    ("FIPS-140-3-192bit", "p-384", &["rsa-8192", "rsa-15380", "p-384", "p-521"], ""),
    ("FIPS-140-3-256bit", "p-521", &["rsa-15380", "p-521"], ""),
    (
        "PQC-ML-DSA-65",
        "ml-dsa-65",
        &["ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "p-256", "p-384", "p-521", "rsa-3072", "rsa-4096"],
        EVERY_FORM,
    ),
];
const SERVERAUTH: &[Row] =
    &[("TLS-Server-OV", "p-384", &["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521"], DNS)];
const OTHERS: &[Row] = &[
    ("Subordinate-CA", "p-384", &["rsa-3072", "p-256", "p-384", "ed25519", "ml-dsa-65"], ""),
    ("Ed25519", "ed25519", &["ed25519", "p-256"], EVERY_FORM),
];

#[tokio::test]
async fn each_kind_of_subject_is_certified_under_each_profile() {
    let temporary = support::private_folder();
    let folder = std::env::var_os("LINTED_CERTIFICATES_DIR")
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let material = Material::default();
    for (document, rows) in [
        (Document::Bundled, BUNDLED),
        (Document::Text(include_str!("profiles.yaml")), OTHERS),
        (Document::Text(include_str!("../../../docs/examples/serverauth.yaml")), SERVERAUTH),
    ] {
        let profiles = support::private_folder();
        let broker = match document {
            Document::Bundled => Broker::start(&[]),
            Document::Text(text) => {
                std::fs::write(profiles.path().join("Profiles.yaml"), text).unwrap();
                Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()])
            }
        };
        let mut client = broker.crypto().await;
        for (profile, issuer, subjects, names) in rows {
            let authority = Authority::new(issuer);
            for subject in *subjects {
                let mut request = authority.request(profile, &material.csr(subject, names));
                request.output_format = SignOutputFormat::Pem.into();
                if *profile == "TLS-Server-OV" {
                    // The CA is younger than an hour.
                    request.valid_not_before = Some(now());
                } else {
                    request.crl_distribution_points.push("http://crl.example.com/ca.crl".to_owned());
                }
                if material::FIXTURES.iter().any(|(kind, _)| kind == subject) {
                    request.subject = Some("C=DE, O=Example AG, CN=leaf".to_owned());
                }
                let answer = client.sign_certificate(request).await;
                let answer = answer.unwrap_or_else(|status| panic!("{profile}, {subject}: {status}"));
                let Some(SignedCertificate::Pem(certificate)) = answer.into_inner().signed_certificate else {
                    panic!("{profile}, {subject}: expected PEM")
                };
                if !subject.starts_with("ml-dsa") {
                    authority.verify(&certificate);
                }
                std::fs::write(folder.join(format!("{profile}.{subject}.pem")), certificate).unwrap();
            }
        }
    }
}

/// Returns the time in Unix seconds.
fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// Reads the bundled catalogue, so that a new profile must get its row.
#[test]
fn each_bundled_profile_has_a_row() {
    let document = include_str!("../../../profiles/Profiles.yaml");
    let mut issuing = Vec::new();
    for profile in
        document.split("\n  - Name: ").skip(1).filter(|text| text.contains("\n      SignCertificate:\n"))
    {
        issuing.push(profile.lines().next().unwrap().trim());
    }
    let rows: Vec<_> = BUNDLED.iter().map(|row| row.0).collect();
    assert_eq!(rows, issuing);
}
