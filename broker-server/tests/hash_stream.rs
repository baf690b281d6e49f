//! `HashStream` through the socket: digests equal those of `HashData`, and invalid streams fail immediately.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use broker_proto::v1;
use support::{Broker, reason};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Code, Status, transport::Channel};
use v1::{
    hash_data_response::HashValue, hash_stream_request::Part, stream_service_client::StreamServiceClient,
};

const ALGORITHMS: [&str; 9] = [
    "sha-256",
    "sha-384",
    "sha-512",
    "sha-512/256",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "shake-128",
    "shake-256",
];

fn header(profile: &str, output_format: i32) -> v1::HashStreamRequest {
    let header = v1::HashStreamHeader { profile: profile.into(), metadata: None, output_format };
    v1::HashStreamRequest { part: Some(Part::Header(header)) }
}

fn data(data: &[u8]) -> v1::HashStreamRequest {
    v1::HashStreamRequest { part: Some(Part::Data(data.to_vec().into())) }
}

async fn send(
    client: &mut StreamServiceClient<Channel>,
    messages: Vec<v1::HashStreamRequest>,
) -> Result<v1::HashDataResponse, Status> {
    Ok(client.hash_stream(tokio_stream::iter(messages)).await?.into_inner())
}

async fn client(broker: &Broker) -> StreamServiceClient<Channel> {
    StreamServiceClient::new(broker.channel().await)
}

#[tokio::test]
async fn digest_equals_hash_data_for_any_partition() {
    let folder = support::private_folder();
    let mut text = String::from("Profiles:\n");
    for library in ["native", "aws-lc"] {
        for name in ALGORITHMS {
            text += &format!(
                "  - Name: {library} {name}\n    Settings: {{ CryptoLibrary: {library} }}\n    API:\n      HashData: {{ HashAlg: {name} }}\n"
            );
        }
    }
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    let broker = Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]);
    let (mut unary, mut streams) = (broker.crypto().await, client(&broker).await);
    let bytes: Vec<u8> = (0..1 << 20).map(|index| (index % 251) as u8).collect();
    // Parts of one byte, of sizes around the blocks and around the coalescing threshold, and all data in one part.
    let cuts: [(usize, usize); 6] =
        [(0, 1), (700, 1), (10_000, 137), (1 << 20, 65_537), (1 << 20, 200_000), (1 << 20, 1 << 20)];
    for library in ["native", "aws-lc"] {
        for name in ALGORITHMS {
            let profile = format!("{library} {name}");
            for (length, cut) in cuts {
                let input = &bytes[..length];
                let request = v1::HashDataRequest {
                    profile: profile.clone(),
                    input: input.to_vec().into(),
                    metadata: None,
                    output_format: 0,
                };
                let expected = unary.hash_data(request).await.unwrap().into_inner();
                let mut messages = vec![header(&profile, 0), data(b"")];
                messages.extend(input.chunks(cut).map(data));
                messages.push(v1::HashStreamRequest { part: None });
                let answer = send(&mut streams, messages).await.unwrap();
                assert_eq!(answer.hash_value, expected.hash_value, "{profile}, {length} by {cut}");
                let descriptor = answer.descriptor.unwrap();
                assert_eq!(
                    [descriptor.profile.as_str(), &descriptor.operation, &descriptor.algorithm],
                    [&profile, "HashStream", name]
                );
            }
        }
    }
}

#[tokio::test]
async fn accepts_stream_longer_than_the_message_limit() {
    let broker = Broker::start(&[]);
    let part = vec![7; 2 << 20 >> 1];
    let mut messages = vec![header("Default", 2)];
    messages.extend((0..40).map(|_| data(&part)));
    let answer = send(&mut client(&broker).await, messages).await.unwrap();
    let Some(HashValue::HashValueRaw(digest)) = answer.hash_value else { panic!("expected raw bytes") };
    let expected = support::pki::openssl_digest("sha3-512", &vec![7; 40 << 20]);
    assert_eq!(hex::encode(digest), expected);
}

#[tokio::test]
async fn response_echoes_metadata() {
    let broker = Broker::start(&[]);
    let metadata = v1::Metadata { id: "call-1".into(), ..Default::default() };
    let header = v1::HashStreamHeader {
        profile: "Default".into(),
        metadata: Some(metadata.clone()),
        output_format: 0,
    };
    let message = v1::HashStreamRequest { part: Some(Part::Header(header)) };
    let answer = send(&mut client(&broker).await, vec![message]).await.unwrap();
    assert_eq!(answer.metadata, Some(metadata));
}

#[tokio::test]
async fn rejects_invalid_streams_with_reason_and_field() {
    let broker = Broker::start(&[]);
    let mut client = client(&broker).await;
    let empty = v1::HashStreamRequest { part: None };
    for (messages, code, why, field) in [
        (vec![], Code::InvalidArgument, "FIELD_MISSING", "header"),
        (vec![empty], Code::InvalidArgument, "FIELD_MISSING", "header"),
        (vec![data(b"x")], Code::InvalidArgument, "FIELD_MALFORMED", "header"),
        (
            vec![header("Default", 0), data(b"x"), header("Default", 0)],
            Code::InvalidArgument,
            "FIELD_MALFORMED",
            "header",
        ),
        (vec![header("Default", 9)], Code::InvalidArgument, "FIELD_UNKNOWN_VALUE", "output_format"),
        (vec![header(&"x".repeat(65), 0)], Code::InvalidArgument, "FIELD_TOO_LONG", "profile"),
        (vec![header("Nobody", 0)], Code::NotFound, "UNKNOWN_PROFILE", ""),
        (vec![header("Default", 0), data(&vec![0; 3 << 20])], Code::InvalidArgument, "MESSAGE_TOO_LARGE", ""),
    ] {
        let status = send(&mut client, messages).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, why), "{status}");
        assert_eq!(support::field(&status), field, "{status}");
    }
    // The connection still serves calls.
    send(&mut client, vec![header("Default", 0)]).await.unwrap();
}

#[tokio::test]
async fn refusal_does_not_wait_for_the_data() {
    let broker = Broker::start(&[]);
    let mut client = client(&broker).await;
    // The stream is infinite.
    let endless = tokio_stream::iter([header("Nobody", 0)])
        .chain(tokio_stream::iter(std::iter::repeat_with(|| data(&[0; 100_000]))));
    let status = client.hash_stream(endless).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "{status}");
    let (_open, silent) = mpsc::channel::<v1::HashStreamRequest>(1);
    let silent = tokio_stream::iter([header("Nobody", 0)]).chain(ReceiverStream::new(silent));
    let status = client.hash_stream(silent).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "{status}");
    send(&mut client, vec![header("Default", 0)]).await.unwrap();
}
