//! What the service makes of a broker that refuses or is away.

use std::time::Duration;

use broker_client::{
    Code, Reason, Rejection,
    testing::{self, FakeBroker, v1},
};
use hyper::StatusCode;

use crate::support::{Broker, Service, request};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_service_is_unavailable() {
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    let answer = service.get("/health").await;
    assert_eq!((answer.status, answer.body["status"].as_str()), (StatusCode::OK, Some("healthy")));
    assert_eq!(answer.body["service"], "x402-zk-prover");
    assert_eq!(answer.body["version"], env!("CARGO_PKG_VERSION"));
    drop(broker);
    let answer = service.prove(&request()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(answer.error(), "the broker is busy or away");
    let answer = service.get("/health").await;
    assert_eq!(
        (answer.status, answer.body["status"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("unhealthy"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_status_of_their_cause() {
    let wait = Some(Duration::from_millis(2500));
    for (code, reason, retry_after, status, header, message) in [
        (Code::ResourceExhausted, Reason::QueueFull, wait, 503, Some("3"), "the broker is busy or away"),
        (
            Code::ResourceExhausted,
            Reason::ProofMemoryExhausted,
            None,
            503,
            Some("1"),
            "the broker is busy or away",
        ),
        (Code::Unavailable, Reason::ShuttingDown, None, 503, Some("1"), "the broker is busy or away"),
        (
            Code::DeadlineExceeded,
            Reason::DeadlineExceeded,
            None,
            503,
            Some("1"),
            "the broker is busy or away",
        ),
        (Code::InvalidArgument, Reason::InputInvalid, None, 400, None, "a message"),
        (Code::FailedPrecondition, Reason::WitnessUnsatisfied, None, 422, None, "a message"),
        (Code::FailedPrecondition, Reason::NoKey, None, 500, None, "the broker cannot make the proof"),
        (
            Code::PermissionDenied,
            Reason::OperationNotAllowed,
            None,
            500,
            None,
            "the broker cannot make the proof",
        ),
        (Code::DataLoss, Reason::CircuitFileChanged, None, 500, None, "the broker cannot make the proof"),
        (Code::Internal, Reason::Internal, None, 500, None, "the broker cannot make the proof"),
    ] {
        let broker = FakeBroker::start().unwrap();
        let mut refusal = Rejection::new(code, "a message");
        refusal.reason = Some(reason);
        refusal.retry_after = retry_after;
        broker.answers().prove(testing::refuse(refusal));
        let service = Service::start(broker.socket()).await;
        let answer = service.prove(&request()).await;
        assert_eq!(answer.status, status, "{code}");
        assert_eq!(answer.headers.get("retry-after").map(|value| value.to_str().unwrap()), header, "{code}");
        assert_eq!(answer.error(), message, "{code}");
    }
}

/// Every answer that is not the broker's proof is an error.
#[tokio::test(flavor = "multi_thread")]
async fn answers_against_the_protocol_are_500() {
    let key = v1::CircuitKeyInfo { fingerprint: vec![0; 32], ..Default::default() };
    for proof in [Vec::new(), vec![0xFF]] {
        let broker = FakeBroker::start().unwrap();
        let answer = v1::ProveResponse { proof, key: Some(key.clone()), ..Default::default() };
        broker.answers().prove(testing::always(answer));
        let service = Service::start(broker.socket()).await;
        assert_eq!(service.prove(&request()).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

/// The broker has each value under the circuit's name, and no signature.
#[tokio::test(flavor = "multi_thread")]
async fn members_become_the_inputs_of_the_circuit() {
    let broker = FakeBroker::start().unwrap();
    broker.answers().prove(testing::refuse(Rejection::new(Code::Internal, "")));
    let service = Service::start(broker.socket()).await;
    service.prove(&request()).await;
    let sent: v1::ProveRequest = broker.requests()[0].decode().unwrap();
    assert_eq!((sent.profile.as_str(), sent.circuit.as_str()), ("Groth16-Dev", "payment"));
    let numbers = |name: &str| {
        let input = sent.inputs.iter().find(|input| input.name == name).unwrap();
        assert!(input.text.is_none() && input.data.is_none());
        input.numbers.join(",")
    };
    let text = |name: &str| {
        let input = sent.inputs.iter().find(|input| input.name == name).unwrap();
        assert!(input.numbers.is_empty() && input.data.is_none());
        input.text.clone().unwrap()
    };
    assert_eq!(numbers("minAmount"), "1000000");
    assert_eq!(numbers("maxAge"), "60");
    assert_eq!(numbers("currentTime"), "1700000000");
    assert_eq!(numbers("amount"), "1500000");
    assert_eq!(numbers("paymentTime"), "1699999950");
    assert_eq!(text("recipient"), "ABC123...");
    assert_eq!(text("sender"), "XYZ789...");
    assert_eq!(text("transaction"), "abc123...");
    assert_eq!(text("context"), "x402");
    for drawn in ["secret", "salt"] {
        let number = numbers(drawn);
        assert_eq!((&number[..2], number.len()), ("0x", 64));
    }
    assert_ne!(numbers("secret"), numbers("salt"));
    assert_eq!(sent.inputs.len(), 11);
}
