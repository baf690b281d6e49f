//! Calls through a real socket: requests, responses and retries.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{
    collections::HashMap,
    time::{Duration, UNIX_EPOCH},
};

use broker_client::{
    Certificate, Code, Encoding, Error, ErrorKind, HashDataRequest, HashValue, HealthStatus, Reason,
    SignCertificateRequest,
};
use common::{Lane, Step, start_broker, start_broker_on};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

on_both_lanes! {
    hash_has_the_requested_form
    request_without_id_keeps_one_uuid_across_retries
    response_has_deprecation_warning
    call_carries_deadline_and_trace
    certificate_has_the_requested_encoding
    retries_transient_codes_up_to_max_attempts
    retry_info_beyond_the_deadline_fails_at_once
    refusal_keeps_details_of_the_server
    call_ends_at_deadline_of_client_or_request
    retries_share_one_deadline
    response_without_value_is_a_protocol_error
    calls_run_concurrently_on_one_connection
}

fn hash() -> HashDataRequest {
    HashDataRequest::new(&b"\x01\xfe"[..]).profile("Default")
}

async fn hash_has_the_requested_form(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let hex = broker.client.hash_data(hash().id("call-1")).await.unwrap();
    assert_eq!(HashValue::Hex("01fe".into()), hex.value);
    assert_eq!(("Default", "identity", "call-1"), (hex.profile(), hex.algorithm(), &*hex.id));
    assert_eq!(None, hex.deprecation);
    let raw = broker.client.hash_data(hash().raw()).await.unwrap();
    assert_eq!(HashValue::Raw((&b"\x01\xfe"[..]).into()), raw.value);
    assert_eq!("01fe", raw.value.to_hex());
}

async fn request_without_id_keeps_one_uuid_across_retries(lane: Lane) {
    let broker = start_broker_on(lane, 3).await;
    broker.fake.fail(Status::unavailable("")).fail(Status::unavailable(""));
    let answer = broker.client.hash_data(hash()).await.unwrap();
    assert_eq!(36, answer.id.len());
    assert!(broker.fake.seen().iter().all(|seen| seen.id == answer.id));
    assert_eq!(3, broker.fake.calls());
    assert_ne!(answer.id, broker.client.hash_data(hash()).await.unwrap().id);
}

async fn response_has_deprecation_warning(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let answer = broker.client.hash_data(HashDataRequest::new("").profile("Old")).await.unwrap();
    let warning = answer.deprecation.unwrap();
    assert_eq!(("Old", Some("New")), (&*warning.profile, warning.replaced_by.as_deref()));
}

async fn call_carries_deadline_and_trace(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    broker.client.hash_data(hash().traceparent(parent)).await.unwrap();
    let seen = broker.fake.seen();
    assert_eq!(Some(parent), seen[0].traceparent.as_deref());
    assert!(seen[0].timeout.is_some());
    // Strict HTTP/2 servers reset calls whose authority is the path of the socket.
    assert_eq!(Some("localhost"), seen[0].authority.as_deref());
}

async fn certificate_has_the_requested_encoding(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = SignCertificateRequest::new("csr", "cert", "key").profile("Default");
    let pem = broker.client.sign_certificate(request.clone()).await.unwrap();
    assert_eq!(Certificate::Pem("csr".into()), pem.certificate);
    let der = broker.client.sign_certificate(request.encoding(Encoding::Der)).await.unwrap();
    assert_eq!(Certificate::Der(b"csr".to_vec()), der.certificate);
    assert_eq!(b"csr", der.certificate.as_bytes());
}

#[tokio::test]
async fn info_and_health_are_decoded() {
    let broker = start_broker(1).await;
    let info = broker.client.info().await.unwrap();
    assert_eq!(("1.2.3", 1), (&*info.version, info.profiles.len()));
    assert_eq!(Some(UNIX_EPOCH + Duration::new(7, 5)), info.started_at);
    assert_eq!(HealthStatus::Serving, broker.client.health("").await.unwrap());
    let unknown = broker.client.health("no.such.Service").await.unwrap_err();
    assert_eq!(Code::NotFound, unknown.rejection().unwrap().code);
    let mut watch = broker.client.watch_health("cryptobroker.v1.CryptoService").await.unwrap();
    assert_eq!(Some(HealthStatus::Serving), watch.next().await.unwrap());
}

async fn retries_transient_codes_up_to_max_attempts(lane: Lane) {
    for (code, sent) in [
        (Grpc::Unavailable, 3),
        (Grpc::ResourceExhausted, 3),
        (Grpc::Aborted, 3),
        (Grpc::InvalidArgument, 1),
        (Grpc::NotFound, 1),
        (Grpc::FailedPrecondition, 1),
        (Grpc::PermissionDenied, 1),
        (Grpc::Internal, 1),
        (Grpc::Unknown, 1),
        (Grpc::Cancelled, 1),
        (Grpc::OutOfRange, 1),
        (Grpc::Unimplemented, 1),
    ] {
        let broker = start_broker_on(lane, 3).await;
        for _ in 0..3 {
            broker.fake.fail(Status::new(code, "no"));
        }
        let error = broker.client.hash_data(hash()).await.unwrap_err();
        assert_eq!(sent, broker.fake.calls(), "{code:?}");
        assert_eq!(Code::from_number(code.into()), error.rejection().unwrap().code);
        assert_eq!(sent > 1, error.is_retryable());
    }
}

