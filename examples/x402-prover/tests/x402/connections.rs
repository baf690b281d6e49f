//! Clients that are slow or leave, and the end of the service.

use std::{future::poll_fn, time::Duration};

use h2::server::SendResponse;
use hyper::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixListener},
    sync::oneshot,
};
use x402_prover::Limits;

use crate::support::{Service, request};

/// A broker that leaves its first call without an answer.
struct Silent {
    folder: tempfile::TempDir,
    call: oneshot::Receiver<SendResponse<bytes::Bytes>>,
}

impl Silent {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (send, call) = oneshot::channel();
        tokio::spawn(async move {
            let stream = listener.accept().await.unwrap().0;
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let (_request, respond) = connection.accept().await.unwrap().unwrap();
            let _unwanted = send.send(respond);
            // This drives the connection.
            while let Some(Ok(_)) = connection.accept().await {}
        });
        Self { folder, call }
    }
}

/// A request for a proof, as bytes.
fn bytes() -> String {
    let body = request().to_string();
    let head = format!("POST /generate-proof HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    head + &body
}

async fn begin(service: &Service) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    stream.write_all(bytes().as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_its_call() {
    let Silent { folder, call } = Silent::start();
    let service = Service::start(&folder.path().join("s")).await;
    let stream = begin(&service).await;
    let mut call = call.await.unwrap();
    drop(stream);
    assert_eq!(poll_fn(|context| call.poll_reset(context)).await.unwrap(), h2::Reason::CANCEL);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_ends_when_its_last_request_is_answered() {
    let Silent { folder, call } = Silent::start();
    let service = Service::start(&folder.path().join("s")).await;
    let mut stream = begin(&service).await;
    let mut call = call.await.unwrap();
    let Service { stop, ended, address, .. } = service;
    stop.send(()).unwrap();
    // The listener is closed first.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!ended.is_finished());
    let internal =
        http::Response::builder().header("content-type", "application/grpc").header("grpc-status", "13");
    call.send_response(internal.body(()).unwrap(), true).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    ended.await.unwrap();
}

/// Sends bytes, and returns what arrives until the service ends the connection.
async fn talk(service: &Service, sent: &str) -> String {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    // If the service ends the connection before it has read everything, writing and reading fail, which is an end, too.
    let _written = stream.write_all(sent.as_bytes()).await;
    let mut answer = Vec::new();
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

const SOON: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_if_its_header_takes_too_long() {
    let Silent { folder, .. } = Silent::start();
    let limits = Limits { header_time: SOON, ..Limits::default() };
    let service = Service::with(&folder.path().join("s"), limits).await;
    for sent in ["", "POST /generate-proof HTTP/1.1\r\nhost: x\r\n"] {
        assert_eq!(talk(&service, sent).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_takes_too_long_is_408() {
    let Silent { folder, .. } = Silent::start();
    let limits = Limits { body_time: SOON, ..Limits::default() };
    let service = Service::with(&folder.path().join("s"), limits).await;
    let sent = "POST /generate-proof HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    let answer = talk(&service, sent).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_after_one_request() {
    let Silent { folder, .. } = Silent::start();
    let service = Service::start(&folder.path().join("s")).await;
    let answer = talk(&service, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_after_its_time() {
    let Silent { folder, call } = Silent::start();
    let limits = Limits { connection_time: SOON, ..Limits::default() };
    let service = Service::with(&folder.path().join("s"), limits).await;
    assert_eq!(talk(&service, &bytes()).await, "");
    drop(call);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_the_broker_is_silent_its_health_is_503() {
    let Silent { folder, call } = Silent::start();
    let limits = Limits { health_time: SOON, ..Limits::default() };
    let service = Service::with(&folder.path().join("s"), limits).await;
    assert_eq!(service.get("/health").await.status, StatusCode::SERVICE_UNAVAILABLE);
    drop(call);
}
