//! CA certificates with an ML-DSA-65 key and every defect of the table. OpenSSL before 3.5 does not know ML-DSA, so the verdicts
//! are compared with those about the same certificate with an EC key, which `openssl verify` shares, and what is issued with
//! what is issued under that certificate. The signatures are verified by RustCrypto's `ml-dsa`.

use super::{
    CA, Setup,
    support::ml_dsa_ca::{certificate, composite_certificate, fields, has_issued, private_key},
    table::{Row, all_rows},
};

fn to_pem(label: &str, der: Vec<u8>) -> String {
    pem::encode(&pem::Pem::new(label, der))
}

fn to_der(text: &str) -> Vec<u8> {
    pem::parse(text).unwrap().into_contents()
}

impl Setup {
    /// Issues a certificate under `ca.pem` with the ML-DSA key in place of its own.
    async fn issue_by_ml_dsa(&self, profile: &str, csr: &str) -> Result<String, (String, String)> {
        let ca = to_pem("CERTIFICATE", certificate(&to_der(&self.read("ca.pem"))));
        self.issue_by(&format!("MlDsa{profile}"), csr, to_pem("PRIVATE KEY", private_key()), ca).await
    }
}

/// Returns the parts of a certificate that do not depend on the time and on the issuer's key: issuer, subject, the subject's key,
/// and the extensions.
fn contents(certificate: &[u8]) -> [Vec<u8>; 4] {
    let fields = fields(certificate);
    [2, 4, 5, 6].map(|index| fields.get(index).cloned().unwrap_or_default())
}

#[tokio::test]
async fn verdicts_do_not_depend_on_the_kind_of_the_issuers_key() {
    let setup = Setup::new();
    let (mut accepted, mut refused) = (0, 0);
    for row in all_rows() {
        let Row { ca, profile, subject, names, refused: reason } = &row;
        let case = format!("{ca}{profile:?} {subject} {names}");
        setup.make_ca(ca);
        let csr = setup.csr(subject, names);
        setup.issue_by_ml_dsa(&format!("Free{profile}"), &csr).await.unwrap();
        let checked = format!("Checked{profile}");
        match (setup.issue_by_ml_dsa(&checked, &csr).await, setup.issue(&checked, &csr).await) {
            (Ok(by_ml_dsa), Ok(by_ec)) => {
                accepted += 1;
                assert!(reason.is_empty(), "{case}");
                let (by_ml_dsa, by_ec) = (to_der(&by_ml_dsa), to_der(&by_ec));
                assert!(has_issued(&by_ml_dsa), "{case}");
                // Without a key identifier in the CA certificate, that of the issued one is made of the CA's key.
                if ca.contains("subjectKeyIdentifier") {
                    assert_eq!(contents(&by_ml_dsa), contents(&by_ec), "{case}");
                }
            }
            (Err((reason, by_ml_dsa)), Err((_, by_ec))) => {
                refused += 1;
                assert_eq!(reason, "ISSUER_NOT_ALLOWED", "{case}");
                assert_eq!(by_ml_dsa.replace(&format!("MlDsa{checked}"), &checked), by_ec, "{case}");
            }
            verdicts => panic!("{case}: {verdicts:?}"),
        }
    }
    assert!(accepted > 40 && refused > 40, "{accepted} accepted, {refused} refused");
}

#[tokio::test]
async fn ml_dsa_issuers_must_be_valid_now() {
    let setup = Setup::new();
    let csr = setup.csr("/CN=app", "");
    for (not_before, not_after, is_valid) in [
        ("200101000000Z", "210101000000Z", false),
        ("21000101000000Z", "99991231235959Z", false),
        ("00010101000000Z", "20991231235959Z", true),
    ] {
        setup.make_dated_ca(not_before, not_after);
        for (profile, refuses) in
            [("Empty", true), ("Checked", true), ("Free", false), ("AllowExpired", false)]
        {
            match setup.issue_by_ml_dsa(profile, &csr).await {
                Ok(certificate) => {
                    assert!(is_valid || !refuses, "{profile}");
                    assert!(has_issued(&to_der(&certificate)));
                }
                Err((reason, message)) => {
                    assert!(refuses && !is_valid, "{profile}: {message}");
                    assert_eq!(reason, "ISSUER_NOT_ALLOWED", "{message}");
                }
            }
        }
    }
}

/// A certificate whose signature was made with another key than that of the CA would not verify.
#[tokio::test]
async fn ml_dsa_key_must_be_that_of_the_certificate() {
    let setup = Setup::new();
    setup.make_ca(CA);
    let csr = setup.csr("/CN=app", "");
    let ca = setup.read("ca.pem");
    let (reason, message) =
        setup.issue_by("MlDsaChecked", &csr, to_pem("PRIVATE KEY", private_key()), ca).await.unwrap_err();
    assert_eq!(reason, "KEY_MISMATCH", "{message}");
}

/// No profile signs certificates with a composite, so its CA is refused before any check, with that reason.
#[tokio::test]
async fn composite_issuers_are_unsupported() {
    let setup = Setup::new();
    setup.make_ca(CA);
    let csr = setup.csr("/CN=app", "");
    let ca = to_pem("CERTIFICATE", composite_certificate(&to_der(&setup.read("ca.pem"))));
    for profile in ["MlDsaChecked", "MlDsaFree"] {
        let refusal = setup
            .issue_by(profile, &csr, to_pem("PRIVATE KEY", private_key()), ca.clone())
            .await
            .unwrap_err();
        assert_eq!(refusal.0, "FIELD_UNSUPPORTED", "{refusal:?}");
        assert!(refusal.1.starts_with("ca_cert: "), "{refusal:?}");
    }
}
