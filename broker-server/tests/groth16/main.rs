//! `Groth16Service` through the socket.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

mod audit;
mod ceremony;
mod keys;
mod load;
mod many;
mod operator;
mod payment;
mod pipeline;
mod refused;
mod service;
mod stream;
#[path = "../support/mod.rs"]
mod support;
mod wide;

use broker_proto::v1;
use service::{Service, item, proof_item, signals};

#[tokio::test]
async fn built_in_circuits_prove_and_verify_over_both_curves_in_both_formats() {
    let service = Service::start().await;
    for profile in ["bn254", "bls"] {
        for (circuit, inputs, public) in [
            ("multiply", vec![("a", "3"), ("b", "0xb")], vec![("c", "33")]),
            ("cube_root", vec![("x", "3")], vec![("y", "27")]),
        ] {
            for format in [v1::ProofFormat::SnarkjsJson, v1::ProofFormat::Arkworks] {
                let proof = service.prove(profile, circuit, &inputs, format).await.unwrap();
                assert_eq!(signals(&proof.public_signals), public, "{profile} {circuit}");
                let key = proof.key.unwrap();
                assert_eq!(key.setup_class(), v1::SetupClass::SingleParty);
                assert!(key.ephemeral);
                let values: Vec<&str> = public.iter().map(|(_, value)| *value).collect();
                let verified =
                    service.verify(profile, circuit, proof_item(&proof.proof, format, &values)).await;
                let verified = verified.unwrap();
                assert!(verified.valid);
                assert_eq!(verified.key.unwrap().fingerprint, key.fingerprint);
                let wrong = service.verify(profile, circuit, proof_item(&proof.proof, format, &["34"])).await;
                assert!(!wrong.unwrap().valid);
            }
        }
    }
}

/// A cache would return the first proof, which may be another caller's.
#[tokio::test]
async fn no_two_proofs_are_the_same() {
    let service = Service::start().await;
    let mut proofs = Vec::new();
    for _ in 0..8 {
        let proof =
            service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], v1::ProofFormat::Arkworks).await;
        proofs.push(proof.unwrap().proof);
    }
    proofs.sort();
    proofs.dedup();
    assert_eq!(proofs.len(), 8);
}

#[tokio::test]
async fn a_batch_has_a_verdict_on_each_proof() {
    let service = Service::start().await;
    let proof =
        service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], v1::ProofFormat::Arkworks).await;
    let proof = proof.unwrap().proof;
    let mut items = vec![proof_item(&proof, v1::ProofFormat::Arkworks, &["33"]); 64];
    items[40].public_signals = vec!["34".into()];
    let verdicts = service.batch("bn254", "multiply", items.clone()).await.unwrap().valid;
    assert_eq!(verdicts.iter().position(|valid| !valid), Some(40));
    assert_eq!(verdicts.iter().filter(|valid| **valid).count(), 63);
    // A malformed item is an error that names it.
    items[7].proof.pop();
    let error = service.batch("bn254", "multiply", items).await.unwrap_err();
    assert_eq!(error.code(), tonic::Code::InvalidArgument);
    assert!(error.message().starts_with("item 7: "), "{}", error.message());
}

#[tokio::test]
async fn the_times_add_up() {
    let service = Service::start().await;
    // The first proof makes the key.
    for _ in 0..2 {
        let start = std::time::Instant::now();
        let proof =
            service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], v1::ProofFormat::Arkworks).await;
        let wall = start.elapsed();
        let figures = proof.unwrap().figures.unwrap();
        let parts = [
            figures.queue,
            figures.key_load,
            figures.witness,
            figures.check,
            figures.prove,
            figures.self_verify,
            figures.other,
        ];
        let sum: std::time::Duration =
            parts.into_iter().map(|part| std::time::Duration::try_from(part.unwrap()).unwrap()).sum();
        assert!(sum <= wall, "{sum:?} of {wall:?}");
        assert!(figures.prove.unwrap().nanos > 0 && figures.self_verify.unwrap().nanos > 0);
        assert!(figures.reserved_bytes > 0);
    }
}

