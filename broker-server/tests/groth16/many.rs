//! `ProveMany`: many statements with one key.

use std::collections::BTreeMap;

use broker_client::{InputValue, ProveManyItem, ProveManyRequest};
use broker_proto::v1::{
    self, Metadata, ProofFormat::Arkworks, ProveManyHeader, ProveManyResponse, prove_many_request::Part,
    prove_many_response::Result as ProofResult,
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, Streaming};

use crate::{
    operator,
    payment::inputs,
    service::{Service, field, numbers, proof_item, reason},
    support::private_folder,
};

fn first(profile: &str, circuit: &str) -> v1::ProveManyRequest {
    let metadata = Some(Metadata { id: "batch-7".into(), ..Default::default() });
    let header = ProveManyHeader {
        profile: profile.into(),
        circuit: circuit.into(),
        proof_format: Arkworks.into(),
        expected_fingerprint: Vec::new(),
        metadata,
    };
    v1::ProveManyRequest { sequence: 0, part: Some(Part::Header(header)) }
}

fn item(sequence: u64, inputs: &[(&str, &str)]) -> v1::ProveManyRequest {
    let mut item = v1::ProveManyItem::default();
    item.inputs = numbers(inputs);
    v1::ProveManyRequest { sequence, part: Some(Part::Item(item)) }
}

async fn call(
    service: &Service,
    messages: Vec<v1::ProveManyRequest>,
) -> Result<Streaming<ProveManyResponse>, Status> {
    Ok(service.client().prove_many(tokio_stream::iter(messages)).await?.into_inner())
}

/// Returns the status with which a stream of these messages ends.
async fn end(service: &Service, messages: Vec<v1::ProveManyRequest>) -> Status {
    match call(service, messages).await {
        Ok(mut responses) => loop {
            match responses.message().await {
                Ok(Some(_)) => {}
                Ok(None) => return Status::ok(""),
                Err(status) => return status,
            }
        },
        Err(status) => status,
    }
}

