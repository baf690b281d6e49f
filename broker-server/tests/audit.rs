//! What the audit says of calls that came through the socket, and what becomes of them where it cannot.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    time::Duration,
};

use broker_proto::v1;
use rustix::fs::{FileType, Mode, OFlags};
use support::{
    Broker,
    aead::{NONCE, decrypt_request, encrypt_request},
    pki, private_folder, reason,
};
use tonic::Code;
use x509_parser::prelude::FromDer as _;

fn request(ca: &pki::Ca, profile: &str) -> v1::SignCertificateRequest {
    let mut request = ca.request(profile, &pki::csr(ca.folder.path(), "p-256"));
    request.metadata = Some(v1::Metadata { id: "call-7".to_owned(), ..v1::Metadata::default() });
    request
}

#[tokio::test]
async fn every_use_of_a_key_and_every_refusal_has_a_line() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let broker = Broker::start(&["--audit-log", file.to_str().unwrap()]);
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

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
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
    assert_eq!(lines[1]["outcome"], "refused");
    assert_eq!(lines[1]["reason"], "SUBJECT_KEY_NOT_ALLOWED");
    assert!(lines[1]["rule_line"].as_u64().is_some());
    assert_eq!(lines[2]["reason"], "UNKNOWN_PROFILE");
    assert!(!text.contains("BEGIN"));
}

#[tokio::test]
async fn encrypting_and_decrypting_have_lines_without_a_byte_of_what_was_sent() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let broker = Broker::start(&["--audit-log", file.to_str().unwrap()]);
    let mut client = broker.crypto().await;
    let (profile, key) = ("FIPS-140-3-128bit", b"sixteen bytes!!!");
    let request = encrypt_request(profile, key, &NONCE, None, b"plaintext");
    let mut sealed = client.encrypt_data(request).await.unwrap().into_inner();
    client.decrypt_data(decrypt_request(profile, key, &sealed)).await.unwrap();
    sealed.ciphertext[0] ^= 1;
    client.decrypt_data(decrypt_request(profile, key, &sealed)).await.unwrap_err();
    // Nothing of these is a use of the key: what is wrong is found before.
    let mut long = decrypt_request(profile, key, &sealed);
    long.decrypt_metadata.as_mut().unwrap().tag = Some(vec![1; 16]);
    client.decrypt_data(long).await.unwrap_err();
    client.encrypt_data(encrypt_request(profile, key, &[], None, b"plaintext")).await.unwrap_err();
    client.encrypt_data(encrypt_request(profile, &[1; 32], &NONCE, None, b"plaintext")).await.unwrap_err();
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
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

#[tokio::test]
async fn where_the_audit_is_full_nothing_is_handed_out() {
    let broker = Broker::start(&["--audit-log", "/dev/full"]);
    let mut client = broker.crypto().await;
    let ca = pki::Ca::new("p-384");
    for profile in ["Default", "KSA-ADVANCED-2020", "Nope"] {
        let status = client.sign_certificate(request(&ca, profile)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::Internal, "AUDIT_UNAVAILABLE".into()));
    }
    // What needs no audit is served.
    let hash = v1::HashDataRequest { profile: "Default".to_owned(), ..v1::HashDataRequest::default() };
    client.hash_data(hash).await.unwrap();
}

#[tokio::test]
async fn a_reader_of_the_audit_who_stands_still_holds_up_nobody_who_needs_none() {
    let folder = private_folder();
    let fifo = folder.path().join("audit.fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut reader = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(&fifo)
        .unwrap();
    // Smaller pieces find no room either: whoever reads a pipe sets whole pages of it free.
    while reader.write(&[b'.'; 4096]).is_ok() {}
    let broker = Broker::start(&["--shards", "1", "--audit-log", fifo.to_str().unwrap()]);
    let mut client = broker.crypto().await;
    let encrypt = || encrypt_request("FIPS-140-3-128bit", b"sixteen bytes!!!", &NONCE, None, b"plaintext");
    let mut impatient = tonic::Request::new(encrypt());
    impatient.set_timeout(Duration::from_millis(100));
    // Whose clock is first, the client library's or the broker's, says which.
    let code = client.encrypt_data(impatient).await.unwrap_err().code();
    assert!(matches!(code, Code::DeadlineExceeded | Code::Cancelled), "{code}");
    let hash = v1::HashDataRequest { profile: "Default".to_owned(), ..v1::HashDataRequest::default() };
    let mut patient = tonic::Request::new(hash);
    patient.set_timeout(Duration::from_secs(30));
    client.hash_data(patient).await.unwrap();
    let mut sent = vec![0; 4096];
    while reader.read(&mut sent).is_ok() {}
    client.encrypt_data(encrypt()).await.unwrap();
}
