//! The blocking client.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{io, thread, time::Duration};

use broker_client::{
    BatchVerifyRequest, CheckWitnessRequest, Code, DecapsulateRequest, DecryptDataRequest,
    EncapsulateRequest, EncryptDataRequest, Error, ErrorKind, GenerateKeyPairRequest, GetVerifyingKeyRequest,
    HashDataRequest, HashStreamRequest, HashValue, HealthStatus, ListCircuitsRequest, ProofItem,
    ProveRequest, SetupRequest, SignCertificateRequest, SignDataRequest, SignStreamRequest,
    VerifyDataRequest, VerifyProofRequest, VerifyStreamRequest, blocking::Client,
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
    assert_eq!("78", client.hash_data(HashDataRequest::new("x").profile("Default")).unwrap().value.to_hex());
    client.sign_certificate(SignCertificateRequest::new("csr", "cert", "key").profile("Default")).unwrap();

    let pair = client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("P")).unwrap();
    let made = client.encapsulate(EncapsulateRequest::new(pair.public_key).profile("P")).unwrap();
    let request = DecapsulateRequest::new(pair.private_key, made.ciphertext).profile("P");
    assert_eq!(made.shared_secret, client.decapsulate(request).unwrap().shared_secret);

    let pair = client.generate_signature_key_pair(GenerateKeyPairRequest::new().profile("P")).unwrap();
    let signed = client.sign_data(SignDataRequest::new(pair.private_key, "text").profile("P")).unwrap();
    let request = VerifyDataRequest::new(pair.public_key, "text", signed.signature).profile("P");
    assert!(client.verify_data(request).unwrap().valid);

    let sealed = client.encrypt_data(EncryptDataRequest::new([1; 16], "text").profile("P")).unwrap();
    let request = DecryptDataRequest::new([1; 16], sealed.ciphertext, sealed.nonce, sealed.tag).profile("P");
    assert_eq!(b"text", &**client.decrypt_data(request).unwrap().plaintext);

    prove_and_verify(&client);

    assert_eq!("1.2.3", client.info().unwrap().version);
    assert_eq!(HealthStatus::Serving, client.health("").unwrap());
    let mut watch = client.watch_health("").unwrap();
    assert_eq!(HealthStatus::Serving, watch.next().unwrap().unwrap());
    fake.then(Step::Hang);
    let error = client.with_timeout(Duration::from_millis(20)).info().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { .. }));
}

fn prove_and_verify(client: &Client) {
    assert_eq!(2, client.list_circuits(ListCircuitsRequest::new().profile("P")).unwrap().circuits.len());
    assert!(client.setup_circuit(SetupRequest::new("x").profile("P")).unwrap().created);
    client.get_verifying_key(GetVerifyingKeyRequest::new("x").profile("P")).unwrap();
    client.check_witness(CheckWitnessRequest::new("x").profile("P").input("a", "3")).unwrap();
    let proved = client.prove(ProveRequest::new("x").profile("P").input("a", "3")).unwrap();
    let item = ProofItem::new(proved.proof);
    let request = VerifyProofRequest::new("x", item.clone()).profile("P");
    client.verify_proof(request).unwrap().require_valid().unwrap();
    let request = BatchVerifyRequest::new("x", [item]).profile("P");
    client.batch_verify(request).unwrap().require_valid().unwrap();
}

#[test]
fn every_stream_works_from_reader_and_parts_without_a_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    let parts = || ["te", "xt"].map(|part| Ok(Bytes::from(part))).into_iter();

    let request = HashStreamRequest::new().profile("P").raw();
    let value = HashValue::Raw("text".into());
    assert_eq!(value, client.hash_reader(request.clone(), &b"text"[..]).unwrap().value);
    assert_eq!(value, client.hash_stream(request.clone(), parts()).unwrap().value);

    let request = SignStreamRequest::new("private").profile("P");
    let signature = client.sign_reader(request.clone(), &b"text"[..]).unwrap().signature;
    assert_eq!(signature, client.sign_stream(request, parts()).unwrap().signature);

    let request = VerifyStreamRequest::new("public", signature).profile("P");
    assert!(client.verify_reader(request.clone(), &b"text"[..]).unwrap().valid);
    assert!(!client.verify_stream(request, parts().skip(1)).unwrap().valid);

    let broken = parts().chain([Err(io::Error::other("the disk is gone"))]);
    let error = client.hash_stream(HashStreamRequest::new().profile("P"), broken).unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.to_string() == "the disk is gone"),
        "{error:?}"
    );
}

#[test]
fn key_use_possibly_executed_is_not_retried() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    for (client, before) in [(client.clone(), 0), (client.pipeline(), 3)] {
        fake.fail(tonic::Status::unavailable(""));
        let request = SignCertificateRequest::new("csr", "cert", "key").profile("Default");
        let error = client.sign_certificate(request).unwrap_err();
        assert!(error.is_retryable() && error.possibly_executed, "{error:?}");
        assert_eq!(before + 1, fake.calls());
        fake.fail(tonic::Status::unavailable(""));
        client.hash_data(HashDataRequest::new("x").profile("Default")).unwrap();
        assert_eq!(before + 3, fake.calls());
    }
}

#[test]
fn blocked_reader_delays_neither_refusal_nor_drop() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    fake.fail(tonic::Status::not_found("no such profile"));
    // Nothing is ever written to the pipe.
    let (reader, _writer) = io::pipe().unwrap();
    let error = client.hash_reader(HashStreamRequest::new().profile("P"), reader).unwrap_err();
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
                    let answer =
                        client.hash_data(HashDataRequest::new(vec![n, m]).profile("Default").raw()).unwrap();
                    assert_eq!(HashValue::Raw(vec![n, m].into()), answer.value);
                }
            });
        }
    });
    assert_eq!(160, fake.calls());
    fake
}

