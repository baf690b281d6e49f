//! The contents of the records of unary calls.

use broker_proto::v1;
use tonic::Code;
use x509_parser::prelude::FromDer as _;

use crate::support::{
    Broker,
    aead::{NONCE, decrypt_request, encrypt_request},
    pki, private_folder, reason,
};
use crate::{lines, stop};

fn request(ca: &pki::Ca, profile: &str) -> v1::SignCertificateRequest {
    let mut request = ca.request(profile, &pki::csr(ca.folder.path(), "p-256"));
    request.metadata = Some(v1::Metadata { id: "call-7".to_owned(), ..v1::Metadata::default() });
    request
}

#[tokio::test]
async fn key_uses_and_refusals_have_records() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let mut broker = Broker::start(&["--audit-log", file.to_str().unwrap(), "--drain-idle", "0"]);
    let mut client = broker.crypto().await;
    let ca = pki::Ca::new("p-384");
    let answer = client.sign_certificate(request(&ca, "Default")).await.unwrap().into_inner();
    let Some(v1::sign_certificate_response::SignedCertificate::Der(der)) = answer.signed_certificate else {
        panic!("no DER");
    };
    let denied = client.sign_certificate(request(&ca, "KSA-ADVANCED-2020")).await.unwrap_err();
    assert_eq!(
        (denied.code(), reason(&denied)),
        (Code::FailedPrecondition, "SUBJECT_KEY_NOT_ALLOWED".into())
    );
    let unknown = client.sign_certificate(request(&ca, "Nope")).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown)), (Code::NotFound, "UNKNOWN_PROFILE".into()));

    // A refusal is answered before its record is written; the drain waits for it.
    assert_eq!(stop(&mut broker), Some(0));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = lines(&file);
    assert_eq!(lines.len(), 3, "{text}");
    let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&der).unwrap();
    let issued = &lines[0];
    let serial = certificate.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(issued["serial"], serial.as_str());
    assert_eq!(issued["outcome"], "success");
    assert_eq!(issued["algorithm"], "ecdsa-with-SHA512");
    assert_eq!(issued["pid"], std::process::id());
    assert_eq!(issued["request_id"], "call-7");
    assert!(issued["issuer"].as_str().unwrap().contains("CN=Test CA"), "{issued}");
    // RFC 4514 2.1: the last relative distinguished name comes first.
    assert_eq!(issued["subject"], "OU=b,OU=a,CN=p-256");
    let not_before: jiff::Timestamp = issued["not_before"].as_str().unwrap().parse().unwrap();
    assert_eq!(not_before.as_second(), certificate.validity().not_before.timestamp());
    let (_, pem) = x509_parser::pem::parse_x509_pem(ca.certificate.as_bytes()).unwrap();
    let issuer = pem.parse_x509().unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, issuer.public_key().raw);
    assert_eq!(issued["key_fingerprint"], format!("sha256:{}", hex::encode(digest)).as_str());
    assert_eq!(lines[1]["outcome"], "refused");
    assert_eq!(lines[1]["reason"], "SUBJECT_KEY_NOT_ALLOWED");
    assert!(lines[1]["rule_line"].as_u64().is_some());
    assert_eq!(lines[2]["reason"], "UNKNOWN_PROFILE");
    assert!(!text.contains("BEGIN"));
}

#[tokio::test]
async fn records_of_encryption_contain_no_request_data() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let mut broker = Broker::start(&["--audit-log", file.to_str().unwrap(), "--drain-idle", "0"]);
    let mut client = broker.crypto().await;
    let (profile, key) = ("FIPS-140-3-128bit", b"sixteen bytes!!!");
    let request = encrypt_request(profile, key, &NONCE, None, b"plaintext");
    let mut sealed = client.encrypt_data(request).await.unwrap().into_inner();
    client.decrypt_data(decrypt_request(profile, key, &sealed)).await.unwrap();
    sealed.ciphertext[0] ^= 1;
    client.decrypt_data(decrypt_request(profile, key, &sealed)).await.unwrap_err();
    // The next three calls fail before the key is used.
    let mut long = decrypt_request(profile, key, &sealed);
    long.decrypt_metadata.as_mut().unwrap().tag = Some(vec![1; 16]);
    client.decrypt_data(long).await.unwrap_err();
    client.encrypt_data(encrypt_request(profile, key, &[], None, b"plaintext")).await.unwrap_err();
    client.encrypt_data(encrypt_request(profile, &[1; 32], &NONCE, None, b"plaintext")).await.unwrap_err();
    // A refusal is answered before its record is written; the drain waits for it.
    assert_eq!(stop(&mut broker), Some(0));
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = lines(&file);
    let seen: Vec<_> = lines
        .iter()
        .map(|line| ["operation", "outcome", "algorithm", "reason", "rule"].map(|key| line[key].as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            [Some("EncryptData"), Some("success"), Some("aes-gcm"), None, None],
            [Some("DecryptData"), Some("success"), Some("aes-gcm"), None, None],
            [Some("DecryptData"), Some("failed"), Some("aes-gcm"), Some("AUTHENTICATION_FAILED"), None],
            [
                Some("EncryptData"),
                Some("refused"),
                None,
                Some("KEY_NOT_ALLOWED"),
                Some("API.EncryptData.KeySize")
            ],
        ]
    );
    assert!(!text.contains("sixteen") && !text.contains("plaintext"), "{text}");
}
