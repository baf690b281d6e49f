//! Proofs: the fields of requests on the wire, and how responses are decoded.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::time::Duration;

use broker_client::{
    BatchVerifyRequest, CheckWitnessRequest, Client, Error, ErrorKind, Fingerprint, GetVerifyingKeyRequest,
    InputValue, ListCircuitsRequest, ProofFormat, ProofItem, ProveManyItem, ProveManyRequest, ProveRequest,
    ProveStreamRequest, SetupClass, SetupRequest, VerifyProofRequest, VerifyingKeyFormat,
};
use broker_proto::v1;
use common::{Lane, Step, start_broker_on};
use tonic::Status;

on_both_lanes! {
    lists_circuits
    gets_verifying_key_in_each_format
    sets_up_a_circuit
    proves_from_inputs_and_from_a_witness
    checks_inputs_and_witness
    verifies_a_proof_against_expected_values
    batch_has_a_verdict_on_each_item
    formats_of_proofs_match_the_protocol
    permanent_refusals_are_not_retried
    only_calls_without_key_use_are_repeated
    empty_response_is_a_protocol_error
    incomplete_response_is_a_protocol_error
}

fn key() -> Fingerprint {
    Fingerprint([0xab; 32])
}

/// Returns each input with its only value as text.
fn values(inputs: &[v1::CircuitInput]) -> Vec<(String, String)> {
    let value = |input: &v1::CircuitInput| match (&*input.numbers, &input.text, &input.data) {
        (numbers @ [_, ..], None, None) => numbers.join(","),
        ([], Some(text), None) => format!("text {text}"),
        ([], None, Some(data)) => format!("data {data:?}"),
        _ => panic!("no value, or several"),
    };
    inputs.iter().map(|input| (input.name.clone(), value(input))).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

async fn lists_circuits(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let listed =
        broker.client.list_circuits(ListCircuitsRequest::new().profile("Old").id("a")).await.unwrap();
    assert_eq!(("a", "Old", "identity"), (&*listed.id, listed.profile(), listed.algorithm()));
    assert_eq!(Some("New"), listed.deprecation.as_ref().unwrap().replaced_by.as_deref());
    let [multiply, other] = &*listed.circuits else { panic!("{listed:?}") };
    assert_eq!(("multiply", "bn254"), (&*multiply.name, &*multiply.curve));
    assert!(multiply.built_in && multiply.takes_inputs && multiply.checks_witness);
    assert_eq!((Some(1), Some(1)), (multiply.version, multiply.constraints));
    assert_eq!(Some("a product"), multiply.statement.as_deref());
    assert_eq!(["c"], *multiply.expected_signals);
    let input = &multiply.inputs[0];
    assert_eq!(("c", "field", true, true), (&*input.name, &*input.kind, input.public, input.optional));
    assert_eq!("the product", input.description);
    let found = multiply.key.as_ref().unwrap();
    assert_eq!(
        (key(), SetupClass::CeremonyClaimed, true),
        (found.fingerprint, found.setup_class, found.ephemeral)
    );
    assert_eq!(Some("https://ceremony.example"), found.ceremony.as_deref());
    assert!(!other.built_in && !other.takes_inputs && !other.checks_witness);
    assert_eq!(
        (None, None, None, None),
        (other.version, other.constraints, other.statement.as_ref(), other.key.as_ref())
    );
    assert_eq!("Old", broker.fake.last::<v1::ListCircuitsRequest>().profile);
}

async fn gets_verifying_key_in_each_format(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    for (format, wire) in [
        (VerifyingKeyFormat::SnarkjsJson, "VERIFYING_KEY_FORMAT_SNARKJS_JSON"),
        (VerifyingKeyFormat::Arkworks, "VERIFYING_KEY_FORMAT_ARKWORKS"),
        (VerifyingKeyFormat::Solidity, "VERIFYING_KEY_FORMAT_SOLIDITY"),
    ] {
        let request = GetVerifyingKeyRequest::new("multiply").profile("P").format(format);
        let found = broker.client.get_verifying_key(request.clone()).await.unwrap();
        assert_eq!((wire.as_bytes(), key()), (&*found.verifying_key, found.key.fingerprint));
        let sent: v1::GetVerifyingKeyRequest = broker.fake.last();
        assert_eq!(("P", "multiply"), (&*sent.profile, &*sent.circuit));
        let found = broker.client.get_verifying_key(request.allow_single_party()).await.unwrap();
        assert_eq!(format!("{wire}!").into_bytes(), found.verifying_key);
    }
    let found = broker.client.get_verifying_key(GetVerifyingKeyRequest::new("multiply").profile("P")).await;
    assert_eq!(b"VERIFYING_KEY_FORMAT_SNARKJS_JSON", &*found.unwrap().verifying_key);
}

async fn sets_up_a_circuit(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let made = broker.client.setup_circuit(SetupRequest::new("multiply").profile("P").id("a")).await.unwrap();
    assert_eq!((true, key(), "a"), (made.created, made.key.fingerprint, &*made.id));
    let sent: v1::SetupRequest = broker.fake.last();
    assert_eq!(("P", "multiply"), (&*sent.profile, &*sent.circuit));
}

async fn proves_from_inputs_and_from_a_witness(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = ProveRequest::new("multiply")
        .profile("P")
        .id("a")
        .input("a", "3")
        .input("b", 11)
        .input("path", InputValue::numbers(["1", "2"]))
        .input("who", InputValue::text("alice"))
        .input("raw", InputValue::bytes([1, 2]))
        .expect_key(key());
    let proved = broker.client.prove(request).await.unwrap();
    assert_eq!((&b"multiply"[..], "tables", "a"), (&*proved.proof, &*proved.prover, &*proved.id));
    assert_eq!(("c", "33"), (&*proved.public_signals[0].name, &*proved.public_signals[0].value));
    assert_eq!(key(), proved.key.fingerprint);
    let figures = proved.figures;
    let durations = [figures.queue, figures.key_load, figures.witness, figures.check, figures.prove];
    assert_eq!([1, 2, 3, 4, 5].map(Duration::from_nanos), durations);
    assert_eq!((Duration::from_nanos(6), 7), (figures.self_verify, figures.reserved_bytes));
    assert_eq!(figures.other, Duration::from_nanos(8));
    let sent: v1::ProveRequest = broker.fake.last();
    assert_eq!(("P", "multiply"), (&*sent.profile, &*sent.circuit));
    let expected = [("a", "3"), ("b", "11"), ("path", "1,2"), ("who", "text alice"), ("raw", "data [1, 2]")];
    assert_eq!(pairs(expected), values(&sent.inputs));
    assert_eq!((&[0xab; 32][..], true), (&*sent.expected_fingerprint, sent.witness.is_empty()));

    let request = ProveRequest::new("multiply").profile("P").witness("wtns");
    broker.client.prove(request).await.unwrap();
    let sent: v1::ProveRequest = broker.fake.last();
    assert_eq!((&b"wtns"[..], true), (&*sent.witness, sent.inputs.is_empty()));
    assert!(sent.expected_fingerprint.is_empty());
}

async fn checks_inputs_and_witness(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let request = CheckWitnessRequest::new("multiply").profile("P").input("a", "3");
    let checked = broker.client.check_witness(request).await.unwrap();
    assert_eq!(("33", key()), (&*checked.public_signals[0].value, checked.key.fingerprint));
    assert_eq!(pairs([("a", "3")]), values(&broker.fake.last::<v1::CheckWitnessRequest>().inputs));
    let request = CheckWitnessRequest::new("multiply").profile("P").witness("wtns");
    broker.client.check_witness(request).await.unwrap();
    let sent: v1::CheckWitnessRequest = broker.fake.last();
    assert_eq!(("P", "multiply", &b"wtns"[..]), (&*sent.profile, &*sent.circuit, &*sent.witness));
}

async fn verifies_a_proof_against_expected_values(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let item = ProofItem::new("multiply").public_signal("33").public_signal("7");
    let item = item.expect("context", InputValue::text("alice")).expect("now", 5);
    let request =
        VerifyProofRequest::new("multiply", item).profile("P").expect_key(key()).verifying_key("vk");
    let verified = broker.client.verify_proof(request).await.unwrap();
    assert_eq!(
        (true, key(), "33"),
        (verified.valid, verified.key.fingerprint, &*verified.public_signals[0].value)
    );
    verified.require_valid().unwrap();
    let sent: v1::VerifyProofRequest = broker.fake.last();
    let item = sent.item.as_ref().unwrap();
    assert_eq!(("P", "multiply", &b"multiply"[..]), (&*sent.profile, &*sent.circuit, &*item.proof));
    assert_eq!(["33", "7"], *item.public_signals);
    assert_eq!(pairs([("context", "text alice"), ("now", "5")]), values(&item.expect));
    assert_eq!((&[0xab; 32][..], &b"vk"[..]), (&*sent.expected_fingerprint, &*sent.verifying_key));

    // A proof of something else is a response.
    let item = ProofItem::new("other").public_signals(["1", "2"]);
    let verified = broker.client.verify_proof(VerifyProofRequest::new("multiply", item).profile("P")).await;
    let error = verified.unwrap().require_valid().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::InvalidProof), "{error}");
    let sent: v1::VerifyProofRequest = broker.fake.last();
    assert_eq!(["1", "2"], *sent.item.unwrap().public_signals);
    assert!(sent.expected_fingerprint.is_empty() && sent.verifying_key.is_empty());
}

