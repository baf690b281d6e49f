//! Messages that would decode to many times their size. They are refused before memory is allocated for them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use broker_proto::v1::{PipelineResponse, pipeline_response::Result as Answer};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use support::{Broker, field, pipeline, reason};
use tonic::{Code, Status};

/// The number of elements of two bytes that fit into a request.
const ELEMENTS: usize = 1_000_000;

type Sender = SendRequest<Full<Bytes>>;

async fn connect(broker: &Broker) -> Sender {
    let stream = TokioIo::new(tokio::net::UnixStream::connect(&broker.socket).await.unwrap());
    let (sender, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends one message, and returns the status and the data of the response.
async fn call(mut sender: Sender, path: &str, message: &[u8]) -> (Status, Bytes) {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let request = http::Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(frame.into()))
        .unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let status = Status::from_header_map(&head.headers).or_else(|| Status::from_header_map(&trailers));
    (status.unwrap(), body.to_bytes())
}

/// Returns a length-delimited field with `content`.
fn length_delimited(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend(content);
    bytes
}

/// Returns `content` in nested messages, whose field numbers are `path`.
fn nested(path: &[u8], content: Vec<u8>) -> Vec<u8> {
    path.iter().rev().fold(content, |inner, number| length_delimited(*number, &inner))
}

/// Returns the peak of the broker's resident memory, in bytes.
fn peak_memory(broker: &Broker) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", broker.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn hundred_requests_of_million_elements_use_only_their_own_size() {
    let broker = Broker::start(&["--dev"]);
    let points = length_delimited(9, b"").repeat(ELEMENTS);
    let keys = length_delimited(1, b"").repeat(ELEMENTS);
    let (name, path) = ("crl_distribution_points", "key_source.component_keys.keys");
    let messages = [
        ("/cryptobroker.v1.CryptoService/SignCertificate", points.clone(), name),
        ("/cryptobroker.v1.CryptoService/SignData", nested(&[2, 2], keys.clone()), path),
        ("/cryptobroker.v1.CryptoService/VerifyData", nested(&[2, 2], keys.clone()), path),
        ("/cryptobroker.v1.StreamService/SignStream", nested(&[1, 2, 2], keys.clone()), path),
        ("/cryptobroker.v1.StreamService/VerifyStream", nested(&[1, 2, 2], keys), path),
        ("/CryptoBroker.CryptoGrpc/Sign", points.clone(), name),
        ("/CryptoBroker.CryptoGrpc/SignCertificate", points.clone(), name),
        ("/protobuf.CryptoBroker/Sign", points.clone(), name),
    ];
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(connect(&broker).await);
    }
    let mut calls = Vec::new();
    for index in 0..100 {
        let (path, message, field) = messages[index % messages.len()].clone();
        let sender = connections[index % connections.len()].clone();
        calls.push(tokio::spawn(async move { (path, field, call(sender, path, &message).await.0) }));
    }
    for call in calls {
        let (path, expected, status) = call.await.unwrap();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "FIELD_TOO_MANY"),
            "{path}"
        );
        assert_eq!(field(&status), expected, "{path}");
    }

    // In a pipeline, only the item is refused.
    let item = [vec![8, 7], nested(&[4], points)].concat();
    let (end, answer) = call(connections[0].clone(), "/cryptobroker.v1.PipelineService/Execute", &item).await;
    assert_eq!(end.code(), Code::Ok);
    let answer = PipelineResponse::decode(&answer[5..]).unwrap();
    let refusal = pipeline::status(&answer.result.clone().unwrap());
    assert!(matches!(answer.result, Some(Answer::Error(_))) && answer.sequence == 7, "{answer:?}");
    assert_eq!((reason(&refusal).as_str(), field(&refusal).as_str()), ("FIELD_TOO_MANY", name));

    let peak = peak_memory(&broker);
    assert!(peak < 300 << 20, "{} MiB", peak >> 20);
}

/// Groups, unknown fields, and further occurrences of a singular message must not allocate memory.
#[tokio::test]
async fn unknown_fields_and_repeated_occurrences_use_no_memory() {
    let broker = Broker::start(&[]);
    let sender = connect(&broker).await;
    let hash = "/cryptobroker.v1.CryptoService/HashData";
    let profile = length_delimited(1, b"Default");
    for fields in [
        // An unknown field.
        length_delimited(15, b"").repeat(ELEMENTS),
        // An empty group.
        [15 << 3 | 3, 15 << 3 | 4].repeat(ELEMENTS),
        // `metadata`, and `metadata.trace_context.trace_id`.
        length_delimited(3, b"").repeat(ELEMENTS),
        nested(&[3, 3, 1], vec![]).repeat(ELEMENTS / 4),
    ] {
        let (status, _) = call(sender.clone(), hash, &[&profile[..], &fields].concat()).await;
        assert_eq!(status.code(), Code::Ok, "{status}");
    }
    // As many nested groups as fit.
    let deep = [vec![15 << 3 | 3; ELEMENTS], vec![15 << 3 | 4; ELEMENTS]].concat();
    for path in [hash, "/cryptobroker.v1.CryptoService/SignCertificate"] {
        let (status, _) = call(sender.clone(), path, &deep).await;
        assert_eq!(reason(&status), "MALFORMED_MESSAGE", "{status}");
    }
    let peak = peak_memory(&broker);
    assert!(peak < 64 << 20, "{} MiB", peak >> 20);
}
