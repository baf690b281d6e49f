//! Calls through a real socket: what is sent, what comes back, what is retried.
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
use common::{Lane, Step, broker, broker_on};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

on_both_lanes! {
    a_hash_comes_back_in_the_form_that_was_asked_for
    a_request_without_an_id_gets_a_uuid_and_keeps_it_through_its_retries
    a_deprecation_warning_reaches_the_caller
    deadline_and_trace_travel_with_the_call
    a_certificate_comes_back_as_pem_or_der
    only_codes_that_can_pass_are_retried_and_only_so_often
    retry_info_beyond_the_deadline_ends_the_call_at_once
    a_refusal_keeps_what_the_server_said
    a_call_ends_at_its_deadline_whoever_set_it
    retries_share_one_deadline
    an_answer_without_its_value_is_a_protocol_error
    calls_run_at_the_same_time_on_one_connection
}

fn hash() -> HashDataRequest {
    HashDataRequest::new(&b"\x01\xfe"[..]).profile("Default")
}

async fn a_hash_comes_back_in_the_form_that_was_asked_for(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let hex = it.client.hash_data(hash().id("call-1")).await.unwrap();
    assert_eq!(HashValue::Hex("01fe".into()), hex.value);
    assert_eq!(("Default", "identity", "call-1"), (hex.profile(), hex.algorithm(), &*hex.id));
    assert_eq!(None, hex.deprecation);
    let raw = it.client.hash_data(hash().raw()).await.unwrap();
    assert_eq!(HashValue::Raw((&b"\x01\xfe"[..]).into()), raw.value);
    assert_eq!("01fe", raw.value.to_hex());
}

async fn a_request_without_an_id_gets_a_uuid_and_keeps_it_through_its_retries(lane: Lane) {
    let it = broker_on(lane, 3).await;
    it.fake.fail(Status::unavailable("")).fail(Status::unavailable(""));
    let answer = it.client.hash_data(hash()).await.unwrap();
    assert_eq!(36, answer.id.len());
    assert!(it.fake.seen().iter().all(|seen| seen.id == answer.id));
    assert_eq!(3, it.fake.calls());
    assert_ne!(answer.id, it.client.hash_data(hash()).await.unwrap().id);
}

async fn a_deprecation_warning_reaches_the_caller(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let answer = it.client.hash_data(HashDataRequest::new("").profile("Old")).await.unwrap();
    let warning = answer.deprecation.unwrap();
    assert_eq!(("Old", Some("New")), (&*warning.profile, warning.replaced_by.as_deref()));
}

async fn deadline_and_trace_travel_with_the_call(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    it.client.hash_data(hash().traceparent(parent)).await.unwrap();
    let seen = it.fake.seen();
    assert_eq!(Some(parent), seen[0].traceparent.as_deref());
    assert!(seen[0].timeout.is_some());
    // Not the path of the socket: strict HTTP/2 servers reset such calls.
    assert_eq!(Some("localhost"), seen[0].authority.as_deref());
}

async fn a_certificate_comes_back_as_pem_or_der(lane: Lane) {
    let it = broker_on(lane, 1).await;
    let request = SignCertificateRequest::new("csr", "cert", "key").profile("Default");
    let pem = it.client.sign_certificate(request.clone()).await.unwrap();
    assert_eq!(Certificate::Pem("csr".into()), pem.certificate);
    let der = it.client.sign_certificate(request.encoding(Encoding::Der)).await.unwrap();
    assert_eq!(Certificate::Der(b"csr".to_vec()), der.certificate);
    assert_eq!(b"csr", der.certificate.as_bytes());
}

#[tokio::test]
async fn info_and_health_are_typed() {
    let it = broker(1).await;
    let info = it.client.info().await.unwrap();
    assert_eq!(("1.2.3", 1), (&*info.version, info.profiles.len()));
    assert_eq!(Some(UNIX_EPOCH + Duration::new(7, 5)), info.started_at);
    assert_eq!(HealthStatus::Serving, it.client.health("").await.unwrap());
    let unknown = it.client.health("no.such.Service").await.unwrap_err();
    assert_eq!(Code::NotFound, unknown.rejection().unwrap().code);
    let mut watch = it.client.watch_health("cryptobroker.v1.CryptoService").await.unwrap();
    assert_eq!(Some(HealthStatus::Serving), watch.next().await.unwrap());
}

