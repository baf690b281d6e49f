//! The operations on one stream: what travels together, what each gets, and what becomes of them when it ends.
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
use common::{Fake, Lane, Running, Step, broker_on, quick, start, start_old};
use tokio::{io::AsyncReadExt as _, sync::oneshot};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

fn hash(input: impl Into<bytes::Bytes>) -> HashDataRequest {
    HashDataRequest::new(input).profile("Default").raw()
}

/// What a broker says that leaves.
fn leaving() -> Status {
    let details = ErrorDetails::with_error_info("SHUTTING_DOWN", "cryptobroker", HashMap::new());
    Status::with_error_details(Grpc::Unavailable, "the broker is shutting down", details)
}

/// A client that sends nothing twice.
async fn once(socket: &std::path::Path) -> Client {
    Client::builder().socket(socket).retry(RetryPolicy::none()).connect().await.unwrap().pipeline()
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    (folder, socket)
}

#[tokio::test]
async fn all_operations_of_a_client_and_its_clones_share_one_stream() {
    let it = broker_on(Lane::Pipeline, 1).await;
    assert_eq!(0, it.fake.pipelines(), "it is opened by the first operation");
    for client in [&it.client, &it.client.clone(), &it.client.with_timeout(Duration::from_secs(3))] {
        client.hash_data(hash("x")).await.unwrap();
    }
    assert_eq!(1, it.fake.pipelines());
    it.client.pipeline().hash_data(hash("x")).await.unwrap();
    assert_eq!(2, it.fake.pipelines());
    // What is no operation is called as ever.
    assert_eq!("1.2.3", it.client.info().await.unwrap().version);
    assert_eq!(HealthStatus::Serving, it.client.health("").await.unwrap());
    assert_eq!(2, it.fake.pipelines());
}

#[tokio::test]
async fn answers_come_in_any_order_and_find_who_asked() {
    let it = broker_on(Lane::Pipeline, 1).await;
    it.fake.then(Step::Hang);
    let mut stuck = pin!(it.client.hash_data(hash("first")));
    assert!(poll(stuck.as_mut()).is_pending());
    it.fake.items(1).await;
    let others = (0..500_u32).map(|n| {
        let client = it.client.clone();
        // Of many lengths: some longer than a frame.
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
async fn so_many_are_on_their_way_and_the_others_wait_for_their_turn() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).in_flight(3).connect().await.unwrap().pipeline();
    fake.shut();
    let calls: Vec<_> = (0..10_u8)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { client.hash_data(hash(vec![n]).id(n.to_string())).await })
        })
        .collect();
    fake.items(3).await;
    // A call that has no place keeps its deadline all the same.
    let late = client.hash_data(hash("x").timeout(Duration::from_millis(20))).await.unwrap_err();
    assert!(matches!(late.kind, ErrorKind::Deadline { .. }), "{late:?}");
    assert_eq!(3, fake.calls());
    fake.open();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(HashValue::Raw(vec![n as u8].into()), call.await.unwrap().unwrap().value);
    }
    let ids: Vec<_> = fake.seen().into_iter().map(|seen| seen.id).collect();
    assert_eq!(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], *ids);
}

#[tokio::test]
async fn who_leaves_gives_its_place_back_and_a_late_answer_is_for_nobody() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = Client::builder().socket(&socket).in_flight(1).connect().await.unwrap().pipeline();
    fake.shut();
    for n in 1..=3 {
        let mut call = Box::pin(client.hash_data(hash("left")));
        assert!(poll(call.as_mut()).is_pending());
        fake.items(n).await;
    }
    let short = hash("late").timeout(Duration::from_millis(20));
    assert!(matches!(
        client.hash_data(short).await,
        Err(Error { kind: ErrorKind::Deadline { attempts: 1, .. }, .. })
    ));
    fake.open();
    // The late answers come before this one.
    let answer = client.hash_data(hash("here")).await.unwrap();
    assert_eq!(HashValue::Raw("here".into()), answer.value);
    assert_eq!(1, fake.pipelines());
}

#[tokio::test]
async fn each_item_says_how_long_its_answer_is_of_use() {
    let it = broker_on(Lane::Pipeline, 1).await;
    it.client.hash_data(hash("x").timeout(Duration::new(7, 500_000_000))).await.unwrap();
    it.client.hash_data(hash("x")).await.unwrap();
    let times: Vec<_> = it.fake.seen().into_iter().map(|seen| seen.timeout.unwrap()).collect();
    assert_eq!(["7.500s", "10s"], *times);
}

