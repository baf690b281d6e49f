//! `PipelineService`: every operation as an item, and what becomes of the others where one fails, is slow or too large.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod support;

use std::time::Duration;

use broker_proto::v1::{
    self, PipelineRequest, pipeline_request::Operation, pipeline_response::Result as Answer,
};
use support::{
    Broker,
    aead::{decrypt_request, encrypt_request, profiles, shapes},
    pipeline::{Pipeline, hash, hex, status},
    pki, reason, signing,
};
use tonic::Code;

/// SHA3-512, the hash of the profile Default.
fn wanted(input: &[u8]) -> String {
    pki::openssl_digest("sha3-512", input)
}

#[tokio::test]
async fn a_hash_is_that_of_the_unary_call_light_or_heavy() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    for (sequence, length) in [(0, 0), (1, 20), (u64::MAX, 16_384), (3, 16_385), (3, 1 << 20)] {
        let input = vec![length as u8; length];
        let answer = pipeline.call(sequence, hash("Default", &input)).await;
        assert_eq!(hex(&answer), wanted(&input));
        let Answer::HashData(response) = answer else { panic!() };
        assert_eq!(response.metadata.unwrap().id, "mine");
        let descriptor = response.descriptor.unwrap();
        assert_eq!(
            (descriptor.profile.as_str(), descriptor.operation.as_str(), descriptor.algorithm.as_str()),
            ("Default", "HashData", "sha3-512")
        );
    }
    let (rest, end) = pipeline.finish().await;
    assert!(rest.is_empty());
    end.unwrap();
}

#[tokio::test]
async fn certificates_are_issued() {
    let (broker, ca) = (Broker::start(&[]), pki::Ca::new("p-384"));
    let csr = pki::csr(ca.folder.path(), "p-256");
    let mut request = ca.request("Default", &csr);
    request.output_format = v1::SignOutputFormat::Pem.into();
    let mut pipeline = Pipeline::open(&broker).await;
    let Answer::SignCertificate(response) = pipeline.call(1, Operation::SignCertificate(request)).await
    else {
        panic!()
    };
    let Some(v1::sign_certificate_response::SignedCertificate::Pem(text)) = response.signed_certificate
    else {
        panic!()
    };
    ca.verify_strictly(&text);
}

#[tokio::test]
async fn data_is_signed_verified_encrypted_and_decrypted() {
    let (broker, folder) = signing::broker("", &[]);
    let mut pipeline = Pipeline::open(&broker).await;
    for (scheme, hash_name, kind) in [("ecdsa", "sha-256", "p-256"), ("ed25519", "", "ed25519")] {
        signing::key(folder.path(), kind);
        let read = |name: &str| std::fs::read(folder.path().join(format!("{kind}.{name}"))).unwrap();
        let profile = signing::profile("aws-lc", scheme, hash_name);
        let request = v1::SignDataRequest {
            profile: profile.clone(),
            key_source: signing::source(&read("key")),
            input: b"a message"[..].into(),
            signature_format: signing::DER,
            metadata: None,
        };
        let Answer::SignData(signed) = pipeline.call(1, Operation::SignData(request)).await else { panic!() };
        for (input, valid) in [(&b"a message"[..], true), (b"another", false)] {
            let request = v1::VerifyDataRequest {
                profile: profile.clone(),
                key_source: signing::source(&read("pub")),
                input: input.into(),
                signature: signed.signature.clone().into(),
                signature_format: signing::DER,
                metadata: None,
            };
            let answer = pipeline.call(2, Operation::VerifyData(request)).await;
            assert!(matches!(answer, Answer::VerifyData(response) if response.valid == valid));
        }
    }
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = "native ed25519".into();
    let Answer::GenerateSignatureKeyPair(pair) =
        pipeline.call(3, Operation::GenerateSignatureKeyPair(request)).await
    else {
        panic!()
    };
    let mut client = broker.crypto().await;
    let signature =
        signing::sign(&mut client, "native ed25519", &pair.private_key, b"x", 0).await.unwrap().signature;
    let fits = signing::verify(&mut client, "native ed25519", &pair.public_key, b"x", &signature, 0).await;
    assert!(fits.unwrap());

    let profiles = profiles();
    let broker = Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut pipeline = Pipeline::open(&broker).await;
    for shape in shapes() {
        let (profile, key) = (shape.profile(), shape.key());
        let nonce: &[u8] = if shape.nonce == "random" { &[] } else { &[9; 12] };
        let request = encrypt_request(&profile, &key, nonce, Some(b"data"), b"a text");
        let Answer::EncryptData(sealed) = pipeline.call(4, Operation::EncryptData(request)).await else {
            panic!()
        };
        let request = decrypt_request(&profile, &key, &sealed);
        let Answer::DecryptData(opened) = pipeline.call(5, Operation::DecryptData(request)).await else {
            panic!()
        };
        assert_eq!(opened.plaintext, b"a text");
    }
}

