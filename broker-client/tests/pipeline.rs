//! Operations on one stream: limits, deadlines, and how items end when the stream ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::{
    collections::HashMap,
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use broker_client::{Client, Code, Error, ErrorKind, HashDataRequest, HashValue, HealthStatus, RetryPolicy};
use common::{Fake, Lane, Running, Step, quick, start, start_broker_on, start_old};
use tokio::{io::AsyncReadExt as _, sync::oneshot};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

fn hash(input: impl Into<bytes::Bytes>) -> HashDataRequest {
    HashDataRequest::new(input).profile("Default").raw()
}

/// Returns the status with which a broker ends streams while it shuts down.
fn shutting_down() -> Status {
    let details = ErrorDetails::with_error_info("SHUTTING_DOWN", "cryptobroker", HashMap::new());
    Status::with_error_details(Grpc::Unavailable, "the broker is shutting down", details)
}

/// Returns a client that retries nothing.
async fn without_retries(socket: &std::path::Path) -> Client {
    Client::builder().socket(socket).retry(RetryPolicy::none()).connect().await.unwrap().pipeline()
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    (folder, socket)
}

#[tokio::test]
async fn client_and_clones_share_one_stream() {
    let broker = start_broker_on(Lane::Pipeline, 1).await;
    assert_eq!(0, broker.fake.pipelines(), "the first operation opens the stream");
    for client in
        [&broker.client, &broker.client.clone(), &broker.client.with_timeout(Duration::from_secs(3))]
    {
        client.hash_data(hash("x")).await.unwrap();
    }
    assert_eq!(1, broker.fake.pipelines());
    broker.client.pipeline().hash_data(hash("x")).await.unwrap();
    assert_eq!(2, broker.fake.pipelines());
    // Health and information are calls of their own.
    assert_eq!("1.2.3", broker.client.info().await.unwrap().version);
    assert_eq!(HealthStatus::Serving, broker.client.health("").await.unwrap());
    assert_eq!(2, broker.fake.pipelines());
}

#[tokio::test]
async fn responses_in_any_order_reach_their_callers() {
    let broker = start_broker_on(Lane::Pipeline, 1).await;
    broker.fake.then(Step::Hang);
    let mut stuck = pin!(broker.client.hash_data(hash("first")));
    assert!(poll(stuck.as_mut()).is_pending());
    broker.fake.wait_for_items(1).await;
    let others = (0..500_u32).map(|n| {
        let client = broker.client.clone();
        // The inputs have many lengths, some longer than a frame.
        let input = vec![n as u8; (n * n) as usize];
        tokio::spawn(async move { (client.hash_data(hash(input.clone())).await, input) })
    });
    for other in others.collect::<Vec<_>>() {
        let (answer, input) = other.await.unwrap();
        assert!(HashValue::Raw(input.into()) == answer.unwrap().value);
    }
    assert!(poll(stuck).is_pending());
}

#[tokio::test]
async fn operations_beyond_in_flight_limit_wait_in_order() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).in_flight(3).connect().await.unwrap().pipeline();
    fake.close_gate();
    let calls: Vec<_> = (0..10_u8)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.hash_data(hash(vec![n]).id(n.to_string())).await })
        })
        .collect();
    fake.wait_for_items(3).await;
    // A call that waits for a permit still ends at its deadline.
    let late = client.hash_data(hash("x").timeout(Duration::from_millis(20))).await.unwrap_err();
    assert!(matches!(late.kind, ErrorKind::Deadline { .. }), "{late:?}");
    assert_eq!(3, fake.calls());
    fake.open_gate();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(HashValue::Raw(vec![n as u8].into()), call.await.unwrap().unwrap().value);
    }
    let ids: Vec<_> = fake.seen().into_iter().map(|seen| seen.id).collect();
    assert_eq!(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], *ids);
}

