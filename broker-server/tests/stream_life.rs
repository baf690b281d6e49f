//! How long a stream may take, and what becomes of it when its client or the broker goes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    io::Write as _,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use broker_proto::v1;
use support::{Broker, reason};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};
use v1::{HashDataResponse, HashStreamRequest, hash_stream_request::Part};

/// An open stream: what is sent, and what comes of it.
struct Stream {
    parts: mpsc::Sender<HashStreamRequest>,
    answer: tokio::task::JoinHandle<Result<HashDataResponse, Status>>,
}

impl Stream {
    /// Opens one under the profile Default.
    async fn open(broker: &Broker) -> Self {
        let mut client = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
        let (parts, sent) = mpsc::channel(1);
        let answer = tokio::spawn(async move {
            Ok(client.hash_stream(Request::new(ReceiverStream::new(sent))).await?.into_inner())
        });
        let header = v1::HashStreamHeader { profile: "Default".into(), ..Default::default() };
        parts.send(HashStreamRequest { part: Some(Part::Header(header)) }).await.unwrap();
        Self { parts, answer }
    }

    /// Sends a part; false when the call has ended.
    async fn feed(&self, part: &'static [u8]) -> bool {
        self.parts.send(HashStreamRequest { part: Some(Part::Data(part.into())) }).await.is_ok()
    }

    async fn end(self) -> Result<HashDataResponse, Status> {
        drop(self.parts);
        self.answer.await.unwrap()
    }

    /// What becomes of it while it stays open.
    async fn outcome(self) -> Status {
        self.answer.await.unwrap().unwrap_err()
    }
}

/// Longer than what is worked on at once.
static PART: [u8; 100_000] = [7; 100_000];

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_fed_outlives_the_time_of_a_call() {
    let broker = Broker::start(&["--max-request-time", "1s"]);
    let stream = Stream::open(&broker).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2500) {
        assert!(stream.feed(&PART).await);
    }
    stream.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_falls_silent_is_ended() {
    let broker = Broker::start(&["--max-request-time", "300ms"]);
    // Before its header, after it, after data.
    let mut client = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
    let (_open, sent) = mpsc::channel::<HashStreamRequest>(1);
    let status = client.hash_stream(ReceiverStream::new(sent)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    for parts in [0, 1, 3] {
        let stream = Stream::open(&broker).await;
        for _ in 0..parts {
            assert!(stream.feed(&PART).await);
        }
        let (_open, status) = (stream.parts.clone(), stream.outcome().await);
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_data_buy_no_time() {
    let broker = Broker::start(&["--max-request-time", "300ms"]);
    let stream = Stream::open(&broker).await;
    // Slowly: a flood of tiny frames is the HTTP/2 library's own reason to end a connection.
    let mut beat = tokio::time::interval(Duration::from_millis(10));
    while stream.feed(b"").await {
        beat.tick().await;
    }
    let status = stream.outcome().await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_own_deadline_holds_for_the_whole_stream() {
    let broker = Broker::start(&[]);
    let mut client = support::bare_streams(&broker.socket).await;
    let (parts, sent) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(sent));
    request.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let answer = tokio::spawn(async move { client.hash_stream(request).await });
    let header = v1::HashStreamHeader { profile: "Default".into(), ..Default::default() };
    let mut next = Part::Header(header);
    while parts.send(HashStreamRequest { part: Some(next) }).await.is_ok() {
        next = Part::Data(PART[..].into());
    }
    let status = answer.await.unwrap().unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_during_the_drain_is_answered() {
    let mut broker = Broker::start(&["--drain-idle", "2s", "--drain-deadline", "8s"]);
    let stream = Stream::open(&broker).await;
    assert!(stream.feed(&PART).await);
    broker.signal("TERM");
    for _ in 0..30 {
        assert!(stream.feed(&PART).await);
    }
    stream.end().await.unwrap();
    assert_eq!(wait(&mut broker).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_fed_until_the_drain_deadline_is_cut_and_told_so() {
    let mut broker = Broker::start(&["--drain-idle", "300ms", "--drain-deadline", "1s"]);
    let stream = Stream::open(&broker).await;
    assert!(stream.feed(&PART).await);
    let start = Instant::now();
    broker.signal("TERM");
    while stream.feed(&PART).await {}
    let status = stream.outcome().await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DRAIN_DEADLINE"), "{status}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(wait(&mut broker).await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_silent_holds_no_drain_up() {
    let mut broker = Broker::start(&["--drain-idle", "100ms", "--drain-deadline", "30s"]);
    let stream = Stream::open(&broker).await;
    assert!(stream.feed(&PART).await);
    let start = Instant::now();
    broker.signal("TERM");
    let (_open, status) = (stream.parts.clone(), stream.outcome().await);
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(wait(&mut broker).await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let mut broker = Broker::start(&["--drain-idle", "100ms", "--drain-deadline", "30s"]);
    for _ in 0..50 {
        let stream = Stream::open(&broker).await;
        assert!(stream.feed(&PART).await && stream.feed(&PART).await);
        stream.answer.abort();
    }
    Stream::open(&broker).await.end().await.unwrap();
    broker.signal("TERM");
    let start = Instant::now();
    assert_eq!(wait(&mut broker).await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
}

/// A frame of HTTP/2 (RFC 9113 4.1) on stream 1.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

#[test]
fn a_stream_that_is_reset_does_not_look_like_one_that_has_ended() {
    let broker = Broker::start(&["--log-level", "debug"]);
    let literal = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let fields: Vec<u8> = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/cryptobroker.v1.StreamService/HashStream"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .iter()
    .flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat())
    .collect();
    // The header with its profile, then some data.
    let messages = b"\0\0\0\0\x0b\x0a\x09\x0a\x07Default\0\0\0\0\x05\x12\x03abc";
    // The last of the data; RST_STREAM with CANCEL, and with NO_ERROR, which says nothing about the data either.
    for (last, outcome) in [
        (frame(0, 1, b""), "outcome=\"success\""),
        (frame(3, 0, &[0, 0, 0, 8]), "reason=\"CANCELLED\""),
        (frame(3, 0, &[0, 0, 0, 0]), "reason=\"CANCELLED\""),
    ] {
        let mut socket = UnixStream::connect(&broker.socket).unwrap();
        let opening = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(4, 0, b"")[..5], &[0; 4]].concat();
        socket.write_all(&[opening, frame(1, 4, &fields), frame(0, 0, messages), last].concat()).unwrap();
        let line = broker.logged(&["operation=\"HashStream\""]);
        assert!(line.contains(outcome), "{line}");
    }
}

async fn wait(broker: &mut Broker) -> Option<i32> {
    tokio::task::block_in_place(|| broker.wait()).code()
}
