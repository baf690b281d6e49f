//! Groth16Service: its default answers, which involve no cryptography.

use broker_proto::v1::{self, groth16_service_server::Groth16Service};
use tonic::{Request, Response, Status};

use super::{
    Fake,
    answers::{descriptor, message, metadata},
    services::unary,
};

unary!(Groth16Service {
    list_circuits(ListCircuitsRequest) -> ListCircuitsResponse: circuits;
    get_verifying_key(GetVerifyingKeyRequest) -> GetVerifyingKeyResponse: verifying_key;
    setup(SetupRequest) -> SetupResponse: setup;
    prove(ProveRequest) -> ProveResponse: prove;
    check_witness(CheckWitnessRequest) -> CheckWitnessResponse: check_witness;
    verify(VerifyProofRequest) -> VerifyProofResponse: verify_proof;
    batch_verify(BatchVerifyRequest) -> BatchVerifyResponse: batch_verify;
});

message!(
    ListCircuitsRequest,
    GetVerifyingKeyRequest,
    SetupRequest,
    ProveRequest,
    CheckWitnessRequest,
    VerifyProofRequest,
    BatchVerifyRequest
);

fn key() -> Option<v1::CircuitKeyInfo> {
    Some(v1::CircuitKeyInfo {
        fingerprint: vec![0xab; 32],
        setup_class: v1::SetupClass::CeremonyClaimed.into(),
        ephemeral: true,
        ceremony: "https://ceremony.example".into(),
    })
}

/// Returns two circuits. One has nothing that may be absent.
pub(super) fn circuits(request: v1::ListCircuitsRequest) -> v1::ListCircuitsResponse {
    let multiply = v1::Circuit {
        name: "multiply".into(),
        curve: "bn254".into(),
        built_in: true,
        version: 1,
        statement: "a product".into(),
        constraints: 1,
        inputs: vec![v1::CircuitSignal {
            name: "c".into(),
            kind: "field".into(),
            public: true,
            optional: true,
            description: "the product".into(),
        }],
        takes_inputs: true,
        checks_witness: true,
        expected_signals: vec!["c".into()],
        key: key(),
    };
    let other = v1::Circuit { name: "other".into(), curve: "bls12-381".into(), ..Default::default() };
    v1::ListCircuitsResponse {
        circuits: vec![multiply, other],
        descriptor: descriptor(&request.profile, "ListCircuits"),
        metadata: metadata(&request.profile, request.metadata),
    }
}

/// Returns the format as the key.
pub(super) fn verifying_key(request: v1::GetVerifyingKeyRequest) -> v1::GetVerifyingKeyResponse {
    let forced = if request.allow_single_party { "!" } else { "" };
    v1::GetVerifyingKeyResponse {
        verifying_key: format!("{}{forced}", request.format().as_str_name()).into(),
        key: key(),
        descriptor: descriptor(&request.profile, "GetVerifyingKey"),
        metadata: metadata(&request.profile, request.metadata),
    }
}

pub(super) fn setup(request: v1::SetupRequest) -> v1::SetupResponse {
    v1::SetupResponse {
        key: key(),
        created: true,
        descriptor: descriptor(&request.profile, "Setup"),
        metadata: metadata(&request.profile, request.metadata),
    }
}

/// Returns the circuit as the proof.
pub(super) fn prove(request: v1::ProveRequest) -> v1::ProveResponse {
    let duration = |nanos| Some(prost_types::Duration { seconds: 0, nanos });
    v1::ProveResponse {
        proof: request.circuit.clone().into(),
        public_signals: public_signals(["33"]),
        key: key(),
        prover: "tables".into(),
        figures: Some(v1::ProofFigures {
            queue: duration(1),
            key_load: duration(2),
            witness: duration(3),
            check: duration(4),
            prove: duration(5),
            self_verify: duration(6),
            reserved_bytes: 7,
        }),
        descriptor: descriptor(&request.profile, "Prove"),
        metadata: metadata(&request.profile, request.metadata.clone()),
    }
}

pub(super) fn check_witness(request: v1::CheckWitnessRequest) -> v1::CheckWitnessResponse {
    v1::CheckWitnessResponse {
        public_signals: public_signals(["33"]),
        key: key(),
        descriptor: descriptor(&request.profile, "CheckWitness"),
        metadata: metadata(&request.profile, request.metadata.clone()),
    }
}

fn public_signals<const N: usize>(values: [&str; N]) -> Vec<v1::PublicSignal> {
    values.map(|value| v1::PublicSignal { name: "c".into(), value: value.into() }).into()
}

/// A proof is valid if it is the name of the circuit.
pub(super) fn verify_proof(request: v1::VerifyProofRequest) -> v1::VerifyProofResponse {
    v1::VerifyProofResponse {
        valid: request.item.is_some_and(|item| item.proof == request.circuit.as_bytes()),
        public_signals: public_signals(["33"]),
        key: key(),
        descriptor: descriptor(&request.profile, "Verify"),
        metadata: metadata(&request.profile, request.metadata),
    }
}

pub(super) fn batch_verify(request: v1::BatchVerifyRequest) -> v1::BatchVerifyResponse {
    v1::BatchVerifyResponse {
        valid: request.items.iter().map(|item| item.proof == request.circuit.as_bytes()).collect(),
        key: key(),
        descriptor: descriptor(&request.profile, "BatchVerify"),
        metadata: metadata(&request.profile, request.metadata),
    }
}
