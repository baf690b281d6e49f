//! Calls beyond what the server takes at once: they wait, in turn, for a place on the connection that is the one.
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

/// Its length says which call it is.
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

/// A server that says how many calls it takes when it likes, which no library's does. Of HTTP/2 (RFC 9113) it knows frames.
struct Frames {
    stream: UnixStream,
    /// The stream of the last call.
    last: u32,
    /// Settings that the client has not acknowledged.
    unknown: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const REFUSED_STREAM: u32 = 7;

impl Frames {
    async fn accept(listener: &UnixListener) -> Self {
        let mut stream = listener.accept().await.unwrap().0;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut server = Self { stream, last: 0, unknown: 0 };
        server.set(&[]).await;
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

    async fn set(&mut self, settings: &[u8]) {
        self.unknown += 1;
        self.send(SETTINGS, 0, 0, settings).await;
    }

    /// From here on so many calls are taken at once: the client knows when this returns. It sends none meanwhile.
    async fn take(&mut self, calls: u32) {
        let mut setting = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
        setting.extend(calls.to_be_bytes());
        self.set(&setting).await;
        while self.unknown > 0 {
            self.frame().await;
        }
    }

    /// The next frame: its kind, its stream, its length. The client's settings are acknowledged.
    async fn frame(&mut self) -> (u8, u32, usize) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        match (kind, flags) {
            (SETTINGS, ACK) => self.unknown -= 1,
            (SETTINGS, _) => self.send(SETTINGS, ACK, 0, &[]).await,
            _ => {}
        }
        (kind, u32::from_be_bytes(stream), length)
    }

    /// The length of the next call's message.
    async fn call(&mut self) -> usize {
        loop {
            // Longer than a call has: one that does not come is a failure and no wait for ever.
            match timeout(Duration::from_secs(30), self.frame()).await.unwrap() {
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

/// Calls that end here have been refused, and were sent.
async fn refused(calls: impl IntoIterator<Item = Call>) {
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Connection { .. }) && !error.possibly_executed, "{error:?}");
    }
}

#[tokio::test]
async fn who_waits_goes_on_when_the_server_takes_more() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(Frames::accept(&listener), client(&socket));
    server.take(1).await;
    let first = call(&client, 20);
    let alone = server.call().await;
    let second = call(&client, 120);
    server.take(2).await;
    // The first is still on its way.
    assert_eq!(server.call().await - alone, 100);
    for stream in [1, 3] {
        server.refuse(stream).await;
    }
    refused([first, second]).await;
}

#[tokio::test]
async fn who_waits_keeps_its_turn_when_the_server_takes_fewer() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(Frames::accept(&listener), client(&socket));
    server.take(3).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(call(&client, 100));
        server.call().await;
    }
    for number in 1..=4 {
        calls.push(call(&client, 100 + number));
        // It has its place in the queue.
        tokio::task::yield_now().await;
    }
    server.take(1).await;
    for stream in [1, 3, 5] {
        server.refuse(stream).await;
    }
    let mut came = Vec::new();
    for _ in 0..4 {
        came.push(server.call().await);
        let last = server.last;
        server.refuse(last).await;
    }
    assert!(came.is_sorted(), "{came:?}");
    refused(calls).await;
}

/// The only place is that of an answer which nobody reads and which never ends.
#[tokio::test]
async fn who_waits_goes_on_with_the_next_connection_when_this_one_breaks() {
    let (_folder, socket, listener) = listen();
    let (mut server, client) = tokio::join!(Frames::accept(&listener), client(&socket));
    server.take(1).await;
    let watching = client.clone();
    let (watch, ()) = tokio::join!(watching.watch_health(""), async {
        server.call().await;
        // `:status: 200` and `content-type: application/grpc` (RFC 7541).
        let head = [&b"\x88\x0f\x10\x10"[..], b"application/grpc"].concat();
        server.send(HEADERS, 4, 1, &head).await;
    });
    let _watch = watch.unwrap();
    let waits = call(&client, 100);
    tokio::task::yield_now().await;
    drop(server);
    let mut server = Frames::accept(&listener).await;
    server.call().await;
    server.refuse(1).await;
    refused([waits]).await;
}

/// A server that answers before it has read the request: what is left of that is not sent, and holds no place.
#[tokio::test]
async fn an_early_answer_gives_its_place_back() {
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
        // More than the window of a call.
        let error = client.hash_data(hash(500_000)).await.unwrap_err();
        assert_eq!(error.rejection().unwrap().code, broker_client::Code::PermissionDenied);
    }
    drop(client);
    assert_eq!(server.await.unwrap(), 3);
}
