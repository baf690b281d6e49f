//! The circuit `payment`, whose verifier has values of its own.

use broker_proto::v1::{self, ProofFormat::SnarkjsJson};
use tonic::Code;

use crate::service::{Service, field, item, reason};

const INPUTS: [(&str, &str); 10] = [
    ("minAmount", "100"),
    ("recipient", "text:shop"),
    ("maxAge", "60"),
    ("currentTime", "1000"),
    ("context", "text:order 7"),
    ("amount", "120"),
    ("sender", "text:alice"),
    ("transaction", "text:tx-1"),
    ("paymentTime", "970"),
    ("secret", "12345"),
];

/// Returns inputs that satisfy the circuit.
pub fn inputs() -> Vec<(&'static str, &'static str)> {
    [&INPUTS[..], &[("salt", "99")]].concat()
}

async fn prove(service: &Service, more: &[(&str, &str)]) -> Result<v1::ProveResponse, tonic::Status> {
    let mut inputs: Vec<(&str, &str)> = inputs();
    for (name, value) in more {
        inputs.retain(|(other, _)| other != name);
        inputs.push((name, value));
    }
    service.prove("bn254", "payment", &inputs, SnarkjsJson).await
}

fn value<'a>(proof: &'a v1::ProveResponse, name: &str) -> &'a str {
    &proof.public_signals.iter().find(|signal| signal.name == name).unwrap().value
}

#[tokio::test]
async fn a_payment_is_verified_against_the_verifiers_own_values() {
    let service = Service::start().await;
    let proof = prove(&service, &[]).await.unwrap();
    let (commitment, nullifier) = (value(&proof, "commitment"), value(&proof, "nullifier"));
    let expect = [
        ("minAmount", "100"),
        ("recipient", "text:shop"),
        ("maxAge", "60"),
        ("commitment", commitment),
        ("context", "text:order 7"),
        ("now", "1010"),
    ];
    let verify = |public: Vec<String>, expect: Vec<(&'static str, String)>| {
        let (service, proof) = (&service, &proof.proof);
        async move {
            let public: Vec<&str> = public.iter().map(String::as_str).collect();
            let expect: Vec<(&str, &str)> =
                expect.iter().map(|(name, value)| (*name, value.as_str())).collect();
            service.verify("bn254", "payment", item(proof, SnarkjsJson, &public, &expect)).await
        }
    };
    let own = |change: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        let changed = |name: &str| change.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        expect.iter().map(|(name, value)| (*name, changed(name).unwrap_or(value).to_owned())).collect()
    };
    let from_prover = vec!["1000".to_owned(), nullifier.to_owned()];
    let all: Vec<String> = proof.public_signals.iter().map(|signal| signal.value.clone()).collect();
    for public in [from_prover.clone(), all] {
        let verified = verify(public, own(&[])).await.unwrap();
        assert!(verified.valid);
        let returned = verified.public_signals.iter().find(|signal| signal.name == "nullifier").unwrap();
        assert_eq!(returned.value, nullifier);
    }
    for (name, other) in [
        ("minAmount", "121"),
        ("recipient", "text:other"),
        ("maxAge", "61"),
        ("commitment", "7"),
        ("context", "text:order 8"),
    ] {
        let verified = verify(from_prover.clone(), own(&[(name, other)])).await.unwrap();
        assert!(!verified.valid, "{name}");
    }
    let late = verify(from_prover.clone(), own(&[("now", "1031")])).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "STATEMENT_REFUSED"));
    let missing: Vec<_> = own(&[]).into_iter().filter(|(name, _)| *name != "recipient").collect();
    let error = verify(from_prover.clone(), missing).await.unwrap_err();
    assert!(error.message().contains("`recipient`"), "{}", error.message());
    assert_eq!(field(&error), "expect");
    let error = verify(vec!["1000".to_owned()], own(&[])).await.unwrap_err();
    assert_eq!(field(&error), "public_signals");
}

#[tokio::test]
async fn false_payments_are_refused_by_the_name_of_the_constraint() {
    let service = Service::start().await;
    for (name, value, words) in [
        ("amount", "99", "amount"),
        ("paymentTime", "1001", "Time"),
        ("paymentTime", "939", "Age"),
        ("commitment", "7", "commitment"),
        ("nullifier", "7", "nullifier"),
    ] {
        let error = prove(&service, &[(name, value)]).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (Code::FailedPrecondition, "WITNESS_UNSATISFIED"),
            "{name}={value}: {}",
            error.message()
        );
        assert!(error.message().contains(words), "{name}={value}: {}", error.message());
    }
    let error = prove(&service, &[("amount", "18446744073709551616")]).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "INPUT_INVALID"));
    assert!(prove(&service, &[("amount", "18446744073709551615")]).await.is_ok());
}

/// An empty text and empty bytes are values, and are the same value.
#[tokio::test]
async fn a_text_may_be_empty() {
    let service = Service::start().await;
    let text = prove(&service, &[("context", "text:")]).await.unwrap();
    let mut request = v1::ProveRequest::default();
    request.profile = "bn254".into();
    request.circuit = "payment".into();
    request.inputs = crate::service::numbers(&inputs());
    let context = request.inputs.iter_mut().find(|input| input.name == "context").unwrap();
    context.text = None;
    let absent = request.clone();
    let context = request.inputs.iter_mut().find(|input| input.name == "context").unwrap();
    context.data = Some(Vec::new());
    let bytes = service.client().prove(request).await.unwrap().into_inner();
    assert_eq!(value(&text, "context"), value(&bytes, "context"));
    assert_ne!(value(&text, "context"), value(&prove(&service, &[]).await.unwrap(), "context"));
    let error = service.client().prove(absent).await.unwrap_err();
    assert_eq!((reason(&error).as_str(), field(&error).as_str()), ("FIELD_MALFORMED", "inputs"));
    assert!(error.message().contains("`context` has no value"), "{}", error.message());
}
