//! Proofs of a broker, and requests that it or the service refuses.

use broker_client::{InputValue, ProofItem, VerifyProofRequest};
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::support::{Broker, Service, request, send, with, without};

/// Verifies a proof as the one who is paid does, with the payer's commitment.
async fn verify(service: &Service, answer: &Value, min_amount: u64) -> bool {
    let signals: Vec<String> = serde_json::from_str(answer["publicInputs"].as_str().unwrap()).unwrap();
    let item = ProofItem::new(answer["proof"].as_str().unwrap())
        .public_signals(signals)
        .expect("minAmount", min_amount)
        .expect("recipient", InputValue::text("ABC123..."))
        .expect("maxAge", 60)
        .expect("commitment", answer["signals"]["commitment"].as_str().unwrap())
        .expect("context", InputValue::text("x402"))
        .expect("now", 1_700_000_000);
    service.client.verify_proof(VerifyProofRequest::new("payment", item)).await.unwrap().valid
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_proven_and_nothing_is_cached() {
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    let answer = service.prove(&request()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["content-type"], "application/json");
    let first = answer.body;
    assert_eq!(first["signatureVerified"], false);
    assert!(first["generationTimeMs"].is_u64());
    assert_eq!(first["verifyingKey"]["setupClass"], "single-party");
    assert_eq!(first["verifyingKey"]["ephemeral"], true);
    assert_eq!(first["verifyingKey"]["fingerprint"].as_str().unwrap().len(), 64);
    let proof: Value = serde_json::from_str(first["proof"].as_str().unwrap()).unwrap();
    assert_eq!(proof["protocol"], "groth16");
    assert!(verify(&service, &first, 1_000_000).await);
    assert!(!verify(&service, &first, 1_000_001).await);

    // The same payment again, with what opens the same commitment: another proof of the same statement.
    let mut again = with("secret", first["secret"].clone());
    again["salt"] = first["salt"].clone();
    let second = service.prove(&again).await.body;
    assert_eq!(second["signals"], first["signals"]);
    assert_ne!(second["proof"], first["proof"]);
    assert!(second.get("secret").is_none() && second.get("salt").is_none());
    // Another payment has another nullifier, and without a signature the answer is as true.
    let third = service.prove(&without("signature")).await.body;
    assert_ne!(third["signals"]["nullifier"], first["signals"]["nullifier"]);
    assert!(verify(&service, &third, 1_000_000).await);
    // A proof is bound to its context.
    let other = service.prove(&with("context", json!("another request"))).await;
    assert_eq!(other.status, StatusCode::OK);
    assert!(!verify(&service, &other.body, 1_000_000).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn false_statements_are_422_and_name_the_constraint() {
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    for (name, value, constraint) in [
        ("actualAmount", json!("999999"), "amount >= minAmount"),
        ("paymentTime", json!(1_700_000_001), "paymentTime"),
        ("paymentTime", json!(1_699_999_939), "maxAge"),
    ] {
        let answer = service.prove(&with(name, value)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", answer.body);
        assert!(answer.error().contains(constraint), "{}", answer.body);
        assert!(!answer.error().contains("999"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_400_and_name_the_member_without_its_value() {
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    let modulus = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    for (name, value) in [
        ("minAmount", json!("-4711")),
        ("minAmount", json!(-4711)),
        ("minAmount", json!("+4711")),
        ("minAmount", json!("")),
        ("actualAmount", json!("18446744073709551616")),
        ("actualAmount", json!(1e300)),
        ("actualAmount", json!(["4711"])),
        ("paymentTime", json!({ "4711": 4711 })),
        ("currentTime", json!(4711.5)),
        ("maxBlockAge", json!(true)),
        ("senderKey", json!(null)),
        ("txHash", json!(4711)),
        ("signature", json!(4711)),
        ("surplus", json!("4711")),
        ("secret", json!(modulus)),
        ("secret", json!("a4711")),
        ("salt", json!(-4711)),
    ] {
        let answer = service.prove(&with(name, value.clone())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {}", answer.body);
        assert!(answer.error().contains(&format!("`{name}`")), "{name}: {}", answer.body);
        assert!(!answer.error().contains("4711"), "{name}: {}", answer.body);
        let text = value.as_str().filter(|text| !text.is_empty() && *text != modulus);
        assert!(text.is_none_or(|text| !answer.error().contains(text)), "{name}: {}", answer.body);
    }
    for name in request().as_object().unwrap().keys().filter(|name| *name != "signature") {
        let answer = service.prove(&without(name)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.error(), format!("`{name}` is missing"));
    }
    let text = request().to_string();
    let twice = text.replacen('{', r#"{"txHash": "4711", "#, 1);
    let deep = format!("{}4711", "[".repeat(60_000));
    let bodies = [&twice, &deep, "", "4711", "{", r#""4711""#, r#"{"senderKey": "4711\ud800"}"#];
    for body in bodies {
        let answer = send(service.address, "POST", "/generate-proof", body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(!answer.error().contains("4711"), "{}", answer.body);
    }
    let answer = send(service.address, "POST", "/generate-proof", &b"{\"senderKey\": \"\xFF\"}"[..]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_methods_and_long_bodies_are_refused() {
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    let long = with("senderKey", json!("x".repeat(70_000)));
    assert_eq!(service.prove(&long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A body as long as it may be is read whole.
    let mut longest = request().to_string();
    longest.push_str(&" ".repeat((64 << 10) - longest.len()));
    let answer = send(service.address, "POST", "/generate-proof", longest.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    longest.push(' ');
    let answer = send(service.address, "POST", "/generate-proof", longest).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let answer = service.get("/generate-proof").await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    let answer = send(service.address, "POST", "/health", "").await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET".parse().unwrap())
    );
    assert_eq!(service.get("/").await.status, StatusCode::NOT_FOUND);
}

/// Every member of a request and of an answer has a row in the README, and its example works.
#[tokio::test(flavor = "multi_thread")]
async fn the_readme_is_true() {
    let readme = include_str!("../../README.md");
    let broker = Broker::start();
    let service = Service::start(&broker.socket()).await;
    let (_, example) = readme.split_once("-d '").unwrap();
    let (example, _) = example.split_once('\'').unwrap();
    assert_eq!(serde_json::from_str::<Value>(example).unwrap(), request());
    let answer = send(service.address, "POST", "/generate-proof", example).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let rows: Vec<_> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for name in request().as_object().unwrap().keys().chain(answer.body.as_object().unwrap().keys()) {
        assert!(rows.iter().any(|row| row.contains(&format!("`{name}`"))), "{name}");
    }
}