#[test]
fn reconnects_to_restarted_broker_without_background_thread() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    client.hash_data(HashDataRequest::new("x").profile("Default")).unwrap();
    running.stop();
    let running = start(&fake, socket.clone());
    client.hash_data(HashDataRequest::new("x").profile("Default")).unwrap();
    running.stop();
    let _running = start(&fake, socket);
    client.hash_reader(HashStreamRequest::new().profile("Default"), &b"x"[..]).unwrap();
}

#[tokio::test]
async fn works_in_spawn_blocking_and_on_the_only_worker_of_a_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let path = socket.clone();
    let blocking = tokio::task::spawn_blocking(move || {
        let client = Client::connect(path).unwrap();
        client.hash_data(HashDataRequest::new("x").profile("P")).unwrap();
        client
    });
    let client = blocking.await.unwrap();
    // On the worker, with a client created on another thread and with clients created here.
    for client in
        [client, Client::connect(&socket).unwrap(), Client::builder().socket(&socket).connect_lazy().unwrap()]
    {
        assert_eq!("1.2.3", client.info().unwrap().version);
        fake.then(Step::Hang);
        let error = client.with_timeout(Duration::from_millis(20)).info().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Deadline { .. }), "{error:?}");
        // Threads without a runtime can still use the client.
        let other = client.clone();
        thread::spawn(move || other.pipeline().hash_data(HashDataRequest::new("x").profile("P")).unwrap())
            .join()
            .unwrap();
    }
}

#[tokio::test]
async fn works_in_task_with_exhausted_budget() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _running = start(&Fake::default(), socket.clone());
    let client = Client::connect(&socket).unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..1000 {
        sender.send(number).unwrap();
    }
    std::future::poll_fn(|context| {
        while receiver.poll_recv(context).is_ready() {}
        assert!(!receiver.is_empty(), "the budget is not used up");
        assert_eq!("1.2.3", client.info().unwrap().version);
        std::task::Poll::Ready(())
    })
    .await;
}

#[test]
fn rejects_call_from_the_parts_of_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _running = start(&Fake::default(), socket.clone());
    let client = Client::connect(&socket).unwrap();
    let inner = client.clone();
    let parts = std::iter::once_with(move || match inner.info() {
        Err(Error { kind: ErrorKind::Runtime { .. }, .. }) => Ok(Bytes::from("refused")),
        other => panic!("{other:?}"),
    });
    let answer = client.hash_stream(HashStreamRequest::new().profile("P").raw(), parts).unwrap();
    assert_eq!(HashValue::Raw("refused".into()), answer.value);
    // The client still works outside of the iterator.
    client.info().unwrap();
}

#[test]
fn default_profile_applies_to_requests_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).profile("Mine").connect().unwrap();
    for (client, expected) in
        [(client.clone(), "Mine"), (client.pipeline(), "Mine"), (client.with_profile("Other"), "Other")]
    {
        client.hash_data(HashDataRequest::new("x")).unwrap();
        assert_eq!(expected, fake.last::<broker_proto::v1::HashDataRequest>().profile);
        client.hash_data(HashDataRequest::new("x").profile("Own")).unwrap();
        assert_eq!("Own", fake.last::<broker_proto::v1::HashDataRequest>().profile);
    }
    client.hash_reader(HashStreamRequest::new(), &b"x"[..]).unwrap();
    assert_eq!("Mine", fake.last::<broker_proto::v1::HashStreamHeader>().profile);
}

#[test]
fn rejects_request_without_profile_before_sending() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::connect(&socket).unwrap();
    for error in [
        client.hash_data(HashDataRequest::new("x")).unwrap_err(),
        client.pipeline().hash_data(HashDataRequest::new("x")).unwrap_err(),
        client.hash_reader(HashStreamRequest::new(), &b"x"[..]).unwrap_err(),
    ] {
        assert!(matches!(error.kind, ErrorKind::Invalid { what: "profile", .. }), "{error:?}");
        assert!(!error.possibly_executed);
    }
    assert_eq!(0, fake.calls());
}

#[test]
fn require_valid_fails_for_invalid_signature() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _running = start(&Fake::default(), socket.clone());
    let client = Client::builder().socket(&socket).profile("P").connect().unwrap();
    let pair = client.generate_signature_key_pair(GenerateKeyPairRequest::new()).unwrap();
    let signed = client.sign_data(SignDataRequest::new(pair.private_key, "text")).unwrap();
    let verify = |text: &'static str| {
        client.verify_data(VerifyDataRequest::new(&*pair.public_key, text, signed.signature.clone())).unwrap()
    };
    verify("text").require_valid().unwrap();
    let error = verify("other").require_valid().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::InvalidSignature) && !error.is_retryable(), "{error:?}");
}

#[test]
fn hasher_accepts_updates_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _running = start(&Fake::default(), socket.clone());
    let client = Client::builder().socket(&socket).profile("P").connect().unwrap();
    let mut hasher = client.hasher(HashStreamRequest::new().raw()).unwrap();
    for _ in 0..20 {
        hasher.update("piece ").unwrap();
    }
    io::copy(&mut &b"written"[..], &mut hasher).unwrap();
    let expected = "piece ".repeat(20) + "written";
    assert_eq!(HashValue::Raw(expected.into()), hasher.finalize().unwrap().value);
}
