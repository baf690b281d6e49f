//! The fake broker of `broker_client::testing`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::time::Duration;

use broker_client::{
    Client, Code, HashDataRequest, HashStreamRequest, HealthStatus, ProveManyItem, ProveManyRequest, Reason,
    Rejection, RetryPolicy, SignDataRequest, VerifyStreamRequest, blocking,
    testing::{self, FakeBroker, v1},
};
use bytes::Bytes;
use v1::hash_data_response::HashValue;

fn hash(hex: &str) -> v1::HashDataResponse {
    v1::HashDataResponse { hash_value: Some(HashValue::HashValueHex(hex.into())), ..Default::default() }
}

async fn connect(broker: &FakeBroker) -> Client {
    let builder = Client::builder().socket(broker.socket()).profile("P").retry(RetryPolicy::none());
    builder.connect().await.unwrap()
}

#[tokio::test]
async fn answers_calls_and_pipeline_items_alike() {
    let broker = FakeBroker::start().unwrap();
    broker.answers().hash_data(|request| Ok(hash(&format!("{} bytes", request.input.len()))));
    let client = connect(&broker).await;
    for client in [client.clone(), client.pipeline()] {
        let response = client.hash_data(HashDataRequest::new("four")).await.unwrap();
        assert_eq!("4 bytes", response.value.to_hex());
    }
    let requests = broker.requests();
    assert_eq!([false, true], [requests[0].pipelined, requests[1].pipelined]);
    for request in requests {
        assert_eq!("/cryptobroker.v1.CryptoService/HashData", request.path);
        let message: v1::HashDataRequest = request.decode().unwrap();
        assert_eq!(("P", &b"four"[..]), (&*message.profile, &*message.input));
    }
}

#[tokio::test]
async fn later_answer_replaces_earlier_one() {
    let broker = FakeBroker::start().unwrap();
    let client = connect(&broker).await;
    for hex in ["00", "01"] {
        broker.answers().hash_data(testing::always(hash(hex)));
        assert_eq!(hex, client.hash_data(HashDataRequest::new("x")).await.unwrap().value.to_hex());
    }
}

#[tokio::test]
async fn refusal_keeps_every_detail() {
    let broker = FakeBroker::start().unwrap();
    let mut refusal = Rejection::new(Code::ResourceExhausted, "100 % of „slots“\nare in use");
    refusal.reason = Some(Reason::QueueFull);
    refusal.field = Some("input".into());
    refusal.profile = Some("P".into());
    refusal.rule = Some("SigningRules".into());
    refusal.line = Some(42);
    refusal.expected_bytes = vec![16, 32];
    refusal.retry_after = Some(Duration::from_millis(1500));
    broker.answers().sign_data(testing::refuse(refusal.clone()));
    let client = connect(&broker).await;
    for client in [client.clone(), client.pipeline()] {
        let error = client.sign_data(SignDataRequest::new("key", "text")).await.unwrap_err();
        assert_eq!(Some(&refusal), error.rejection());
    }
}

#[tokio::test]
async fn refuses_operation_without_answer_naming_the_setter() {
    let broker = FakeBroker::start().unwrap();
    let client = connect(&broker).await;
    for client in [client.clone(), client.pipeline()] {
        let error = client.hash_data(HashDataRequest::new("x")).await.unwrap_err();
        assert_eq!(Code::Unimplemented, error.rejection().unwrap().code);
        assert!(error.to_string().contains("FakeBroker::answers"), "{error}");
    }
    let paths: Vec<_> = broker.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(
        ["/cryptobroker.v1.CryptoService/HashData", "/cryptobroker.v1.PipelineService/Execute#3"],
        *paths
    );
}

#[test]
fn serves_streams_to_the_blocking_client() {
    let broker = FakeBroker::start().unwrap();
    broker
        .answers()
        .hash_stream(|header, data| Ok(hash(&format!("{} of {} bytes", header.profile, data.len()))))
        .verify_stream(|header, data| {
            Ok(v1::VerifyDataResponse { valid: header.signature == data, ..Default::default() })
        });
    let client = blocking::Client::builder().socket(broker.socket()).profile("P").connect().unwrap();
    let data = vec![7; 300_000];
    let response = client.hash_reader(HashStreamRequest::new(), std::io::Cursor::new(data.clone())).unwrap();
    assert_eq!("P of 300000 bytes", response.value.to_hex());
    let parts = ["te", "xt"].map(|part| Ok(Bytes::from(part)));
    assert!(client.verify_stream(VerifyStreamRequest::new("key", "text"), parts.into_iter()).unwrap().valid);
    assert_eq!(
        [Bytes::from(data), Bytes::from("text")],
        *broker.requests().into_iter().map(|request| request.data).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn answers_items_of_prove_many_like_prove() {
    let broker = FakeBroker::start().unwrap();
    broker.answers().prove(|request| {
        if request.inputs.is_empty() {
            return Err(Rejection::new(Code::InvalidArgument, "no inputs").into());
        }
        let key = Some(v1::CircuitKeyInfo { fingerprint: vec![1; 32], ..Default::default() });
        Ok(v1::ProveResponse { proof: request.circuit.clone().into(), key, ..Default::default() })
    });
    let items = [ProveManyItem::new(7).input("a", 1), ProveManyItem::new(8)];
    let client = connect(&broker).await;
    let request = ProveManyRequest::new("multiply");
    let mut proofs = client.prove_many(request, tokio_stream::iter(items)).await.unwrap();
    let first = proofs.next().await.unwrap().unwrap();
    assert_eq!((7, &b"multiply"[..]), (first.sequence, &*first.result.unwrap().proof));
    let second = proofs.next().await.unwrap().unwrap();
    assert_eq!((8, "no inputs"), (second.sequence, &*second.result.unwrap_err().message));
    assert!(proofs.next().await.unwrap().is_none());
}

#[test]
fn answers_items_of_prove_many_to_the_blocking_client() {
    let broker = FakeBroker::start().unwrap();
    let refusal = Rejection::new(Code::InvalidArgument, "no");
    broker.answers().prove(testing::refuse(refusal.clone()));
    let client = blocking::Client::builder().socket(broker.socket()).profile("P").connect().unwrap();
    let items = (0..100).map(ProveManyItem::new);
    let responses = client.prove_many(ProveManyRequest::new("multiply"), items).unwrap();
    let found: Vec<_> = responses.map(|response| response.unwrap()).collect();
    assert!(found.iter().all(|response| response.result.as_ref().unwrap_err() == &refusal));
    assert!(found.iter().map(|response| response.sequence).eq(0..100));
}

#[tokio::test]
async fn serves_health_and_info() {
    let broker = FakeBroker::start().unwrap();
    broker
        .answers()
        .info(testing::always(v1::GetInfoResponse { version: "1.2.3".into(), ..Default::default() }));
    let client = connect(&broker).await;
    assert_eq!("1.2.3", client.info().await.unwrap().version);
    assert_eq!(HealthStatus::Serving, client.health("").await.unwrap());
    let mut watch = client.watch_health("").await.unwrap();
    assert_eq!(Some(HealthStatus::Serving), watch.next().await.unwrap());
    drop(broker);
    watch.next().await.unwrap_err();
}