fn error(response: &ProveManyResponse) -> &broker_proto::rpc::Status {
    match &response.result {
        Some(ProofResult::Error(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_bad_item_gets_its_error_and_the_others_their_proofs() {
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let service = Service::with(crate::service::PROFILES, &["--audit-log", file.to_str().unwrap()]).await;
    let mut messages = vec![first("bn254", "multiply")];
    messages.extend((2..8).map(|number| item(number, &[("a", "3"), ("b", &number.to_string())])));
    messages.push(item(8, &[("a", "3"), ("b", "3"), ("c", "10")]));
    messages.push(item(9, &[("a", "3"), ("b", "-1")]));
    messages.push(item(10, &[]));
    messages.push(v1::ProveManyRequest { sequence: 11, part: None });
    messages.push(item(u64::MAX, &[("a", "0"), ("b", "0")]));
    let mut responses = call(&service, messages).await.unwrap();
    let mut found = BTreeMap::new();
    while let Some(response) = responses.next().await {
        let response = response.unwrap();
        assert!(found.insert(response.sequence, response).is_none());
    }
    assert_eq!(found.len(), 11);
    for (number, product) in (2..8).map(|number| (number, 3 * number)).chain([(u64::MAX, 0)]) {
        let Some(ProofResult::Proof(proof)) = &found[&number].result else { panic!("{:?}", found[&number]) };
        let value = product.to_string();
        assert_eq!(proof.public_signals[0].value, value);
        assert_eq!(proof.descriptor.as_ref().unwrap().operation, "Prove");
        assert_eq!(proof.metadata.as_ref().unwrap().id, "batch-7");
        let proven = proof_item(&proof.proof, Arkworks, &[&value]);
        assert!(service.verify("bn254", "multiply", proven).await.unwrap().valid);
    }
    for (number, code, words) in [
        (8, Code::FailedPrecondition, "constraint"),
        (9, Code::InvalidArgument, "b"),
        (10, Code::InvalidArgument, "inputs"),
        (11, Code::InvalidArgument, "item"),
    ] {
        let error = error(&found[&number]);
        assert_eq!(error.code, code as i32, "{number}: {}", error.message);
        assert!(error.message.contains(words), "{number}: {}", error.message);
    }

    // There is a record of each use of a witness, and none of what was not even a request.
    let text = std::fs::read_to_string(&file).unwrap();
    let records: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let proofs = records.iter().filter(|record| record["operation"] == "Prove");
    let outcomes: Vec<&str> = proofs.map(|record| record["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "success").count(), 7);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "failed").count(), 2, "{text}");
    assert!(records.iter().all(|record| record["operation"] != "ProveMany"), "{text}");
}

#[tokio::test]
async fn witnesses_are_items_too() {
    let service = operator::start().await;
    let witness = |sequence| {
        let mut item = v1::ProveManyItem::default();
        item.witness = operator::data("several.wtns");
        v1::ProveManyRequest { sequence, part: Some(Part::Item(item)) }
    };
    let mut responses =
        call(&service, vec![first("several", "circuit"), witness(1), witness(2)]).await.unwrap();
    for _ in 0..2 {
        let response = responses.message().await.unwrap().unwrap();
        assert!(matches!(response.result, Some(ProofResult::Proof(_))), "{response:?}");
    }
    assert!(responses.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_header_that_is_refused_ends_the_stream() {
    let service = Service::start().await;
    let one = || item(1, &[("a", "3"), ("b", "11")]);
    let with = |change: &dyn Fn(&mut ProveManyHeader)| {
        let mut message = first("bn254", "multiply");
        if let Some(Part::Header(header)) = &mut message.part {
            change(header);
        }
        vec![message, one()]
    };
    for (messages, expected, named) in [
        (with(&|header| header.profile = "nobody".into()), "UNKNOWN_PROFILE", ""),
        (with(&|header| header.circuit = "nothing".into()), "UNKNOWN_CIRCUIT", ""),
        (with(&|header| header.circuit.clear()), "FIELD_MISSING", "circuit"),
        (with(&|header| header.proof_format = 9), "FIELD_UNKNOWN_VALUE", "proof_format"),
        (with(&|header| header.expected_fingerprint = vec![7]), "FIELD_WRONG_LENGTH", "expected_fingerprint"),
        (
            with(&|header| header.expected_fingerprint = vec![7; 32]),
            "FINGERPRINT_MISMATCH",
            "expected_fingerprint",
        ),
        (vec![one()], "FIELD_MALFORMED", "header"),
        (vec![v1::ProveManyRequest::default()], "FIELD_MISSING", "header"),
        ([with(&|_| {}), with(&|_| {})].concat(), "FIELD_MALFORMED", "header"),
    ] {
        let status = end(&service, messages).await;
        assert_eq!(reason(&status), expected, "{}", status.message());
        assert!(named.is_empty() || field(&status) == named, "{}", status.message());
    }
    assert_eq!(end(&service, vec![]).await.code(), Code::Ok);
    assert_eq!(end(&service, with(&|_| {})).await.code(), Code::Ok);
}

/// The answers exceed what the client's window takes while nobody reads, so the broker waits with the items that follow.
#[tokio::test]
async fn a_reader_may_begin_late() {
    const ITEMS: u64 = 300;
    let service = Service::start().await;
    let mut messages = vec![first("bn254", "multiply")];
    if let Some(Part::Header(header)) = &mut messages[0].part {
        header.proof_format = v1::ProofFormat::SnarkjsJson.into();
    }
    messages.extend((1..=ITEMS).map(|number| item(number, &[("a", "3"), ("b", &number.to_string())])));
    let mut responses = call(&service, messages).await.unwrap();
    // Another call is served meanwhile.
    assert!(service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], Arkworks).await.is_ok());
    let mut found = Vec::new();
    while let Some(response) = responses.next().await {
        let response = response.unwrap();
        assert!(matches!(response.result, Some(ProofResult::Proof(_))), "{response:?}");
        found.push(response.sequence);
    }
    found.sort_unstable();
    assert_eq!(found, (1..=ITEMS).collect::<Vec<_>>());
}

/// Each time the caller leaves in the middle of a proof, unless that was about to be done anyway.
#[tokio::test]
async fn a_caller_that_leaves_interrupts_its_proofs() {
    const ATTEMPTS: usize = 8;
    let service = Service::start().await;
    let item = |number| {
        inputs().into_iter().fold(ProveManyItem::new(number), |item, (name, value)| {
            match value.strip_prefix("text:") {
                Some(text) => item.input(name, InputValue::text(text)),
                None => item.input(name, value),
            }
        })
    };
    // tonic's client resets a call only when the stream of its requests has ended, too.
    let client = service.leaving_client();
    for _ in 0..ATTEMPTS {
        let request = ProveManyRequest::new("payment").profile("bn254");
        let mut proofs = client.prove_many(request, tokio_stream::iter((0..).map(item))).await.unwrap();
        let response = proofs.next().await.unwrap().unwrap();
        assert_eq!(response.result.unwrap().public_signals.len(), 7);
        drop(proofs);
        // The thread is free for others.
        service.prove("bn254", "payment", &inputs(), Arkworks).await.unwrap();
    }
    service.broker.signal("TERM");
    service.broker.logged(&["operation=\"Prove\"", "CANCELLED"]);
}
