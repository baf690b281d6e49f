//! Brokers that are missing, start late, or restart, and calls that are interrupted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::time::Duration;

use broker_client::{Client, Error, ErrorKind, HashDataRequest, RetryPolicy};
use common::{Fake, Step, denied, quick, start};

fn hash() -> HashDataRequest {
    HashDataRequest::new("x").profile("Default")
}

#[tokio::test]
async fn connect_fails_without_broker() {
    let folder = tempfile::tempdir().unwrap();
    let error = Client::connect(folder.path().join("nobody")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("start `cryptobroker-server`"), "{error}");
    assert!(error.is_unreachable());
}

#[tokio::test]
async fn lazy_client_fails_without_broker_and_connects_later() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let client = Client::builder().socket(&socket).retry(quick(2)).connect_lazy().unwrap();
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(
        matches!(&error.kind, ErrorKind::Connect { sockets, .. } if *sockets == [socket.clone()]),
        "{error:?}"
    );
    let _running = start(&Fake::default(), socket);
    client.hash_data(hash()).await.unwrap();
}

#[tokio::test]
async fn connect_waits_for_late_broker() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let builder = Client::builder().socket(&socket).connect_wait(Duration::from_secs(60));
    // `join!` polls in this order, so the first attempt fails before the listener exists.
    let (client, _running) =
        tokio::join!(builder.connect(), async { start(&Fake::default(), socket.clone()) });
    client.unwrap().hash_data(hash()).await.unwrap();
}

#[tokio::test]
async fn wait_for_socket_ends_at_deadline_of_call() {
    let folder = tempfile::tempdir().unwrap();
    let wait = Duration::from_secs(3600);
    let client = Client::builder().socket(folder.path().join("s")).connect_wait(wait).connect_lazy().unwrap();
    let error = client.hash_data(hash().timeout(Duration::from_millis(20))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { .. }), "{error:?}");
}

#[tokio::test]
async fn reconnects_to_restarted_broker() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    let mut running = start(&fake, socket.clone());
    let client = Client::connect(&socket).await.unwrap();
    for _ in 0..3 {
        client.hash_data(hash()).await.unwrap();
        running.stop();
        running = start(&fake, socket.clone());
    }
    client.hash_data(hash()).await.unwrap();
    assert_eq!(4, fake.calls());
}

#[tokio::test]
async fn interrupted_call_is_a_connection_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let fake = Fake::default();
    fake.then(Step::Hang);
    let running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).retry(RetryPolicy::none()).connect().await.unwrap();
    let call = tokio::spawn(async move { client.hash_data(hash()).await });
    while fake.calls() == 0 {
        tokio::task::yield_now().await;
    }
    running.stop();
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
    assert!(error.is_retryable() && error.is_unreachable());
}

#[tokio::test]
async fn listener_without_grpc_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let client = Client::builder().socket(&socket).retry(quick(2)).connect_lazy().unwrap();
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

/// Returns the error of a call whose attempts the server resets for these reasons.
async fn error_after_resets(reasons: &[h2::Reason]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let mut next = std::collections::VecDeque::from(reasons.to_vec());
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        while let Some(call) = connection.accept().await {
            call.unwrap().1.send_reset(next.pop_front().unwrap());
        }
    });
    let policy = quick(reasons.len().try_into().unwrap());
    let client = Client::builder().socket(&socket).retry(policy).connect().await.unwrap();
    let error = client.hash_data(hash()).await.unwrap_err();
    drop(client);
    server.await.unwrap();
    error
}

