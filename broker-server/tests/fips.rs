//! `Fips: required` through the real binary: a build with AWS-LC's FIPS 140-3 module enforces it, any other rejects it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../profiles/FIPS-140-3-required.yaml");

fn profiles(text: &str) -> TempDir {
    let folder = support::private_folder();
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    folder
}

/// Runs `--check` on a document and returns the exit code and the output.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = profiles(text);
    let result = support::server().arg("--check").arg("--profiles-dir").arg(folder.path()).output().unwrap();
    let output = [result.stdout, result.stderr].concat();
    (result.status.code(), String::from_utf8(output).unwrap())
}

#[cfg(not(feature = "fips"))]
#[test]
fn build_without_module_rejects_required_fips() {
    let (code, output) = check(EXAMPLE);
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("Settings.Fips: this build has no FIPS 140-3 module"), "{output}");
    assert_eq!(check(&EXAMPLE.replace("required\n", "off\n")).0, Some(0));
}

#[cfg(feature = "fips")]
mod with_the_module {
    use broker_proto::v1;
    use v1::{hash_data_response::HashValue, sign_certificate_response::SignedCertificate};

    use super::{
        EXAMPLE, check, profiles,
        support::{
            Broker,
            aead::{decrypt_request, encrypt_request},
            pki, reason,
        },
    };

    #[test]
    fn check_reports_the_module() {
        let (code, output) = check(EXAMPLE);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("AWS-LC FIPS ") && output.contains("in its FIPS 140-3 mode"), "{output}");
    }

    #[test]
    fn rejects_unapproved_settings_with_their_line() {
        for (from, to, path) in [
            ("CryptoLibrary: aws-lc", "CryptoLibrary: native", "Profiles[FIPS-required-128bit]: "),
            ("NonceStrategy: random", "NonceStrategy: user-provided", "API.EncryptData.NonceStrategy: "),
            ("KeySize: 128", "KeySize: 192", "API.EncryptData.KeySize: "),
            (
                "EncryptAlg: aes-gcm, KeySize: 128",
                "EncryptAlg: chacha20-poly1305, KeySize: 256",
                "EncryptAlg: ",
            ),
            ("KemAlg: ml-kem-512", "KemAlg: x-wing", "API.KEM.KemAlg: "),
            ("MinKeySize: 3072", "MinKeySize: 1024", "KeyConstraints.Subject.RSA: "),
        ] {
            assert!(EXAMPLE.contains(from), "{from}");
            let line = EXAMPLE.lines().position(|line| line.contains(from)).unwrap() + 1;
            let (code, output) = check(&EXAMPLE.replacen(from, to, 1));
            assert_eq!(code, Some(2), "{to}: {output}");
            assert!(output.contains(path) && output.contains("`required`"), "{to}: {output}");
            // The diagnostic of the library refers to the profile that inherits the document's setting.
            assert!(to.contains("native") || output.contains(&format!("Profiles.yaml:{line}:")), "{output}");
        }
    }

    #[tokio::test]
    async fn serves_the_example() {
        let folder = profiles(EXAMPLE);
        let broker = Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]);
        let info = broker.info().await.get_info(v1::GetInfoRequest {}).await.unwrap().into_inner();
        assert!(info.fips);
        assert!(info.crypto_library_versions.starts_with("AWS-LC FIPS "), "{}", info.crypto_library_versions);

        let mut client = broker.crypto().await;
        let request = v1::HashDataRequest {
            profile: "FIPS-required-128bit".into(),
            input: b"abc".as_slice().into(),
            ..Default::default()
        };
        let answer = client.hash_data(request).await.unwrap().into_inner();
        // FIPS 180-4's example.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let Some(HashValue::HashValueHex(hash)) = answer.hash_value else { panic!("{answer:?}") };
        assert_eq!(hash, expected);

        let ca = pki::Ca::new("p-256");
        let csr = pki::csr(ca.folder.path(), "rsa-3072");
        let mut request = ca.request("FIPS-required-128bit", &csr);
        request.output_format = v1::SignOutputFormat::Pem.into();
        let answer = client.sign_certificate(request).await.unwrap();
        let Some(SignedCertificate::Pem(pem)) = answer.into_inner().signed_certificate else {
            panic!("expected PEM")
        };
        ca.verify_strictly(&pem);

        let key = [5; 16];
        let mut request = encrypt_request("FIPS-required-128bit", &key, &[], Some(b"data"), b"secret text");
        let sealed = client.encrypt_data(request.clone()).await.unwrap().into_inner();
        assert_eq!(sealed.cipher_metadata.as_ref().unwrap().nonce.len(), 12);
        let opened = decrypt_request("FIPS-required-128bit", &key, &sealed);
        assert_eq!(client.decrypt_data(opened).await.unwrap().into_inner().plaintext, b"secret text");
        request.encrypt_metadata.as_mut().unwrap().nonce = vec![7; 12];
        let refused = client.encrypt_data(request).await.unwrap_err();
        assert_eq!(reason(&refused), "NONCE_NOT_ALLOWED");
    }
}
