//! The end of a pipeline: deadlines, idle streams, drain and disconnected clients.

use std::time::Duration;

use broker_proto::v1::{self, pipeline_request::Operation, pipeline_response::Result as Answer};
use tonic::Code;

use crate::{
    expected_hash,
    support::{
        self, Broker,
        pipeline::{Pipeline, hash, hex},
        pki, reason, signing,
    },
};

#[tokio::test]
async fn stream_ends_at_its_deadline() {
    let broker = Broker::start(&[]);
    let mut pipeline = Pipeline::open_with(&broker, Some(Duration::from_millis(300))).await;
    assert_eq!(hex(&pipeline.call(1, hash("Default", b"")).await), expected_hash(b""));
    assert_eq!(pipeline.answers.message().await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn pipeline_without_deadline_may_be_idle_longer_than_a_call() {
    let broker = Broker::start(&["--max-request-time", "100ms"]);
    let mut pipeline = Pipeline::open(&broker).await;
    let silence = tokio::time::timeout(Duration::from_millis(400), pipeline.answers.message()).await;
    assert!(silence.is_err(), "the stream ended: {silence:?}");
    assert_eq!(hex(&pipeline.call(1, hash("Default", b"")).await), expected_hash(b""));
}

#[tokio::test]
async fn drain_completes_items_in_flight_and_ends_the_stream() {
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
            Ok(None) => panic!("the stream ended without an error"),
            Err(status) => break status,
        }
    };
    // The broker had read all items before the drain.
    assert_eq!(answered, 29);
    assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    let Pipeline { mut answers, .. } = idle;
    assert_eq!(answers.message().await.unwrap_err().code(), Code::Unavailable);
    assert!(broker.wait().success());
}

#[tokio::test]
async fn items_of_a_dropped_client_are_not_started() {
    let audits = support::private_folder();
    let file = audits.path().join("audit.log");
    let options = ["--compute-threads", "1", "--audit-log", file.to_str().unwrap()];
    let (broker, folder) = signing::broker("", &options);
    signing::key(folder.path(), "rsa-4096");
    let key = std::fs::read(folder.path().join("rsa-4096.key")).unwrap();
    let mut pipeline = Pipeline::open(&broker).await;
    // These items take more than a second.
    for sequence in 0..256 {
        assert!(pipeline.send(sequence, sign("native rsa sha-256", &key)));
    }
    pipeline.next().await;
    drop(pipeline);
    // Items without a client are not started, so the pool soon serves others.
    let mut other = Pipeline::open(&broker).await;
    assert!(matches!(other.call(1, sign("native rsa sha-256", &key)).await, Answer::SignData(_)));
    let uses = std::fs::read_to_string(&file).unwrap().lines().count();
    assert!((2..200).contains(&uses), "{uses} of 257 keys were used");
}

/// The error distinguishes an exceeded drain deadline, after which items may have been executed, from a normal drain.
#[tokio::test(flavor = "multi_thread")]
async fn drain_past_its_deadline_reports_drain_deadline() {
    let (mut broker, folder) = signing::broker(
        "",
        &["--drain-deadline", "200ms", "--drain-idle", "100ms", "--compute-threads", "1"],
    );
    signing::key(folder.path(), "rsa-4096");
    let key = std::fs::read(folder.path().join("rsa-4096.key")).unwrap();
    let mut pipeline = Pipeline::open(&broker).await;
    // These items take several seconds.
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

fn sign(profile: &str, key: &[u8]) -> Operation {
    Operation::SignData(v1::SignDataRequest {
        profile: profile.to_owned(),
        key_source: signing::source(key),
        input: b"a message"[..].into(),
        signature_format: 0,
        metadata: None,
        context: None,
    })
}