async fn batch_has_a_verdict_on_each_item(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let items = ["multiply", "other", "multiply"].map(|proof| ProofItem::new(proof).public_signal("33"));
    let request = BatchVerifyRequest::new("multiply", items).profile("P").expect_key(key());
    let verified = broker.client.batch_verify(request).await.unwrap();
    assert_eq!([true, false, true], *verified.valid);
    let sent: v1::BatchVerifyRequest = broker.fake.last();
    assert_eq!((3, &[0xab; 32][..]), (sent.items.len(), &*sent.expected_fingerprint));
    assert!(matches!(verified.require_valid().unwrap_err().kind, ErrorKind::InvalidProof));
    let request = BatchVerifyRequest::new("multiply", [ProofItem::new("multiply")]).profile("P");
    broker.client.batch_verify(request).await.unwrap().require_valid().unwrap();
}

async fn formats_of_proofs_match_the_protocol(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    for (format, wire) in [
        (ProofFormat::SnarkjsJson, v1::ProofFormat::SnarkjsJson),
        (ProofFormat::Arkworks, v1::ProofFormat::Arkworks),
    ] {
        broker.client.prove(ProveRequest::new("c").profile("P").format(format)).await.unwrap();
        assert_eq!(wire, broker.fake.last::<v1::ProveRequest>().proof_format());
        let item = ProofItem::new("c").format(format);
        broker
            .client
            .batch_verify(BatchVerifyRequest::new("c", [item]).profile("P"))
            .await
            .unwrap()
            .require_valid()
            .unwrap();
        assert_eq!(wire, broker.fake.last::<v1::BatchVerifyRequest>().items[0].proof_format());
    }
}

