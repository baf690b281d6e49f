//! Brokers that are missing, come late, and come back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::time::Duration;

use broker_client::{Client, Error, ErrorKind, HashDataRequest, RetryPolicy};
use common::{Fake, Step, denied, quick, start};

fn hash() -> HashDataRequest {
    HashDataRequest::new("x").profile("Default")
}

#[tokio::test]
async fn a_missing_broker_is_known_at_connect() {
    let folder = tempfile::tempdir().unwrap();
    let error = Client::connect(folder.path().join("nobody")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("start `cryptobroker-server`"), "{error}");
    assert!(error.is_unreachable());
}

#[tokio::test]
async fn a_lazy_client_meets_the_missing_broker_at_its_first_call_and_finds_it_later() {
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
async fn a_broker_that_comes_late_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let builder = Client::builder().socket(&socket).connect_wait(Duration::from_secs(60));
    // `join!` polls in this order: nobody listens yet when the client first knocks.
    let (client, _running) =
        tokio::join!(builder.connect(), async { start(&Fake::default(), socket.clone()) });
    client.unwrap().hash_data(hash()).await.unwrap();
}

#[tokio::test]
async fn a_call_waits_for_a_socket_no_longer_than_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let wait = Duration::from_secs(3600);
    let client = Client::builder().socket(folder.path().join("s")).connect_wait(wait).connect_lazy().unwrap();
    let error = client.hash_data(hash().timeout(Duration::from_millis(20))).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { .. }), "{error:?}");
}

#[tokio::test]
async fn a_restarted_broker_is_found_again() {
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
async fn a_call_that_is_cut_in_the_middle_is_an_error_of_the_connection() {
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
async fn a_listener_that_does_not_speak_grpc_is_an_error_and_no_hang() {
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

/// How a call ends of which a server resets one attempt after the other for these reasons.
async fn reset(reasons: &[h2::Reason]) -> Error {
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
async fn a_call_that_a_server_refuses_unseen_has_not_been_begun() {
    for (reason, executed) in [
        (h2::Reason::REFUSED_STREAM, false),
        (h2::Reason::INTERNAL_ERROR, true),
        (h2::Reason::ENHANCE_YOUR_CALM, true),
    ] {
        let error = reset(&[reason]).await;
        assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
        assert_eq!(executed, error.possibly_executed, "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_call_that_was_answered_in_part_has_been_begun() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        let mut pings = connection.ping_pong().unwrap();
        let (_, mut call) = connection.accept().await.unwrap().unwrap();
        let mut answer = call.send_response(http::Response::new(()), false).unwrap();
        let refuse = async {
            // Its answer comes after the client has seen the head.
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

/// What an earlier attempt may have done is not forgotten.
#[tokio::test]
async fn a_call_that_is_refused_after_it_was_cut_may_have_been_begun() {
    let error = reset(&[h2::Reason::INTERNAL_ERROR, h2::Reason::REFUSED_STREAM]).await;
    assert!(matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed, "{error:?}");
}

#[tokio::test]
async fn a_call_that_a_broker_denies_after_it_was_cut_may_have_been_begun() {
    for cut in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let server = tokio::spawn(async move {
            let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
            let mut cut = cut;
            while let Some(call) = connection.accept().await {
                let mut call = call.unwrap().1;
                if std::mem::take(&mut cut) {
                    call.send_reset(h2::Reason::INTERNAL_ERROR);
                    continue;
                }
                call.send_response(denied(), true).unwrap();
            }
        });
        let client = Client::builder().socket(&socket).retry(quick(2)).connect().await.unwrap();
        let error = client.hash_data(hash()).await.unwrap_err();
        assert!(error.rejection().is_some(), "{error:?}");
        assert_eq!(error.possibly_executed, cut);
        drop(client);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_call_whose_broker_has_gone_after_it_was_cut_may_have_been_begun() {
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
    // A new call has no attempt before it.
    let error = client.hash_data(hash()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connect { .. }) && !error.possibly_executed, "{error:?}");
}

/// More calls than the server takes at once wait on this side; one that is given up there is never sent.
#[tokio::test]
async fn calls_beyond_what_the_server_takes_wait_for_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let (calls, mut come) = tokio::sync::mpsc::unbounded_channel();
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
    // The answer to the first tells how many are taken.
    let first = call();
    come.recv().await.unwrap().send_reset(h2::Reason::REFUSED_STREAM);
    first.await.unwrap().unwrap_err();
    let held = [call(), call()];
    let mut streams = vec![come.recv().await.unwrap(), come.recv().await.unwrap()];
    let given_up = call();
    tokio::task::yield_now().await;
    given_up.abort();
    given_up.await.unwrap_err();
    let waits = call();
    for stream in &mut streams {
        stream.send_reset(h2::Reason::REFUSED_STREAM);
    }
    for call in held {
        call.await.unwrap().unwrap_err();
    }
    // The fourth that is sent, though the fifth that was called.
    let mut fourth = come.recv().await.unwrap();
    assert_eq!(fourth.stream_id().as_u32(), 7);
    fourth.send_reset(h2::Reason::REFUSED_STREAM);
    waits.await.unwrap().unwrap_err();
}