#[tokio::test]
async fn refused_stream_is_not_possibly_executed() {
    for (reason, executed) in [
        (h2::Reason::REFUSED_STREAM, false),
        (h2::Reason::INTERNAL_ERROR, true),
        (h2::Reason::ENHANCE_YOUR_CALM, true),
    ] {
        let error = error_after_resets(&[reason]).await;
        assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
        assert_eq!(executed, error.possibly_executed, "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn partial_response_is_possibly_executed() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        let mut pings = connection.ping_pong().unwrap();
        let (_, mut call) = connection.accept().await.unwrap().unwrap();
        let mut answer = call.send_response(http::Response::new(()), false).unwrap();
        let refuse = async {
            // The pong arrives after the client has received the head.
            pings.ping(h2::Ping::opaque()).await.unwrap();
            answer.send_reset(h2::Reason::REFUSED_STREAM);
        };
        tokio::join!(refuse, async { while connection.accept().await.is_some() {} });
    });
    let client = Client::builder().socket(&socket).retry(RetryPolicy::none()).connect().await.unwrap();
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed, "{error:?}");
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn refused_stream_after_reset_is_possibly_executed() {
    let error = error_after_resets(&[h2::Reason::INTERNAL_ERROR, h2::Reason::REFUSED_STREAM]).await;
    assert!(matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed, "{error:?}");
}

#[tokio::test]
async fn refusal_after_reset_is_possibly_executed() {
    for reset_first in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let server = tokio::spawn(async move {
            let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
            let mut reset_next = reset_first;
            while let Some(call) = connection.accept().await {
                let mut call = call.unwrap().1;
                if std::mem::take(&mut reset_next) {
                    call.send_reset(h2::Reason::INTERNAL_ERROR);
                    continue;
                }
                call.send_response(denied(), true).unwrap();
            }
        });
        let client = Client::builder().socket(&socket).retry(quick(2)).connect().await.unwrap();
        let error = client.hash_data(hash()).await.unwrap_err();
        assert!(error.rejection().is_some(), "{error:?}");
        assert_eq!(error.possibly_executed, reset_first);
        drop(client);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn missing_broker_after_reset_is_possibly_executed() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let path = socket.clone();
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        let call = connection.accept().await.unwrap().unwrap();
        std::fs::remove_file(path).unwrap();
        drop((call, connection, listener));
    });
    let client = Client::builder().socket(&socket).retry(quick(2)).connect().await.unwrap();
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }) && error.possibly_executed, "{error:?}");
    assert!(error.possibly_executed && error.is_unreachable());
    server.await.unwrap();
    // A new call has no earlier attempt.
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }) && !error.possibly_executed, "{error:?}");
}

/// Waiting calls are not sent, and a waiting call that is cancelled is never sent.
#[tokio::test]
async fn calls_beyond_the_limit_of_the_server_wait() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let (calls, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut builder = h2::server::Builder::new();
        let stream = listener.accept().await.unwrap().0;
        let mut connection =
            builder.max_concurrent_streams(2).handshake::<_, bytes::Bytes>(stream).await.unwrap();
        while let Some(call) = connection.accept().await {
            calls.send(call.unwrap().1).unwrap();
        }
    });
    let client = Client::builder().socket(&socket).retry(RetryPolicy::none()).connect().await.unwrap();
    let call = || {
        let client = client.clone();
        tokio::spawn(async move { client.hash_data(hash()).await })
    };
    // After the first response the client knows the limit of the server.
    let first = call();
    arrived.recv().await.unwrap().send_reset(h2::Reason::REFUSED_STREAM);
    first.await.unwrap().unwrap_err();
    let held = [call(), call()];
    let mut streams = vec![arrived.recv().await.unwrap(), arrived.recv().await.unwrap()];
    let cancelled = call();
    tokio::task::yield_now().await;
    cancelled.abort();
    cancelled.await.unwrap_err();
    let waiting = call();
    for stream in &mut streams {
        stream.send_reset(h2::Reason::REFUSED_STREAM);
    }
    for call in held {
        call.await.unwrap().unwrap_err();
    }
    // It is the fourth call that was sent, although the fifth that was made.
    let mut fourth = arrived.recv().await.unwrap();
    assert_eq!(fourth.stream_id().as_u32(), 7);
    fourth.send_reset(h2::Reason::REFUSED_STREAM);
    waiting.await.unwrap().unwrap_err();
}
