//! Calls beyond the concurrency limit of the server wait in order for a permit of the current connection.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use broker_client::{Client, Error, ErrorKind, HashDataRequest, HashDataResponse, RetryPolicy};
use bytes::Bytes;
use common::denied;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
    time::timeout,
};

/// Returns a request whose length identifies its call.
fn hash(length: usize) -> HashDataRequest {
    HashDataRequest::new(vec![b'x'; length]).profile("Default")
}

type Call = JoinHandle<Result<HashDataResponse, Error>>;

fn call(client: &Client, length: usize) -> Call {
    let client = client.clone();
    tokio::spawn(async move { client.hash_data(hash(length)).await })
}

async fn client(socket: &Path) -> Client {
    Client::builder().socket(socket).retry(RetryPolicy::none()).connect().await.unwrap()
}

fn listen() -> (tempfile::TempDir, PathBuf, UnixListener) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    (folder, socket, listener)
}

/// A server that reads and writes HTTP/2 frames (RFC 9113), so that it can change its concurrency limit at any
/// time, which no library allows.
struct FrameServer {
    stream: UnixStream,
    /// The stream of the last call.
    last: u32,
    /// The number of settings that the client has not acknowledged.
    unacknowledged: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const REFUSED_STREAM: u32 = 7;

impl FrameServer {
    async fn accept(listener: &UnixListener) -> Self {
        let mut stream = listener.accept().await.unwrap().0;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut server = Self { stream, last: 0, unacknowledged: 0 };
        server.send_settings(&[]).await;
        server
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn send_settings(&mut self, settings: &[u8]) {
        self.unacknowledged += 1;
        self.send(SETTINGS, 0, 0, settings).await;
    }

    /// Changes the concurrency limit, and returns when the client has acknowledged it. The client must send no call
    /// meanwhile.
    async fn set_limit(&mut self, calls: u32) {
        let mut setting = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
        setting.extend(calls.to_be_bytes());
        self.send_settings(&setting).await;
        while self.unacknowledged > 0 {
            self.read_frame().await;
        }
    }

    /// Reads a frame, and returns its kind, its stream and its length. Acknowledges the client's settings.
    async fn read_frame(&mut self) -> (u8, u32, usize) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        match (kind, flags) {
            (SETTINGS, ACK) => self.unacknowledged -= 1,
            (SETTINGS, _) => self.send(SETTINGS, ACK, 0, &[]).await,
            _ => {}
        }
        (kind, u32::from_be_bytes(stream), length)
    }

    /// Reads the next call, and returns the length of its message.
    async fn read_call(&mut self) -> usize {
        loop {
            // Longer than the timeout of a call, so that a missing call fails the test instead of blocking it.
            match timeout(Duration::from_secs(30), self.read_frame()).await.unwrap() {
                (HEADERS, stream, _) => self.last = stream,
                (DATA, stream, length @ 1..) if stream == self.last => return length,
                _ => {}
            }
        }
    }

    async fn refuse(&mut self, stream: u32) {
        self.send(RST_STREAM, 0, stream, &REFUSED_STREAM.to_be_bytes()).await;
    }
}

/// Checks that the calls were sent and refused.
async fn assert_refused(calls: impl IntoIterator<Item = Call>) {
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && !error.possibly_executed, "{error:?}");
    }
}

#[tokio::test]
async fn waiting_call_proceeds_when_limit_grows() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(FrameServer::accept(&listener), client(&socket));
    server.set_limit(1).await;
    let first = call(&client, 20);
    let first_length = server.read_call().await;
    let second = call(&client, 120);
    server.set_limit(2).await;
    // The first call is still in flight.
    assert_eq!(server.read_call().await - first_length, 100);
    for stream in [1, 3] {
        server.refuse(stream).await;
    }
    assert_refused([first, second]).await;
}

#[tokio::test]
async fn waiting_calls_keep_order_when_limit_shrinks() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(FrameServer::accept(&listener), client(&socket));
    server.set_limit(3).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(call(&client, 100));
        server.read_call().await;
    }
    for number in 1..=4 {
        calls.push(call(&client, 100 + number));
        // Lets the call enter the queue.
        tokio::task::yield_now().await;
    }
    server.set_limit(1).await;
    for stream in [1, 3, 5] {
        server.refuse(stream).await;
    }
    let mut arrived = Vec::new();
    for _ in 0..4 {
        arrived.push(server.read_call().await);
        let last = server.last;
        server.refuse(last).await;
    }
    assert!(arrived.is_sorted(), "{arrived:?}");
    assert_refused(calls).await;
}

/// A response that never ends and that nobody reads holds the only permit.
#[tokio::test]
async fn waiting_call_proceeds_on_next_connection_when_this_one_breaks() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(FrameServer::accept(&listener), client(&socket));
    server.set_limit(1).await;
    let watching = client.clone();
    let (watch, ()) = tokio::join!(watching.watch_health(""), async {
        server.read_call().await;
        // `:status: 200` and `content-type: application/grpc` (RFC 7541).
        let head = [&b"\x88\x0f\x10\x10"[..], b"application/grpc"].concat();
        server.send(HEADERS, 4, 1, &head).await;
    });
    let _watch = watch.unwrap();
    let waiting = call(&client, 100);
    tokio::task::yield_now().await;
    drop(server);
    let mut server = FrameServer::accept(&listener).await;
    server.read_call().await;
    server.refuse(1).await;
    assert_refused([waiting]).await;
}

/// The server responds before it has read the request. The rest of the request is not sent, and holds no permit.
#[tokio::test]
async fn early_response_releases_permit() {
    let (_folder, socket, listener) = listen();
    let server = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let mut builder = h2::server::Builder::new();
        let mut connection = builder.max_concurrent_streams(1).handshake::<_, Bytes>(stream).await.unwrap();
        let mut unread = Vec::new();
        while let Some(call) = connection.accept().await {
            let (request, mut answer) = call.unwrap();
            answer.send_response(denied(), true).unwrap();
            unread.push(request);
        }
        unread.len()
    });
    let client = client(&socket).await;
    for _ in 0..3 {
        // Longer than the flow-control window of a call.
        let error = client.hash_data(hash(500_000)).await.unwrap_err();
        assert_eq!(error.rejection().unwrap().code, broker_client::Code::PermissionDenied);
    }
    drop(client);
    assert_eq!(server.await.unwrap(), 3);
}
