//! The effect of items on each other: failures, deadlines, order, limits and back-pressure.

use broker_proto::v1::{
    self, PipelineRequest, pipeline_request::Operation, pipeline_response::Result as Answer,
};
use tonic::Code;

use crate::{
    expected_hash,
    support::{
        Broker,
        aead::{encrypt_request, profiles, shapes},
        pipeline::{Pipeline, hash, hex, status},
        pki, reason,
    },
};

#[tokio::test]
async fn failed_items_do_not_affect_others() {
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
    // This item exceeds the limit of messages.
    let refused = pipeline.refusal(5, hash("Default", &vec![0; 3 << 20])).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "MESSAGE_TOO_LARGE"));
    assert!(pipeline.send_request(PipelineRequest { sequence: 6, timeout: None, operation: None }));
    let (sequence, answer) = pipeline.next().await;
    let refused = status(&answer);
    assert_eq!(
        (sequence, refused.code(), reason(&refused).as_str()),
        (6, Code::InvalidArgument, "FIELD_MISSING")
    );
    assert_eq!(hex(&pipeline.call(7, hash("Default", b"abc")).await), expected_hash(b"abc"));
}

#[tokio::test]
async fn item_without_remaining_time_is_not_started() {
    let ca = pki::Ca::new("p-384");
    let (broker, csr) = (Broker::start(&[]), pki::csr(ca.folder.path(), "p-256"));
    let mut pipeline = Pipeline::open(&broker).await;
    let certificate = || Operation::SignCertificate(ca.request("Default", &csr));
    for (nanos, operation) in
        [(0, certificate()), (1, certificate()), (0, hash("Default", b"")), (-1, certificate())]
    {
        let timeout = Some(prost_types::Duration { seconds: 0, nanos });
        assert!(pipeline.send_request(PipelineRequest { sequence: 1, timeout, operation: Some(operation) }));
        let refused = status(&pipeline.next().await.1);
        let expected = if nanos < 0 { Code::InvalidArgument } else { Code::DeadlineExceeded };
        assert_eq!(refused.code(), expected, "{nanos} {refused}");
    }
    assert!(matches!(pipeline.call(2, certificate()).await, Answer::SignCertificate(_)));
}

#[tokio::test]
async fn inline_items_overtake_deferred_ones() {
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

/// Sends more items than the broker processes at once.
#[tokio::test]
async fn items_beyond_the_limit_wait_for_back_pressure() {
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
async fn accepts_many_items_of_maximum_size() {
    let broker = Broker::start(&[]);
    let pipeline = Pipeline::open(&broker).await;
    let input = vec![5; 1 << 20];
    for sequence in 0..40 {
        assert!(pipeline.send(sequence, hash("Default", &input)));
    }
    let (answers, end) = pipeline.finish().await;
    end.unwrap();
    let expected = expected_hash(&input);
    assert_eq!(answers.len(), 40);
    assert!(answers.iter().all(|(_, answer)| hex(answer) == expected));
}

#[tokio::test]
async fn response_over_the_limit_fails_only_its_item() {
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

/// A flood of items delays neither calls nor pipelines of another connection on the same thread.
#[tokio::test(flavor = "multi_thread")]
async fn flood_does_not_delay_other_connections() {
    let broker = Broker::start(&["--shards", "1"]);
    let mut flood = Pipeline::open(&broker).await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    // The flood sends an item for each response until the other connection has been served.
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
        assert_eq!(hex(&other.call(sequence, hash("Default", b"")).await), expected_hash(b""));
        let request = v1::HashDataRequest { profile: "Default".into(), ..Default::default() };
        unary.hash_data(request).await.unwrap();
    }
    stop.send(()).unwrap();
    let (sent, last) = flood.await.unwrap();
    assert!(sent >= 2000 && last == 2000, "{sent} and {last}");
}