/// Makes every call that this file tests. The last three use a witness or make a key.
async fn call_each(client: &Client) -> Vec<(&'static str, Result<(), Error>)> {
    let item = || ProofItem::new("x");
    vec![
        ("list_circuits", client.list_circuits(ListCircuitsRequest::new().profile("P")).await.map(drop)),
        (
            "get_verifying_key",
            client.get_verifying_key(GetVerifyingKeyRequest::new("x").profile("P")).await.map(drop),
        ),
        (
            "verify_proof",
            client.verify_proof(VerifyProofRequest::new("x", item()).profile("P")).await.map(drop),
        ),
        (
            "batch_verify",
            client.batch_verify(BatchVerifyRequest::new("x", [item()]).profile("P")).await.map(drop),
        ),
        ("check_witness", client.check_witness(CheckWitnessRequest::new("x").profile("P")).await.map(drop)),
        ("setup_circuit", client.setup_circuit(SetupRequest::new("x").profile("P")).await.map(drop)),
        ("prove", client.prove(ProveRequest::new("x").profile("P")).await.map(drop)),
    ]
}

async fn permanent_refusals_are_not_retried(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    for _ in 0..7 {
        broker.fake.fail(Status::failed_precondition("no"));
    }
    for (call, answer) in call_each(&broker.client).await {
        assert!(matches!(answer, Err(Error { kind: ErrorKind::Refused(_), .. })), "{call}");
    }
    assert_eq!(7, broker.fake.calls());
}

async fn only_calls_without_key_use_are_repeated(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    for _ in 0..4 {
        broker.fake.fail(Status::unavailable("later")).then(Step::Default);
    }
    for _ in 0..3 {
        broker.fake.fail(Status::unavailable("later"));
    }
    for (call, answer) in call_each(&broker.client).await {
        let is_keyed = matches!(call, "setup_circuit" | "prove" | "check_witness");
        assert_eq!(is_keyed, answer.is_err(), "{call}: {answer:?}");
    }
    assert_eq!(11, broker.fake.calls());
}

async fn empty_response_is_a_protocol_error(lane: Lane) {
    let broker = start_broker_on(lane, 2).await;
    for _ in 0..7 {
        broker.fake.then(Step::Empty);
    }
    for (call, answer) in call_each(&broker.client).await {
        if call == "list_circuits" {
            // A profile may have no circuits.
            answer.unwrap();
        } else {
            let is_protocol = matches!(answer, Err(Error { kind: ErrorKind::Protocol { .. }, .. }));
            assert!(is_protocol, "{call}: {answer:?}");
        }
    }
    assert_eq!(7, broker.fake.calls());
}