#[tokio::test]
async fn secrets_are_agreed_on() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    let Answer::GenerateKemKeyPair(pair) = pipeline.call(1, Operation::GenerateKemKeyPair(request)).await
    else {
        panic!()
    };
    let mut request = v1::EncapsulateRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    request.key_source = support::aead::key_source(&pair.public_key);
    let Answer::Encapsulate(sent) = pipeline.call(2, Operation::Encapsulate(request)).await else { panic!() };
    let mut request = v1::DecapsulateRequest::default();
    request.profile = "PQC-ML-DSA-65".into();
    request.key_source = support::aead::key_source(&pair.private_key);
    request.ciphertext = sent.ciphertext.clone();
    let Answer::Decapsulate(received) = pipeline.call(3, Operation::Decapsulate(request)).await else {
        panic!()
    };
    assert_eq!(sent.shared_secret, received.shared_secret);
    assert_eq!(sent.shared_secret.len(), 32);
}

#[tokio::test]
async fn an_item_that_fails_leaves_the_others_alone() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open(&broker).await;
    let refused = pipeline.refusal(1, hash("no profile", b"")).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "UNKNOWN_PROFILE"));
    let refused = pipeline.refusal(2, hash("Default", &vec![0; (1 << 20) + 1])).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_TOO_LONG"));
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = "Default".into();
    let refused = pipeline.refusal(3, Operation::GenerateKemKeyPair(request)).await;
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "OPERATION_NOT_ALLOWED")
    );
    let refused =
        pipeline.refusal(4, Operation::SignCertificate(v1::SignCertificateRequest::default())).await;
    assert_eq!(refused.code(), Code::NotFound);
    // Longer than a message may be.
    let refused = pipeline.refusal(5, hash("Default", &vec![0; 3 << 20])).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "MESSAGE_TOO_LARGE"));
    assert!(pipeline.send_whole(PipelineRequest { sequence: 6, timeout: None, operation: None }));
    let (sequence, answer) = pipeline.next().await;
    let refused = status(&answer);
    assert_eq!(
        (sequence, refused.code(), reason(&refused).as_str()),
        (6, Code::InvalidArgument, "FIELD_MISSING")
    );
    assert_eq!(hex(&pipeline.call(7, hash("Default", b"abc")).await), wanted(b"abc"));
}

#[tokio::test]
async fn an_item_without_time_is_not_begun() {
    let ca = pki::Ca::new("p-384");
    let (broker, csr) = (Broker::start(&[]), pki::csr(ca.folder.path(), "p-256"));
    let mut pipeline = Pipeline::open(&broker).await;
    let certificate = || Operation::SignCertificate(ca.request("Default", &csr));
    for (nanos, operation) in
        [(0, certificate()), (1, certificate()), (0, hash("Default", b"")), (-1, certificate())]
    {
        let timeout = Some(prost_types::Duration { seconds: 0, nanos });
        assert!(pipeline.send_whole(PipelineRequest { sequence: 1, timeout, operation: Some(operation) }));
        let refused = status(&pipeline.next().await.1);
        let wanted = if nanos < 0 { Code::InvalidArgument } else { Code::DeadlineExceeded };
        assert_eq!(refused.code(), wanted, "{nanos} {refused}");
    }
    assert!(matches!(pipeline.call(2, certificate()).await, Answer::SignCertificate(_)));
}