#[tokio::test]
async fn cancelled_item_releases_permit_and_late_response_is_ignored() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).in_flight(1).connect().await.unwrap().pipeline();
    fake.close_gate();
    for n in 1..=3 {
        let mut call = Box::pin(client.hash_data(hash("left")));
        assert!(poll(call.as_mut()).is_pending());
        fake.wait_for_items(n).await;
    }
    let short = hash("late").timeout(Duration::from_millis(20));
    assert!(matches!(
        client.hash_data(short).await,
        Err(Error { kind: ErrorKind::Deadline { attempts: 1, .. }, .. })
    ));
    fake.open_gate();
    // The late responses arrive before this one.
    let answer = client.hash_data(hash("here")).await.unwrap();
    assert_eq!(HashValue::Raw("here".into()), answer.value);
    assert_eq!(1, fake.pipelines());
}

#[tokio::test]
async fn items_carry_their_timeout() {
    let broker = start_broker_on(Lane::Pipeline, 1).await;
    broker.client.hash_data(hash("x").timeout(Duration::new(7, 500_000_000))).await.unwrap();
    broker.client.hash_data(hash("x")).await.unwrap();
    let times: Vec<_> = broker.fake.seen().into_iter().map(|seen| seen.timeout.unwrap()).collect();
    assert_eq!(["7.500s", "10s"], *times);
}

#[tokio::test]
async fn enforces_earlier_deadline_first() {
    let broker = start_broker_on(Lane::Pipeline, 1).await;
    broker.fake.then(Step::Hang).then(Step::Hang).then(Step::Hang);
    let call = |millis| broker.client.hash_data(hash("x").timeout(Duration::from_millis(millis)));
    let (hour, short, long) = (pin!(call(3_600_000)), call(20), call(60));
    let mut hour = hour;
    assert!(poll(hour.as_mut()).is_pending());
    let (long, short) = tokio::join!(long, short);
    assert!(
        matches!(short, Err(Error { kind: ErrorKind::Deadline { timeout, .. }, .. }) if timeout.as_millis() == 20)
    );
    assert!(
        matches!(long, Err(Error { kind: ErrorKind::Deadline { timeout, .. }, .. }) if timeout.as_millis() == 60)
    );
    assert!(poll(hour).is_pending());
}

#[tokio::test]
async fn retries_unanswered_item_after_graceful_end() {
    for status in [Status::ok(""), shutting_down()] {
        let broker = start_broker_on(Lane::Pipeline, 2).await;
        broker.fake.then(Step::Default).then(Step::End(status));
        broker.client.hash_data(hash("x")).await.unwrap();
        let answer = broker.client.hash_data(hash("again")).await.unwrap();
        assert_eq!(HashValue::Raw("again".into()), answer.value);
        assert_eq!(2, broker.fake.pipelines());
    }
}

#[tokio::test]
async fn unanswered_item_after_graceful_end_is_not_executed() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = without_retries(&socket).await;
    for (status, text) in [(Status::ok(""), "OK"), (shutting_down(), "SHUTTING_DOWN")] {
        fake.then(Step::End(status));
        let error = client.hash_data(hash("x")).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && !error.possibly_executed, "{error:?}");
        assert!(!error.possibly_executed && error.is_retryable());
        let message = error.to_string();
        assert!(message.contains(text) && message.contains("safe"), "{message}");
    }
}

#[tokio::test]
async fn refusal_of_stream_fails_all_items() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = without_retries(&socket).await;
    fake.close_gate();
    let others: Vec<_> = (0..5).map(|_| tokio::spawn(call(&client))).collect();
    fake.wait_for_items(5).await;
    fake.then(Step::End(Status::resource_exhausted("enough")));
    let mut errors = vec![client.hash_data(hash("x")).await.unwrap_err()];
    for other in others {
        errors.push(other.await.unwrap().unwrap_err());
    }
    for error in errors {
        assert_eq!(Code::ResourceExhausted, error.rejection().unwrap().code, "{error:?}");
    }
    fake.open_gate();
    client.hash_data(hash("x")).await.unwrap();
}