async fn incomplete_response_is_a_protocol_error(lane: Lane) {
    let broker = start_broker_on(lane, 1).await;
    let info =
        |length: usize| Some(v1::CircuitKeyInfo { fingerprint: vec![1; length], ..Default::default() });
    for (proof, key, missing) in [
        ("", info(32), "without a proof"),
        ("proof", None, "without a key"),
        ("proof", info(31), "not of 32 bytes"),
    ] {
        broker.fake.answer(v1::ProveResponse { proof: proof.into(), key, ..Default::default() });
        let error = broker.client.prove(ProveRequest::new("x").profile("P")).await.unwrap_err();
        let ErrorKind::Protocol { detail, .. } = &error.kind else { panic!("{error}") };
        assert!(detail.ends_with(missing), "{detail}");
    }
    // A verdict on each item, neither less nor more.
    for verdicts in [vec![], vec![true], vec![true; 3]] {
        broker.fake.answer(v1::BatchVerifyResponse { valid: verdicts, key: info(32), ..Default::default() });
        let request = BatchVerifyRequest::new("x", [ProofItem::new("x"), ProofItem::new("x")]).profile("P");
        let error = broker.client.batch_verify(request).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_witness_is_sent_in_parts_with_its_length_and_hash() {
    let broker = start_broker_on(Lane::Unary, 1).await;
    let witness = vec![7; 600_000];
    let request = ProveStreamRequest::of_witness("multiply", &witness)
        .profile("P")
        .format(ProofFormat::Arkworks)
        .expect_key(key())
        .id("a");
    let proved = broker.client.prove_reader(request, std::io::Cursor::new(witness.clone())).await.unwrap();
    assert_eq!((&b"multiply"[..], "a"), (&*proved.proof, &*proved.id));
    assert_eq!(Duration::from_nanos(8), proved.figures.upload);
    let sent: v1::ProveStreamHeader = broker.fake.last();
    assert_eq!(("P", "multiply"), (&*sent.profile, &*sent.circuit));
    assert_eq!((600_000, 32), (sent.witness_length, sent.witness_sha256.len()));
    assert_eq!(v1::WitnessFormat::Wtns, sent.witness_format());
    assert_eq!(v1::ProofFormat::Arkworks, sent.proof_format());
    assert_eq!(key().0, *sent.expected_fingerprint);
}

#[tokio::test]
async fn many_items_have_a_response_each() {
    let broker = start_broker_on(Lane::Unary, 1).await;
    let items = || {
        let good = (1..100).map(|number| ProveManyItem::new(number).input("a", number));
        good.chain([ProveManyItem::new(100), ProveManyItem::new(101).witness("wtns")])
    };
    let request = || {
        ProveManyRequest::new("multiply").profile("P").id("a").expect_key(key()).format(ProofFormat::Arkworks)
    };
    let mut proofs = broker.client.prove_many(request(), tokio_stream::iter(items())).await.unwrap();
    let mut refused = Vec::new();
    let mut proven = Vec::new();
    while let Some(response) = proofs.next().await.unwrap() {
        match response.result {
            Ok(proof) => {
                assert_eq!((&b"multiply"[..], "a"), (&*proof.proof, &*proof.id));
                proven.push(response.sequence);
            }
            Err(refusal) => {
                assert_eq!("inputs: is required", refusal.message);
                refused.push(response.sequence);
            }
        }
    }
    assert_eq!(([100].as_slice(), (1..100).chain([101]).collect()), (&*refused, proven));
    assert!(proofs.next().await.unwrap().is_none());
    let sent: v1::ProveManyHeader = broker.fake.last();
    assert_eq!(
        ("P", "multiply", v1::ProofFormat::Arkworks),
        (&*sent.profile, &*sent.circuit, sent.proof_format())
    );
    assert_eq!(key().0, *sent.expected_fingerprint);

    // The end of the stream with an error comes after the responses before it.
    let items = [ProveManyItem::new(1).input("a", 1), ProveManyItem::new(2).witness("end")];
    let mut proofs = broker.client.prove_many(request(), tokio_stream::iter(items)).await.unwrap();
    assert_eq!(1, proofs.next().await.unwrap().unwrap().sequence);
    let error = proofs.next().await.unwrap_err();
    assert_eq!(Some("the end"), error.rejection().map(|rejection| &*rejection.message));
    assert!(proofs.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_timeout_ends_many() {
    let broker = start_broker_on(Lane::Unary, 1).await;
    let request = ProveManyRequest::new("multiply").profile("P").timeout(Duration::from_millis(50));
    let mut proofs = broker.client.prove_many(request, tokio_stream::pending()).await.unwrap();
    let error = proofs.next().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Deadline { .. }), "{error:?}");
}