#[tokio::test]
async fn light_items_overtake_heavy_ones_and_all_are_answered() {
    let ca = pki::Ca::new("p-521");
    let csr = pki::csr(ca.folder.path(), "p-521");
    let broker = Broker::start(&["--compute-threads", "1", "--max-pipeline-items", "100"]);
    let pipeline = Pipeline::open(&broker).await;
    for sequence in 0..50 {
        assert!(pipeline.send(sequence, Operation::SignCertificate(ca.request("Default", &csr))));
    }
    for sequence in 50..60 {
        assert!(pipeline.send(sequence, hash("Default", b"")));
    }
    let (answers, end) = pipeline.finish().await;
    end.unwrap();
    let mut numbers: Vec<u64> = answers.iter().map(|(sequence, _)| *sequence).collect();
    assert_ne!(numbers.last(), Some(&59));
    numbers.sort_unstable();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
}

/// One at a time, more than there is room for.
#[tokio::test]
async fn a_client_that_sends_more_than_is_worked_on_is_held_up_and_not_refused() {
    let ca = pki::Ca::new("p-384");
    let csr = pki::csr(ca.folder.path(), "p-256");
    for limit in ["1", "3"] {
        let broker =
            Broker::start(&["--max-pipeline-items", limit, "--queue-depth", "4", "--queue-wait", "0s"]);
        let pipeline = Pipeline::open(&broker).await;
        for sequence in 0..200 {
            assert!(pipeline.send(sequence, Operation::SignCertificate(ca.request("Default", &csr))));
        }
        let (answers, end) = pipeline.finish().await;
        end.unwrap();
        assert_eq!(answers.len(), 200);
        assert!(answers.iter().all(|(_, answer)| matches!(answer, Answer::SignCertificate(_))));
    }
}

#[tokio::test]
async fn the_largest_items_pass_in_numbers() {
    let broker = Broker::start(&[]);
    let pipeline = Pipeline::open(&broker).await;
    let input = vec![5; 1 << 20];
    for sequence in 0..40 {
        assert!(pipeline.send(sequence, hash("Default", &input)));
    }
    let (answers, end) = pipeline.finish().await;
    end.unwrap();
    let wanted = wanted(&input);
    assert_eq!(answers.len(), 40);
    assert!(answers.iter().all(|(_, answer)| hex(answer) == wanted));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_that_items_error() {
    let profiles = profiles();
    let folder = profiles.path().to_str().unwrap();
    let broker = Broker::start(&["--profiles-dir", folder, "--max-response-bytes", "1KiB"]);
    let shape = shapes().remove(0);
    let mut pipeline = Pipeline::open(&broker).await;
    let request = |length| {
        let text = vec![1; length];
        Operation::EncryptData(encrypt_request(&shape.profile(), &shape.key(), &[9; 12], None, &text))
    };
    let refused = pipeline.refusal(1, request(1100)).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "RESPONSE_TOO_LARGE"));
    assert!(matches!(pipeline.call(2, request(500)).await, Answer::EncryptData(_)));
}