#[tokio::test]
async fn an_earlier_deadline_is_kept_before_a_later_one() {
    let it = broker_on(Lane::Pipeline, 1).await;
    it.fake.then(Step::Hang).then(Step::Hang).then(Step::Hang);
    let call = |millis| it.client.hash_data(hash("x").timeout(Duration::from_millis(millis)));
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
async fn an_item_without_an_answer_is_sent_again_after_a_stream_that_ended_in_good_order() {
    for status in [Status::ok(""), leaving()] {
        let it = broker_on(Lane::Pipeline, 2).await;
        it.fake.then(Step::Usual).then(Step::End(status));
        it.client.hash_data(hash("x")).await.unwrap();
        let answer = it.client.hash_data(hash("again")).await.unwrap();
        assert_eq!(HashValue::Raw("again".into()), answer.value);
        assert_eq!(2, it.fake.pipelines());
    }
}

#[tokio::test]
async fn an_item_that_a_broker_which_leaves_did_not_answer_was_not_begun() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = once(&socket).await;
    for (status, words) in [(Status::ok(""), "OK"), (leaving(), "SHUTTING_DOWN")] {
        fake.then(Step::End(status));
        let error = client.hash_data(hash("x")).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && !error.possibly_executed, "{error:?}");
        assert!(!error.possibly_executed && error.is_retryable());
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("safe"), "{text}");
    }
}

#[tokio::test]
async fn another_end_of_the_stream_is_a_refusal_of_all_that_wait() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let _running = start(&fake, socket.clone());
    let client = once(&socket).await;
    fake.shut();
    let others: Vec<_> = (0..5).map(|_| tokio::spawn(call(&client))).collect();
    fake.items(5).await;
    fake.then(Step::End(Status::resource_exhausted("enough")));
    let mut errors = vec![client.hash_data(hash("x")).await.unwrap_err()];
    for other in others {
        errors.push(other.await.unwrap().unwrap_err());
    }
    for error in errors {
        assert_eq!(Code::ResourceExhausted, error.rejection().unwrap().code, "{error:?}");
    }
    fake.open();
    client.hash_data(hash("x")).await.unwrap();
}

#[tokio::test]
async fn an_item_on_a_connection_that_broke_may_have_been_begun() {
    let (_folder, socket) = folder();
    let (fake, client, running) = waiting_for_nothing(&socket).await;
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(call(&client))).collect();
    fake.items(20).await;
    running.stop();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && error.possibly_executed, "{error:?}");
        assert!(error.is_retryable() && error.is_unreachable() && error.possibly_executed);
        assert!(error.to_string().contains("may have executed the call"), "{error}");
    }
}

#[tokio::test]
async fn an_item_that_was_never_handed_to_the_transport_was_not_begun() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    let running = start(&fake, socket.clone());
    let client = once(&socket).await;
    running.stop();
    // The connection is known to be gone, and nobody listens any longer.
    while !matches!(client.health("").await, Err(Error { kind: ErrorKind::Connect { .. }, .. })) {}
    let error = client.hash_data(hash("x")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Connect { .. }), "{error:?}");
    assert!(!error.possibly_executed);
}

#[tokio::test]
async fn of_many_items_on_a_connection_that_broke_those_were_begun_that_left() {
    let (_folder, socket) = folder();
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let client = once(&socket).await;
    // More than anybody takes without being asked for it.
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
    // They leave in their order.
    assert!(!safe[0] && safe[63] && safe.is_sorted(), "{safe:?}");
}

#[tokio::test]
async fn a_restarted_broker_is_found_again() {
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
async fn a_broker_that_has_no_pipeline_says_so() {
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
async fn the_stream_is_closed_with_the_last_client() {
    let it = broker_on(Lane::Pipeline, 1).await;
    it.client.hash_data(hash("x")).await.unwrap();
    let common::Broker { fake, client, running, .. } = it;
    let clone = client.clone();
    drop(client);
    clone.hash_data(hash("x")).await.unwrap();
    drop(clone);
    assert_eq!(common::End::Complete, fake.end().await);
    drop(running);
}

#[tokio::test]
async fn who_waits_is_told_when_the_runtime_of_the_client_ends() {
    let (_folder, socket) = folder();
    let fake = Fake::default();
    fake.shut();
    let _running = start(&fake, socket.clone());
    let (give, given) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let own = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            give.send(once(&socket).await).unwrap();
            stopped.await.unwrap_err();
        });
    });
    let client = given.await.unwrap();
    let waiting = tokio::spawn(call(&client));
    fake.items(1).await;
    drop(stop);
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Connection { .. }), "{error:?}");
    own.join().unwrap();
}

/// A client of a broker that answers no item.
async fn waiting_for_nothing(socket: &std::path::Path) -> (Fake, Client, Running) {
    let fake = Fake::default();
    fake.shut();
    let running = start(&fake, socket.to_owned());
    (fake, once(socket).await, running)
}

fn call(client: &Client) -> impl Future<Output = Result<broker_client::HashDataResponse, Error>> + use<> {
    let client = client.clone();
    async move { client.hash_data(hash("x")).await }
}

/// One look at a future, which nobody is woken for.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