#[tokio::test]
async fn item_on_broken_connection_is_possibly_executed() {
    let (_folder, socket) = folder();
    let (fake, client, running) = unresponsive_broker(&socket).await;
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(call(&client))).collect();
    fake.wait_for_items(20).await;
    running.stop();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed, "{error:?}");
        assert!(error.is_retryable() && error.is_unreachable() && error.possibly_executed);
        assert!(error.to_string().contains("may have executed the call"), "{error}");
    }
}

#[tokio::test]
async fn unsent_item_is_not_executed() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = without_retries(&socket).await;
    running.stop();
    // Waits until the client knows that the connection broke and that nobody listens.
    while !matches!(client.health("").await, Err(Error { kind: ErrorKind::Connect { .. }, .. })) {}
    let error = client.hash_data(hash("x")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Connect { .. }), "{error:?}");
    assert!(!error.possibly_executed);
}

#[tokio::test]
async fn only_sent_items_are_possibly_executed_when_connection_breaks() {
    let (_folder, socket) = folder();
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let client = without_retries(&socket).await;
    // More data than any transport accepts before the server reads.
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.hash_data(hash(vec![0; 10_000])).await })
        })
        .collect();
    let (mut stream, _) = listener.accept().await.unwrap();
    drop(listener);
    stream.read_exact(&mut [0; 30_000]).await.unwrap();
    drop(stream);
    let mut safe = Vec::new();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
        safe.push(!error.possibly_executed);
    }
    // Items are sent in order.
    assert!(!safe[0] && safe[63] && safe.is_sorted(), "{safe:?}");
}

#[tokio::test]
async fn reconnects_to_restarted_broker() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let mut running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).retry(quick(9)).connect().await.unwrap().pipeline();
    for _ in 0..3 {
        client.hash_data(hash("x")).await.unwrap();
        running.stop();
        running = start(&fake, socket.clone());
    }
    client.hash_data(hash("x")).await.unwrap();
    assert_eq!(4, fake.calls());
}

#[tokio::test]
async fn error_states_that_broker_has_no_pipeline() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start_old(&fake, socket.clone());
    let client = Client::builder().socket(&socket).retry(quick(3)).connect().await.unwrap();
    let error = client.pipeline().hash_data(hash("x")).await.unwrap_err();
    assert_eq!(Code::Unimplemented, error.rejection().unwrap().code);
    assert!(error.to_string().contains("no PipelineService"), "{error}");
    client.hash_data(hash("x")).await.unwrap();
}

#[tokio::test]
async fn stream_closes_with_the_last_clone() {
    let broker = start_broker_on(Lane::Pipeline, 1).await;
    broker.client.hash_data(hash("x")).await.unwrap();
    let common::Broker { fake, client, running, .. } = broker;
    let clone = client.clone();
    drop(client);
    clone.hash_data(hash("x")).await.unwrap();
    drop(clone);
    assert_eq!(common::End::Complete, fake.end().await);
    drop(running);
}

#[tokio::test]
async fn waiting_item_fails_when_runtime_ends() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    fake.close_gate();
    let _running = start(&fake, socket.clone());
    let (give, given) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let own = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            give.send(without_retries(&socket).await).unwrap();
            stopped.await.unwrap_err();
        });
    });
    let client = given.await.unwrap();
    let waiting = tokio::spawn(call(&client));
    fake.wait_for_items(1).await;
    drop(stop);
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
    own.join().unwrap();
}

/// Starts a broker that responds to no item, and a client.
async fn unresponsive_broker(socket: &std::path::Path) -> (Fake, Client, Running) {
    let fake = Fake::default();
    fake.close_gate();
    let running = start(&fake, socket.to_owned());
    (fake, without_retries(socket).await, running)
}

fn call(client: &Client) -> impl Future<Output = Result<broker_client::HashDataResponse, Error>> + use<> {
    let client = client.clone();
    async move { client.hash_data(hash("x")).await }
}

/// Polls a future once with a waker that does nothing.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