#[tokio::test]
async fn a_stream_with_a_deadline_ends_then() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open_with(&broker, Some(Duration::from_millis(300))).await;
    assert_eq!(hex(&pipeline.call(1, hash("Default", b"")).await), wanted(b""));
    assert_eq!(pipeline.answers.message().await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_pipeline_without_a_deadline_may_be_silent_for_longer_than_a_call() {
    let broker = Broker::start(&["--max-request-time", "100ms"]);
    let mut pipeline = Pipeline::open(&broker).await;
    let silence = tokio::time::timeout(Duration::from_millis(400), pipeline.answers.message()).await;
    assert!(silence.is_err(), "the stream has ended: {silence:?}");
    assert_eq!(hex(&pipeline.call(1, hash("Default", b"")).await), wanted(b""));
}

#[tokio::test]
async fn a_drain_answers_what_was_read_and_ends_the_stream() {
    let ca = pki::Ca::new("p-384");
    let csr = pki::csr(ca.folder.path(), "p-256");
    let mut broker = Broker::start(&["--drain-idle", "50ms", "--compute-threads", "1"]);
    let (idle, mut pipeline) = (Pipeline::open(&broker).await, Pipeline::open(&broker).await);
    for sequence in 1..30 {
        assert!(pipeline.send(sequence, Operation::SignCertificate(ca.request("Default", &csr))));
    }
    let first = pipeline.next().await;
    assert!(matches!(first.1, Answer::SignCertificate(_)));
    broker.signal("TERM");
    let Pipeline { mut answers, .. } = pipeline;
    let mut answered = 1;
    let end = loop {
        match answers.message().await {
            Ok(Some(response)) => {
                assert!(matches!(response.result, Some(Answer::SignCertificate(_))));
                answered += 1;
            }
            Ok(None) => panic!("the stream ended well"),
            Err(status) => break status,
        }
    };
    // The broker has read them all before it left.
    assert_eq!(answered, 29);
    assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    let Pipeline { mut answers, .. } = idle;
    assert_eq!(answers.message().await.unwrap_err().code(), Code::Unavailable);
    assert!(broker.wait().success());
}

/// A flood of items holds neither the calls of another connection on the same thread up, nor its pipelines.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_beside_a_flood() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut flood = Pipeline::open(&broker).await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    // It does not end before the others have been served: for each answer there is another item.
    let flood = tokio::spawn(async move {
        for sequence in 0..2000 {
            assert!(flood.send(sequence, hash("Default", b"a flood")));
        }
        let mut sequence = 2000;
        while stopped.try_recv().is_err() {
            flood.next().await;
            assert!(flood.send(sequence, hash("Default", b"a flood")));
            sequence += 1;
        }
        let (answers, end) = flood.finish().await;
        end.unwrap();
        (sequence, answers.len())
    });
    let mut other = Pipeline::open(&broker).await;
    let mut unary = broker.crypto().await;
    for sequence in 0..20 {
        assert_eq!(hex(&other.call(sequence, hash("Default", b"")).await), wanted(b""));
        let request = v1::HashDataRequest { profile: "Default".into(), ..Default::default() };
        unary.hash_data(request).await.unwrap();
    }
    stop.send(()).unwrap();
    let (sent, last) = flood.await.unwrap();
    assert!(sent >= 2000 && last == 2000, "{sent} and {last}");
}

#[tokio::test]
async fn a_client_that_goes_takes_its_items_with_it() {
    let audits = support::private_folder();
    let file = audits.path().join("audit.log");
    let options = ["--compute-threads", "1", "--audit-log", file.to_str().unwrap()];
    let (broker, folder) = signing::broker("", &options);
    signing::key(folder.path(), "rsa-4096");
    let key = std::fs::read(folder.path().join("rsa-4096.key")).unwrap();
    let mut pipeline = Pipeline::open(&broker).await;
    // A second of work and more.
    for sequence in 0..256 {
        assert!(pipeline.send(sequence, sign("native rsa sha-256", &key)));
    }
    pipeline.next().await;
    drop(pipeline);
    // What nobody waits for any more is not begun, so the pool is soon free for others.
    let mut other = Pipeline::open(&broker).await;
    assert!(matches!(other.call(1, sign("native rsa sha-256", &key)).await, Answer::SignData(_)));
    let uses = std::fs::read_to_string(&file).unwrap().lines().count();
    assert!((2..200).contains(&uses), "{uses} of 257 keys were used");
}

fn sign(profile: &str, key: &[u8]) -> Operation {
    Operation::SignData(v1::SignDataRequest {
        profile: profile.to_owned(),
        key_source: signing::source(key),
        input: b"a message"[..].into(),
        signature_format: 0,
        metadata: None,
    })
}

/// What was begun and could not be waited for is told apart from what was not begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_cuts_says_so() {
    let (mut broker, folder) = signing::broker(
        "",
        &["--drain-deadline", "200ms", "--drain-idle", "100ms", "--compute-threads", "1"],
    );
    signing::key(folder.path(), "rsa-4096");
    let key = std::fs::read(folder.path().join("rsa-4096.key")).unwrap();
    let mut pipeline = Pipeline::open(&broker).await;
    // Seconds of work.
    for sequence in 0..1000 {
        assert!(pipeline.send(sequence, sign("native rsa sha-256", &key)));
    }
    assert!(matches!(pipeline.next().await.1, Answer::SignData(_)));
    broker.signal("TERM");
    let (_, end) = pipeline.finish().await;
    let end = end.unwrap_err();
    assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "DRAIN_DEADLINE"));
    assert_eq!(broker.wait().code(), Some(1));
}
