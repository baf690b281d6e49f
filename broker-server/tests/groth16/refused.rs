//! Requests that are refused, with what is wrong.

use broker_proto::v1::{self, ProofFormat::SnarkjsJson};
use tonic::Code;

use crate::service::{Service, field, item, numbers, proof_item, reason};

#[tokio::test]
async fn inputs_are_refused_by_name_and_never_shown() {
    let service = Service::start().await;
    const SECRET: &str = "31337000000000000000000000000000000000000000000000000000000000000000000000000000";
    for (inputs, words) in [
        (vec![("a", "3"), ("b", "11"), ("d", "1")], "has no input `d`, but c, a, b"),
        (vec![("a", "3")], "`b` is missing"),
        (vec![("a", "3"), ("a", "3"), ("b", "11")], "`a` is given twice"),
        (vec![("a", "-1"), ("b", "11")], "the input `a`"),
        (vec![("a", SECRET), ("b", "11")], "the input `a` must be less than"),
        (vec![("a", "text:x"), ("b", "11")], "`a` takes a number"),
    ] {
        let error = service.prove("bn254", "multiply", &inputs, SnarkjsJson).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str(), field(&error).as_str()),
            (Code::InvalidArgument, "INPUT_INVALID", "inputs"),
            "{inputs:?}"
        );
        assert!(error.message().contains(words), "{}", error.message());
        assert!(!error.message().contains("31337"));
    }
    let error = service
        .prove("bn254", "multiply", &[("a", "3"), ("b", "11"), ("c", "34")], SnarkjsJson)
        .await
        .unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "WITNESS_UNSATISFIED"));
    assert!(error.message().contains("`multiply: a * b = c`"), "{}", error.message());
}

#[tokio::test]
async fn malformed_requests_name_their_field() {
    let service = Service::start().await;
    let request = |change: fn(&mut v1::ProveRequest)| {
        let mut request = v1::ProveRequest::default();
        request.profile = "bn254".into();
        request.circuit = "multiply".into();
        request.inputs = numbers(&[("a", "3"), ("b", "11")]);
        change(&mut request);
        request
    };
    type Change = fn(&mut v1::ProveRequest);
    let cases: [(Change, Code, &str, &str); 8] = [
        (|request| request.circuit.clear(), Code::InvalidArgument, "FIELD_MISSING", "circuit"),
        (|request| request.circuit = "a b".into(), Code::InvalidArgument, "FIELD_NOT_PRINTABLE", "circuit"),
        (|request| request.circuit = "multiplu".into(), Code::NotFound, "UNKNOWN_CIRCUIT", "circuit"),
        (|request| request.inputs.clear(), Code::InvalidArgument, "FIELD_MISSING", "inputs"),
        (|request| request.witness = vec![1], Code::InvalidArgument, "FIELD_MALFORMED", "witness"),
        (|request| request.proof_format = 9, Code::InvalidArgument, "FIELD_UNKNOWN_VALUE", "proof_format"),
        (|request| request.inputs[0].numbers.clear(), Code::InvalidArgument, "FIELD_MALFORMED", "inputs"),
        (
            |request| request.inputs[0].numbers.push("4".into()),
            Code::InvalidArgument,
            "INPUT_INVALID",
            "inputs",
        ),
    ];
    for (index, (change, code, expected, name)) in cases.into_iter().enumerate() {
        let error = service.client().prove(request(change)).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str(), field(&error).as_str()),
            (code, expected, name),
            "{index}: {}",
            error.message()
        );
    }
    let mut witness = request(|request| request.inputs.clear());
    witness.witness = b"wtns, but not really".to_vec();
    let error = service.client().prove(witness).await.unwrap_err();
    assert_eq!((reason(&error).as_str(), field(&error).as_str()), ("FIELD_MALFORMED", "witness"));
}

#[tokio::test]
async fn proofs_and_statements_are_checked_before_the_pairing() {
    let service = Service::start().await;
    let proof =
        service.prove("bn254", "multiply", &[("a", "3"), ("b", "11")], SnarkjsJson).await.unwrap().proof;
    let modulus = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    for public in [vec![], vec!["33", "7"], vec!["-1"], vec![modulus], vec!["33 "]] {
        let error =
            service.verify("bn254", "multiply", proof_item(&proof, SnarkjsJson, &public)).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{public:?}");
        assert_eq!(reason(&error), "STATEMENT_INVALID", "{public:?}");
    }
    let text = String::from_utf8(proof.clone()).unwrap();
    for broken in [
        text.replacen("groth16", "plonk", 1),
        text.replacen("bn128", "bls12381", 1),
        text.replacen("\"1\"", "\"0\"", 1),
        text.replacen('"', "", 1),
        String::from("{}"),
        String::from("[]"),
    ] {
        let item = proof_item(broken.as_bytes(), SnarkjsJson, &["33"]);
        let error = service.verify("bn254", "multiply", item).await.unwrap_err();
        assert_eq!(
            (reason(&error).as_str(), field(&error).as_str()),
            ("FIELD_MALFORMED", "proof"),
            "{broken}"
        );
    }
    let expected = item(&proof, SnarkjsJson, &["33"], &[("c", "33")]);
    let error = service.verify("bn254", "multiply", expected).await.unwrap_err();
    assert_eq!((reason(&error).as_str(), field(&error).as_str()), ("STATEMENT_INVALID", "expect"));
}

#[tokio::test]
async fn limits_of_the_profile_are_denials_with_their_rule() {
    let service = Service::start().await;
    let items = vec![proof_item(b"x", SnarkjsJson, &["33"]); 3];
    let error = service.batch("small", "multiply", items).await.unwrap_err();
    assert_eq!(reason(&error), "LIMIT_EXCEEDED");
    assert!(error.message().contains("allows 2"), "{}", error.message());
    let error = service.setup("small", "payment").await.unwrap_err();
    assert_eq!(reason(&error), "LIMIT_EXCEEDED");
    assert!(error.message().contains("constraints"), "{}", error.message());
    let circuits = service.list("small").await.unwrap().circuits;
    assert!(circuits[1].key.is_none(), "a key was made in vain");
    let mut request = v1::ProveRequest::default();
    request.profile = "small".into();
    request.circuit = "multiply".into();
    request.witness = vec![0; 1025];
    let error = service.client().prove(request).await.unwrap_err();
    assert_eq!(reason(&error), "LIMIT_EXCEEDED");
    // A proof needs a little more than 1 MiB. That is found before the inputs are read.
    let proof = service.prove("little-memory", "payment", &[("amount", "1")], SnarkjsJson).await;
    let error = proof.unwrap_err();
    assert!(error.message().contains("MemoryPerProof"), "{}", error.message());
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "LIMIT_EXCEEDED"));
}
