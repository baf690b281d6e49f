//! The facade for programs without an async runtime.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{io, thread, time::Duration};

use broker_client::{
    Code, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest, Error, ErrorKind,
    GenerateKeyPairRequest, HashRequest, HashStreamRequest, HashValue, HealthStatus, SignCertificateRequest,
    SignDataRequest, SignStreamRequest, VerifyDataRequest, VerifyStreamRequest, blocking::Client,
};
use bytes::Bytes;
use common::{Fake, Step, start};

#[test]
fn every_method_works_without_a_runtime() {
    every_method_works(|client| client);
}

#[test]
fn every_method_works_on_a_pipeline_without_a_runtime() {
    every_method_works(|client| client.pipeline());
}

fn every_method_works(lane: fn(Client) -> Client) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = lane(Client::connect(&socket).unwrap());
    assert_eq!("78", client.hash_data(HashRequest::new("Default", "x")).unwrap().value.to_hex());
    client.sign_certificate(SignCertificateRequest::new("Default", "csr", "cert", "key")).unwrap();

    let pair = client.generate_kem_key_pair(GenerateKeyPairRequest::new("P")).unwrap();
    let made = client.encapsulate(EncapsulateRequest::new("P", pair.public_key)).unwrap();
    let request = DecapsulateRequest::new("P", pair.private_key, made.ciphertext);
    assert_eq!(made.shared_secret, client.decapsulate(request).unwrap().shared_secret);

    let pair = client.generate_signature_key_pair(GenerateKeyPairRequest::new("P")).unwrap();
    let signed = client.sign_data(SignDataRequest::new("P", pair.private_key, "text")).unwrap();
    let request = VerifyDataRequest::new("P", pair.public_key, "text", signed.signature);
    assert!(client.verify_data(request).unwrap().valid);

    let sealed = client.encrypt_data(EncryptDataRequest::new("P", [1; 16], "text")).unwrap();
    let request = DecryptDataRequest::new("P", [1; 16], sealed.ciphertext, sealed.nonce, sealed.tag);
    assert_eq!(b"text", &**client.decrypt_data(request).unwrap().plaintext);

    assert_eq!("1.2.3", client.info().unwrap().version);
    assert_eq!(HealthStatus::Serving, client.health("").unwrap());
    let mut watch = client.watch_health("").unwrap();
    assert_eq!(HealthStatus::Serving, watch.next().unwrap().unwrap());
    fake.then(Step::Hang);
    let error = client.with_timeout(Duration::from_millis(20)).info().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { .. }));
}

#[test]
fn every_stream_works_without_a_runtime_from_a_reader_and_from_parts() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    let parts = || ["te", "xt"].map(|part| Ok(Bytes::from(part))).into_iter();

    let request = HashStreamRequest::new("P").raw();
    let value = HashValue::Raw("text".into());
    assert_eq!(value, client.hash_reader(request.clone(), &b"text"[..]).unwrap().value);
    assert_eq!(value, client.hash_stream(request.clone(), parts()).unwrap().value);

    let request = SignStreamRequest::new("P", "private");
    let signature = client.sign_reader(request.clone(), &b"text"[..]).unwrap().signature;
    assert_eq!(signature, client.sign_stream(request, parts()).unwrap().signature);

    let request = VerifyStreamRequest::new("P", "public", signature);
    assert!(client.verify_reader(request.clone(), &b"text"[..]).unwrap().valid);
    assert!(!client.verify_stream(request, parts().skip(1)).unwrap().valid);

    let broken = parts().chain([Err(io::Error::other("the disk is gone"))]);
    let error = client.hash_stream(HashStreamRequest::new("P"), broken).unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.to_string() == "the disk is gone"),
        "{error:?}"
    );
}

#[test]
fn key_use_that_may_have_been_begun_is_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    for (client, before) in [(client.clone(), 0), (client.pipeline(), 3)] {
        fake.fail(tonic::Status::unavailable(""));
        let request = SignCertificateRequest::new("Default", "csr", "cert", "key");
        let error = client.sign_certificate(request).unwrap_err();
        assert!(error.is_retryable() && error.possibly_executed, "{error:?}");
        assert_eq!(before + 1, fake.calls());
        fake.fail(tonic::Status::unavailable(""));
        client.hash_data(HashRequest::new("Default", "x")).unwrap();
        assert_eq!(before + 3, fake.calls());
    }
}

#[test]
fn a_reader_that_blocks_does_not_keep_a_refusal_or_the_client_s_end() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    fake.fail(tonic::Status::not_found("no such profile"));
    // Nobody ever writes.
    let (reader, _writer) = io::pipe().unwrap();
    let error = client.hash_reader(HashStreamRequest::new("P"), reader).unwrap_err();
    assert_eq!(Code::NotFound, error.rejection().unwrap().code);
    drop(client);
}

#[test]
fn threads_share_one_client() {
    threads_share(|client| client);
}

#[test]
fn threads_share_one_pipeline() {
    let fake = threads_share(|client| client.pipeline());
    assert_eq!(1, fake.pipelines());
}

fn threads_share(lane: fn(Client) -> Client) -> Fake {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = lane(Client::connect(&socket).unwrap());
    thread::scope(|scope| {
        for n in 0..8u8 {
            let client = client.clone();
            scope.spawn(move || {
                for m in 0..20u8 {
                    let answer = client.hash_data(HashRequest::new("Default", vec![n, m]).raw()).unwrap();
                    assert_eq!(HashValue::Raw(vec![n, m].into()), answer.value);
                }
            });
        }
    });
    assert_eq!(160, fake.calls());
    fake
}

#[test]
fn a_restarted_broker_is_found_again_although_nobody_watched() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    client.hash_data(HashRequest::new("Default", "x")).unwrap();
    running.stop();
    let running = start(&fake, socket.clone());
    client.hash_data(HashRequest::new("Default", "x")).unwrap();
    running.stop();
    let _running = start(&fake, socket);
    client.hash_reader(HashStreamRequest::new("Default"), &b"x"[..]).unwrap();
}

#[tokio::test]
async fn inside_a_runtime_it_refuses_and_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let error = Client::connect(folder.path().join("s")).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Runtime { .. }), "{error:?}");
    let socket = folder.path().join("t");
    let _running = start(&Fake::default(), socket.clone());
    let client = thread::spawn(move || Client::connect(&socket)).join().unwrap().unwrap();
    assert!(matches!(client.info(), Err(Error { kind: ErrorKind::Runtime { .. }, .. })));
    drop(client);
}
