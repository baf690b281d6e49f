//! Streams that fail: refusals, broken readers, cancelled calls and broken connections.

use std::io::{self, Read};

use broker_client::{Client, Code, ErrorKind, HashDataRequest, SignStreamRequest};
use tokio_stream::StreamExt as _;
use tonic::Status;

use crate::{
    PART,
    common::{End, Step, quick, start_broker},
    endless, hash, parts,
};

#[tokio::test]
async fn refusal_arrives_at_once_and_stops_reading() {
    let broker = start_broker(3).await;
    broker.fake.fail(Status::not_found("no such profile"));
    let (reader, _, dropped) = endless();
    let error = broker.client.hash_reader(hash(), reader).await.unwrap_err();
    assert_eq!(Code::NotFound, error.rejection().unwrap().code);
    dropped.await.unwrap_err();
    assert_eq!(1, broker.fake.calls());
}

#[tokio::test]
async fn stream_is_never_retried() {
    let broker = start_broker(3).await;
    broker.fake.fail(Status::unavailable("draining"));
    let error = broker.client.hash_stream(hash(), parts(["one"])).await.unwrap_err();
    assert_eq!(Code::Unavailable, error.rejection().unwrap().code);
    assert!(error.is_retryable());
    assert_eq!(1, broker.fake.calls());
}

#[tokio::test]
async fn reader_error_resets_call() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("the disk is gone"));
            }
            let length = buffer.len().min(self.0);
            self.0 -= length;
            Ok(length)
        }
    }
    for before in [0, 5, PART, 2 * PART + 5] {
        let broker = start_broker(3).await;
        let error = broker.client.hash_reader(hash(), Broken(before)).await.unwrap_err();
        let ErrorKind::Input { source, .. } = &error.kind else { panic!("{error:?}") };
        assert_eq!("the disk is gone", source.to_string());
        assert!(error.to_string().contains("the disk is gone"));
        assert!(!error.is_retryable() && !error.is_unreachable());
        assert_eq!(End::Broken, broker.fake.end().await, "{before}");
        // The connection outlives the call.
        broker.client.hash_data(HashDataRequest::new("").profile("P")).await.unwrap();
    }
}

#[tokio::test]
async fn error_among_parts_resets_call() {
    let broker = start_broker(1).await;
    let broken = parts(["one"]).chain(tokio_stream::once(Err(io::ErrorKind::InvalidData.into())));
    let error =
        broker.client.sign_stream(SignStreamRequest::new("k").profile("P"), broken).await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.kind() == io::ErrorKind::InvalidData)
    );
    assert_eq!(End::Broken, broker.fake.end().await);
}

#[tokio::test]
async fn reader_panic_resets_call() {
    struct Panics(bool);
    impl Read for Panics {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.0, "the reader panics");
            self.0 = true;
            Ok(buffer.len())
        }
    }
    let broker = start_broker(1).await;
    let error = broker.client.hash_reader(hash(), Panics(false)).await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Input { source, .. } if source.to_string().contains("panicked")),
        "{error:?}"
    );
    assert_eq!(End::Broken, broker.fake.end().await);
}

#[tokio::test]
async fn dropped_call_is_cancelled() {
    let broker = start_broker(1).await;
    let (reader, _, dropped) = endless();
    let client = broker.client.clone();
    broker.fake.then(Step::Hang);
    let call = tokio::spawn(async move { client.hash_reader(hash(), reader).await });
    while broker.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    dropped.await.unwrap_err();
    assert_eq!(End::Broken, broker.fake.end().await);
}

#[tokio::test]
async fn stopped_broker_is_a_connection_error() {
    let mut broker = start_broker(3).await;
    broker.fake.then(Step::Hang);
    let (reader, _, dropped) = endless();
    let client = broker.client.clone();
    let call = tokio::spawn(async move { client.hash_reader(hash(), reader).await });
    while broker.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    broker.running.take().unwrap().stop();
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
    dropped.await.unwrap_err();
}

#[tokio::test]
async fn stream_fails_without_broker() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::builder().socket(folder.path().join("s")).retry(quick(2)).connect_lazy().unwrap();
    let error = client.hash_reader(hash(), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn empty_response_is_a_protocol_error() {
    let broker = start_broker(1).await;
    broker.fake.then(Step::Empty).then(Step::Empty);
    let error = broker.client.hash_reader(hash(), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
    let error =
        broker.client.sign_reader(SignStreamRequest::new("k").profile("P"), &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Protocol { .. }));
}

#[tokio::test]
async fn rejects_invalid_traceparent_before_sending() {
    let broker = start_broker(1).await;
    let error = broker.client.hash_stream(hash().traceparent("a\nb"), parts([])).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }));
    assert_eq!(0, broker.fake.calls());
}