#[tokio::test]
async fn circuits_are_listed_with_their_inputs_and_keys() {
    let service = Service::start().await;
    let circuits = service.list("bn254").await.unwrap().circuits;
    let names: Vec<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
    assert_eq!(names, ["multiply", "cube_root", "payment"]);
    assert!(
        circuits.iter().all(|circuit| circuit.key.is_none() && circuit.built_in && circuit.constraints > 0)
    );
    let payment = &circuits[2];
    assert_eq!(payment.expected_signals, ["minAmount", "recipient", "maxAge", "commitment", "context"]);
    assert_eq!(payment.inputs.iter().filter(|input| input.public).count(), 7);
    service.setup("bn254", "multiply").await.unwrap();
    assert!(service.list("bn254").await.unwrap().circuits[0].key.is_some());
}

#[tokio::test]
async fn the_verifying_key_is_exported_in_three_formats() {
    let service = Service::start().await;
    let export = |profile: &'static str, format, force| {
        let service = &service;
        async move { service.export(profile, "multiply", format, force).await }
    };
    let json = export("bn254", v1::VerifyingKeyFormat::SnarkjsJson, false).await.unwrap();
    let value: serde_json::Value = serde_json::from_slice(&json.verifying_key).unwrap();
    assert_eq!((value["protocol"].as_str(), value["nPublic"].as_u64()), (Some("groth16"), Some(1)));
    let bytes = export("bn254", v1::VerifyingKeyFormat::Arkworks, false).await.unwrap();
    assert_eq!(bytes.verifying_key.len(), 64 + 3 * 128 + 8 + 2 * 64);
    let refused = export("bn254", v1::VerifyingKeyFormat::Solidity, false).await.unwrap_err();
    assert_eq!(service::reason(&refused), "SINGLE_PARTY_KEY");
    let contract = export("bn254", v1::VerifyingKeyFormat::Solidity, true).await.unwrap();
    assert!(String::from_utf8(contract.verifying_key).unwrap().contains("contract Groth16Verifier"));
    let unsupported = export("bls", v1::VerifyingKeyFormat::Solidity, true).await.unwrap_err();
    assert_eq!(service::reason(&unsupported), "FIELD_UNSUPPORTED");
}

#[tokio::test]
async fn a_callers_key_is_used_where_the_profile_allows_it() {
    let service = Service::start().await;
    let proof =
        service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], v1::ProofFormat::Arkworks).await;
    let proof = proof.unwrap();
    let key = service.export("bn254", "multiply", v1::VerifyingKeyFormat::SnarkjsJson, false).await.unwrap();
    let request = |profile: &str| v1::VerifyProofRequest {
        profile: profile.into(),
        circuit: "multiply".into(),
        item: Some(item(&proof.proof, v1::ProofFormat::Arkworks, &["33"], &[])),
        verifying_key: key.verifying_key.clone(),
        ..Default::default()
    };
    // Also by a broker that has no key of its own, and which is given the same one each time.
    let other = Service::start().await;
    for broker in [&service, &other] {
        let verified = broker.client().verify(request("caller-key")).await.unwrap().into_inner();
        assert!(verified.valid);
        assert_eq!((&*verified.public_signals[0].name, &*verified.public_signals[0].value), ("c", "33"));
        let info = verified.key.unwrap();
        assert_eq!(info.fingerprint, proof.key.as_ref().unwrap().fingerprint);
        assert_eq!(info.setup_class(), v1::SetupClass::Unspecified);
    }
    assert!(other.list("caller-key").await.unwrap().circuits.iter().all(|circuit| circuit.key.is_none()));
    let mut another = request("caller-key");
    another.circuit = "payment".into();
    let error = other.client().verify(another).await.unwrap_err();
    assert_eq!(service::reason(&error), "STATEMENT_INVALID");
    let refused = service.client().verify(request("bn254")).await.unwrap_err();
    assert_eq!(service::reason(&refused), "VERIFYING_KEY_NOT_ALLOWED");
    let mut broken = request("caller-key");
    broken.verifying_key.truncate(100);
    let error = service.client().verify(broken).await.unwrap_err();
    assert_eq!(
        (error.code(), service::reason(&error).as_str()),
        (tonic::Code::InvalidArgument, "FIELD_MALFORMED")
    );
}
