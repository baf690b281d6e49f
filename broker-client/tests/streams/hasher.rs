//! Hashes whose data arrives piece by piece.

use broker_client::{ErrorKind, HashValue};
use tonic::Status;

use crate::{
    common::{End, start_broker},
    hash,
};

#[tokio::test]
async fn hasher_hashes_pieces() {
    let broker = start_broker(1).await;
    let mut hasher = broker.client.hasher(hash());
    // More pieces than the queue holds.
    for _ in 0..20 {
        hasher.update("piece ").await.unwrap();
    }
    let answer = hasher.finalize().await.unwrap();
    assert_eq!(HashValue::Raw("piece ".repeat(20).into()), answer.value);
    assert_eq!([6; 20], *broker.fake.lengths());
    assert_eq!(End::Complete, broker.fake.end().await);
}

#[tokio::test]
async fn dropped_hasher_cancels_call() {
    let broker = start_broker(1).await;
    let mut hasher = broker.client.hasher(hash());
    hasher.update("piece").await.unwrap();
    while broker.fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    drop(hasher);
    assert_eq!(End::Broken, broker.fake.end().await);
}

#[tokio::test]
async fn hasher_reports_refusal_once_and_then_fails() {
    let broker = start_broker(1).await;
    broker.fake.fail(Status::not_found("no such profile"));
    let mut hasher = broker.client.hasher(hash());
    // Servers on h2 close connections with many small pieces that nobody has read.
    let piece = bytes::Bytes::from(vec![0; 16 << 10]);
    let error = loop {
        if let Err(error) = hasher.update(piece.clone()).await {
            break error;
        }
    };
    assert_eq!("no such profile", error.rejection().unwrap_or_else(|| panic!("{error:?}")).message);
    let error = hasher.update("piece").await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error:?}");
    let error = hasher.finalize().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error:?}");

    broker.fake.fail(Status::not_found("no such profile"));
    let error = broker.client.hasher(hash()).finalize().await.unwrap_err();
    assert_eq!("no such profile", error.rejection().unwrap().message);
}