#[tokio::test]
async fn honours_pushback() {
    let pushed = |value: &'static str| {
        let mut status = Status::unavailable("later");
        status.metadata_mut().insert("grpc-retry-pushback-ms", value.parse().unwrap());
        status
    };
    let broker = start_broker(3).await;
    broker.fake.fail(pushed("-1"));
    assert_eq!(
        Code::Unavailable,
        broker.client.hash_data(hash()).await.unwrap_err().rejection().unwrap().code
    );
    assert_eq!(1, broker.fake.calls());

    // A wait beyond the deadline does not begin: the refusal is returned at once.
    broker.fake.fail(pushed("3600000"));
    let error = broker.client.hash_data(hash()).await.unwrap_err();
    assert_eq!("later", error.rejection().unwrap().message);
    assert_eq!(2, broker.fake.calls());

    broker.fake.fail(pushed("1"));
    broker.client.hash_data(hash()).await.unwrap();
    assert_eq!(4, broker.fake.calls());
}

async fn retry_info_beyond_the_deadline_fails_at_once(lane: Lane) {
    let broker = start_broker_on(lane, 3).await;
    let hour = Duration::from_secs(3600);
    let details = ErrorDetails::with_retry_info(Some(hour));
    broker.fake.fail(Status::with_error_details(Grpc::ResourceExhausted, "full", details));
    let error = broker.client.hash_data(hash()).await.unwrap_err();
    assert_eq!(Some(hour), error.rejection().unwrap().retry_after);
    assert_eq!(1, broker.fake.calls());
}

async fn refusal_keeps_details_of_the_server(lane: Lane) {
    let broker = start_broker_on(lane, 3).await;
    let metadata = [
        ("field", "csr"),
        ("profile", "Default"),
        ("rule", "KeyConstraints.Subject"),
        ("line", "42"),
        ("expected_bytes", "16,24"),
    ];
    let metadata: HashMap<_, _> =
        metadata.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let details = ErrorDetails::with_error_info("KEY_TOO_SMALL", "cryptobroker", metadata);
    broker.fake.fail(Status::with_error_details(Grpc::FailedPrecondition, "RSA 1024 is too small", details));
    let error = broker.client.hash_data(hash()).await.unwrap_err();
    assert_eq!("FAILED_PRECONDITION (KEY_TOO_SMALL): RSA 1024 is too small", error.to_string());
    let refusal = error.rejection().unwrap();
    assert_eq!(Some(Reason::Other("KEY_TOO_SMALL".into())), refusal.reason);
    assert_eq!((Some("csr"), Some("Default")), (refusal.field.as_deref(), refusal.profile.as_deref()));
    assert_eq!((Some("KeyConstraints.Subject"), Some(42)), (refusal.rule.as_deref(), refusal.line));
    assert_eq!([16, 24], *refusal.expected_bytes);
    assert!(!error.is_unreachable());
}

async fn call_ends_at_deadline_of_client_or_request(lane: Lane) {
    let broker = start_broker_on(lane, 3).await;
    let short = Duration::from_millis(20);
    broker.fake.then(Step::Hang).then(Step::Hang);
    for error in [
        broker.client.with_timeout(short).hash_data(hash()).await.unwrap_err(),
        broker.client.hash_data(hash().timeout(short)).await.unwrap_err(),
    ] {
        assert!(
            matches!(error.kind, ErrorKind::Deadline { timeout, attempts: 1, .. } if timeout == short),
            "{error:?}"
        );
    }
    // The connection outlives its calls, and the longest timeout is valid.
    broker.client.hash_data(hash().timeout(Duration::MAX)).await.unwrap();
}

async fn retries_share_one_deadline(lane: Lane) {
    let broker = start_broker_on(lane, 9).await;
    broker.fake.fail(Status::unavailable("first")).then(Step::Hang);
    let error = broker.client.hash_data(hash().timeout(Duration::from_millis(200))).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Deadline { attempts: 2, last: Some(_), .. }), "{error:?}");
    assert!(error.to_string().contains("first"), "{error}");
}

async fn response_without_value_is_a_protocol_error(lane: Lane) {
    let broker = start_broker_on(lane, 3).await;
    broker.fake.then(Step::Empty);
    assert!(matches!(
        broker.client.hash_data(hash()).await,
        Err(Error { kind: ErrorKind::Protocol { .. }, .. })
    ));
    assert_eq!(1, broker.fake.calls());
}

async fn calls_run_concurrently_on_one_connection(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    broker.fake.then(Step::Hang);
    let stuck = tokio::spawn({
        let client = broker.client.clone();
        async move { client.hash_data(hash()).await }
    });
    let tasks: Vec<_> = (0..64u8)
        .map(|n| {
            let client = broker.client.clone();
            tokio::spawn(async move {
                client.hash_data(HashDataRequest::new(vec![n]).profile("Default").raw()).await
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        let answer = task.await.unwrap().unwrap();
        assert_eq!(HashValue::Raw(vec![u8::try_from(n).unwrap()].into()), answer.value);
    }
    assert!(!stuck.is_finished());
    stuck.abort();
}
