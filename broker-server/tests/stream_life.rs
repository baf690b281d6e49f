//! The deadlines of streams, and their end when the client vanishes or the broker drains.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use broker_proto::v1;
use support::{
    Broker,
    http2::{CANCEL, DATA, END_STREAM, NO_ERROR, RST_STREAM, call_header, connect, frame, opening},
    reason,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};
use v1::{HashDataResponse, HashStreamRequest, hash_stream_request::Part};

/// An open call of HashStream.
struct HashStream {
    parts: mpsc::Sender<HashStreamRequest>,
    response: tokio::task::JoinHandle<Result<HashDataResponse, Status>>,
}

impl HashStream {
    /// Opens a stream with the profile Default.
    async fn open(broker: &Broker) -> Self {
        let mut client = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
        let (parts, sent) = mpsc::channel(1);
        let response = tokio::spawn(async move {
            Ok(client.hash_stream(Request::new(ReceiverStream::new(sent))).await?.into_inner())
        });
        let header = v1::HashStreamHeader { profile: "Default".into(), ..Default::default() };
        parts.send(HashStreamRequest { part: Some(Part::Header(header)) }).await.unwrap();
        Self { parts, response }
    }

    /// Sends a part. Returns false if the call has ended.
    async fn send(&self, part: &'static [u8]) -> bool {
        self.parts.send(HashStreamRequest { part: Some(Part::Data(part.into())) }).await.is_ok()
    }

    /// Ends the request, and returns the result.
    async fn finish(self) -> Result<HashDataResponse, Status> {
        drop(self.parts);
        self.response.await.unwrap()
    }

    /// Waits for the error that ends the call.
    async fn error(self) -> Status {
        self.response.await.unwrap().unwrap_err()
    }
}

/// A part that is longer than one step of hashing.
static PART: [u8; 100_000] = [7; 100_000];

#[tokio::test(flavor = "multi_thread")]
async fn active_stream_outlives_max_request_time() {
    let broker = Broker::start(&["--max-request-time", "3s"]);
    let stream = HashStream::open(&broker).await;
    let start = Instant::now();
    // The timeout is long and the parts are paced, because a busy machine may delay each part by more than a second.
    let mut interval = tokio::time::interval(Duration::from_millis(50));
    while start.elapsed() < Duration::from_secs(5) {
        assert!(stream.send(&PART).await);
        interval.tick().await;
    }
    stream.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_stream_ends_at_idle_timeout() {
    let broker = Broker::start(&["--max-request-time", "300ms"]);
    // The stream is silent before its header, after its header, or after data.
    let mut client = v1::stream_service_client::StreamServiceClient::new(broker.channel().await);
    let (_open, sent) = mpsc::channel::<HashStreamRequest>(1);
    let status = client.hash_stream(ReceiverStream::new(sent)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    for parts in [0, 1, 3] {
        let stream = HashStream::open(&broker).await;
        for _ in 0..parts {
            assert!(stream.send(&PART).await);
        }
        let (_open, status) = (stream.parts.clone(), stream.error().await);
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_messages_do_not_reset_idle_timer() {
    let broker = Broker::start(&["--max-request-time", "300ms"]);
    let stream = HashStream::open(&broker).await;
    // The HTTP/2 library would end the connection if so many tiny frames arrived fast.
    let mut interval = tokio::time::interval(Duration::from_millis(10));
    while stream.send(b"").await {
        interval.tick().await;
    }
    let status = stream.error().await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_deadline_limits_whole_stream() {
    let broker = Broker::start(&[]);
    let mut client = support::bare_streams(&broker.socket).await;
    let (parts, sent) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(sent));
    request.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let response = tokio::spawn(async move { client.hash_stream(request).await });
    let header = v1::HashStreamHeader { profile: "Default".into(), ..Default::default() };
    let mut next = Part::Header(header);
    while parts.send(HashStreamRequest { part: Some(next) }).await.is_ok() {
        next = Part::Data(PART[..].into());
    }
    let status = response.await.unwrap().unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_waits_for_active_stream() {
    let mut broker = Broker::start(&["--drain-idle", "2s", "--drain-deadline", "8s"]);
    let stream = HashStream::open(&broker).await;
    assert!(stream.send(&PART).await);
    broker.signal("TERM");
    for _ in 0..30 {
        assert!(stream.send(&PART).await);
    }
    stream.finish().await.unwrap();
    assert_eq!(wait(&mut broker).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn active_stream_ends_at_drain_deadline() {
    let mut broker = Broker::start(&["--drain-idle", "300ms", "--drain-deadline", "1s"]);
    let stream = HashStream::open(&broker).await;
    assert!(stream.send(&PART).await);
    let start = Instant::now();
    broker.signal("TERM");
    while stream.send(&PART).await {}
    let status = stream.error().await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DRAIN_DEADLINE"), "{status}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(wait(&mut broker).await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_does_not_wait_for_silent_stream() {
    let mut broker = Broker::start(&["--drain-idle", "100ms", "--drain-deadline", "30s"]);
    let stream = HashStream::open(&broker).await;
    assert!(stream.send(&PART).await);
    let start = Instant::now();
    broker.signal("TERM");
    let (_open, status) = (stream.parts.clone(), stream.error().await);
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(wait(&mut broker).await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_does_not_wait_for_streams_of_vanished_clients() {
    let mut broker = Broker::start(&["--drain-idle", "100ms", "--drain-deadline", "30s"]);
    for _ in 0..50 {
        let stream = HashStream::open(&broker).await;
        assert!(stream.send(&PART).await && stream.send(&PART).await);
        stream.response.abort();
    }
    HashStream::open(&broker).await.finish().await.unwrap();
    broker.signal("TERM");
    let start = Instant::now();
    assert_eq!(wait(&mut broker).await, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn reset_stream_is_cancelled_and_not_complete() {
    let broker = Broker::start(&["--log-level", "debug"]);
    let header = call_header(1, "/cryptobroker.v1.StreamService/HashStream");
    // The stream's header with the profile, and some data.
    let messages = b"\0\0\0\0\x0b\x0a\x09\x0a\x07Default\0\0\0\0\x05\x12\x03abc";
    // RST_STREAM ends the stream before its data is complete, also with NO_ERROR.
    for (last, outcome) in [
        (frame(DATA, END_STREAM, 1, b""), "outcome=\"success\""),
        (frame(RST_STREAM, 0, 1, &CANCEL.to_be_bytes()), "reason=\"CANCELLED\""),
        (frame(RST_STREAM, 0, 1, &NO_ERROR.to_be_bytes()), "reason=\"CANCELLED\""),
    ] {
        let mut socket = connect(&broker.socket);
        socket.write_all(&[&opening(), &header[..], &frame(DATA, 0, 1, messages), &last].concat()).unwrap();
        let line = broker.logged(&["operation=\"HashStream\""]);
        assert!(line.contains(outcome), "{line}");
    }
}

async fn wait(broker: &mut Broker) -> Option<i32> {
    tokio::task::block_in_place(|| broker.wait()).code()
}