async fn only_codes_that_can_pass_are_retried_and_only_so_often(lane: Lane) {
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
        let it = broker_on(lane, 3).await;
        for _ in 0..3 {
            it.fake.fail(Status::new(code, "no"));
        }
        let error = it.client.hash_data(hash()).await.unwrap_err();
        assert_eq!(sent, it.fake.calls(), "{code:?}");
        assert_eq!(Code::from_number(code.into()), error.rejection().unwrap().code);
        assert_eq!(sent > 1, error.is_retryable());
    }
}

#[tokio::test]
async fn pushback_is_honoured() {
    let pushed = |value: &'static str| {
        let mut status = Status::unavailable("later");
        status.metadata_mut().insert("grpc-retry-pushback-ms", value.parse().unwrap());
        status
    };
    let it = broker(3).await;
    it.fake.fail(pushed("-1"));
    assert_eq!(Code::Unavailable, it.client.hash_data(hash()).await.unwrap_err().rejection().unwrap().code);
    assert_eq!(1, it.fake.calls());

    // A time beyond the deadline is not waited for: the refusal comes back at once.
    it.fake.fail(pushed("3600000"));
    let error = it.client.hash_data(hash()).await.unwrap_err();
    assert_eq!("later", error.rejection().unwrap().message);
    assert_eq!(2, it.fake.calls());

    it.fake.fail(pushed("1"));
    it.client.hash_data(hash()).await.unwrap();
    assert_eq!(4, it.fake.calls());
}

async fn retry_info_beyond_the_deadline_ends_the_call_at_once(lane: Lane) {
    let it = broker_on(lane, 3).await;
    let hour = Duration::from_secs(3600);
    let details = ErrorDetails::with_retry_info(Some(hour));
    it.fake.fail(Status::with_error_details(Grpc::ResourceExhausted, "full", details));
    let error = it.client.hash_data(hash()).await.unwrap_err();
    assert_eq!(Some(hour), error.rejection().unwrap().retry_after);
    assert_eq!(1, it.fake.calls());
}

async fn a_refusal_keeps_what_the_server_said(lane: Lane) {
    let it = broker_on(lane, 3).await;
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
    it.fake.fail(Status::with_error_details(Grpc::FailedPrecondition, "RSA 1024 is too small", details));
    let error = it.client.hash_data(hash()).await.unwrap_err();
    assert_eq!("FAILED_PRECONDITION (KEY_TOO_SMALL): RSA 1024 is too small", error.to_string());
    let refusal = error.rejection().unwrap();
    assert_eq!(Some(Reason::Other("KEY_TOO_SMALL".into())), refusal.reason);
    assert_eq!((Some("csr"), Some("Default")), (refusal.field.as_deref(), refusal.profile.as_deref()));
    assert_eq!((Some("KeyConstraints.Subject"), Some(42)), (refusal.rule.as_deref(), refusal.line));
    assert_eq!([16, 24], *refusal.expected_bytes);
    assert!(!error.is_unreachable());
}

async fn a_call_ends_at_its_deadline_whoever_set_it(lane: Lane) {
    let it = broker_on(lane, 3).await;
    let short = Duration::from_millis(20);
    it.fake.then(Step::Hang).then(Step::Hang);
    for error in [
        it.client.with_timeout(short).hash_data(hash()).await.unwrap_err(),
        it.client.hash_data(hash().timeout(short)).await.unwrap_err(),
    ] {
        assert!(
            matches!(error.kind, ErrorKind::Deadline { timeout, attempts: 1, .. } if timeout == short),
            "{error:?}"
        );
    }
    // The connection outlives the calls on it, and no time is too long.
    it.client.hash_data(hash().timeout(Duration::MAX)).await.unwrap();
}

async fn retries_share_one_deadline(lane: Lane) {
    let it = broker_on(lane, 9).await;
    it.fake.fail(Status::unavailable("first")).then(Step::Hang);
    let error = it.client.hash_data(hash().timeout(Duration::from_millis(200))).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Deadline { attempts: 2, last: Some(_), .. }), "{error:?}");
    assert!(error.to_string().contains("first"), "{error}");
}

async fn an_answer_without_its_value_is_a_protocol_error(lane: Lane) {
    let it = broker_on(lane, 3).await;
    it.fake.then(Step::Empty);
    assert!(matches!(it.client.hash_data(hash()).await, Err(Error { kind: ErrorKind::Protocol { .. }, .. })));
    assert_eq!(1, it.fake.calls());
}

async fn calls_run_at_the_same_time_on_one_connection(lane: Lane) {
    let it = broker_on(lane, 1).await;
    it.fake.then(Step::Hang);
    let stuck = tokio::spawn({
        let client = it.client.clone();
        async move { client.hash_data(hash()).await }
    });
    let tasks: Vec<_> = (0..64u8)
        .map(|n| {
            let client = it.client.clone();
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
