//! Groth16Service: its default answers, which involve no cryptography.

use std::pin::Pin;

use broker_proto::v1::{
    self, groth16_service_server::Groth16Service, prove_many_request, prove_many_response,
    prove_stream_request,
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::{
    End, Fake, Headers,
    answers::{descriptor, message, metadata},
    services::{Watched, unary},
};

unary!(Groth16Service {
    list_circuits(ListCircuitsRequest) -> ListCircuitsResponse: circuits;
    get_verifying_key(GetVerifyingKeyRequest) -> GetVerifyingKeyResponse: verifying_key;
    setup(SetupRequest) -> SetupResponse: setup;
    prove(ProveRequest) -> ProveResponse: prove;
    check_witness(CheckWitnessRequest) -> CheckWitnessResponse: check_witness;
    verify(VerifyProofRequest) -> VerifyProofResponse: verify_proof;
    batch_verify(BatchVerifyRequest) -> BatchVerifyResponse: batch_verify;
}
    type ProveManyStream = Pin<Box<dyn Stream<Item = Result<v1::ProveManyResponse, Status>> + Send>>;

    async fn prove_stream(
        &self,
        request: Request<Streaming<v1::ProveStreamRequest>>,
    ) -> Result<Response<v1::ProveResponse>, Status> {
        let headers = Headers::of(&request);
        let mut messages = request.into_inner();
        let mut watched = Watched { fake: self, end: End::Broken };
        let first = messages.message().await?.and_then(|mut message| message.part.take());
        let Some(prove_stream_request::Part::Header(header)) = first else {
            return Err(Status::invalid_argument("the first message is no header"));
        };
        self.messages.lock().unwrap().push(Box::new(header.clone()));
        let id = header.metadata.as_ref().unwrap().id.clone();
        if let done @ (Ok(Some(_)) | Err(_)) = self.step(&headers, &id).await {
            watched.end = End::Answered;
            return done.map(|other| Response::new(other.unwrap()));
        }
        let mut lengths = Vec::new();
        let mut witness = Vec::new();
        while let Some(mut message) = messages.message().await? {
            let Some(prove_stream_request::Part::Data(data)) = message.part.take() else {
                return Err(Status::invalid_argument("a second header"));
            };
            lengths.push(data.len());
            witness.extend_from_slice(&data);
        }
        watched.end = End::Complete;
        self.lengths.lock().unwrap().push(lengths);
        let v1::ProveStreamHeader { profile, circuit, metadata, .. } = header;
        let mut request = v1::ProveRequest::default();
        (request.profile, request.circuit, request.metadata) = (profile, circuit, metadata);
        request.witness = witness;
        Ok(Response::new(prove(request)))
    }

    /// Refuses an item without values. A witness `end` ends the stream with an error.
    async fn prove_many(
        &self,
        request: Request<Streaming<v1::ProveManyRequest>>,
    ) -> Result<Response<Self::ProveManyStream>, Status> {
        let headers = Headers::of(&request);
        let mut messages = request.into_inner();
        let Some(prove_many_request::Part::Header(header)) =
            messages.message().await?.and_then(|message| message.part)
        else {
            return Err(Status::invalid_argument("the first message is no header"));
        };
        self.messages.lock().unwrap().push(Box::new(header.clone()));
        let id = header.metadata.as_ref().unwrap().id.clone();
        self.step::<v1::ProveManyResponse>(&headers, &id).await?;
        let (sender, responses) = mpsc::unbounded_channel();
        let fake = self.clone();
        tokio::spawn(async move {
            let mut watched = Watched { fake: &fake, end: End::Broken };
            while let Ok(message) = messages.message().await {
                let Some(message) = message else {
                    watched.end = End::Complete;
                    break;
                };
                let answer = answer(&header, message);
                let ends = answer.is_err();
                if sender.send(answer).is_err() || ends {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(responses))))
    }
);

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

/// Returns the response to an item of `ProveMany`.
fn answer(
    header: &v1::ProveManyHeader,
    message: v1::ProveManyRequest,
) -> Result<v1::ProveManyResponse, Status> {
    let Some(prove_many_request::Part::Item(mut item)) = message.part else {
        return Err(Status::invalid_argument("no item"));
    };
    let mut request = v1::ProveRequest::default();
    request.profile = header.profile.clone();
    request.circuit = header.circuit.clone();
    request.metadata = header.metadata.clone();
    request.inputs = std::mem::take(&mut item.inputs);
    request.witness = std::mem::take(&mut item.witness);
    let result = match (request.inputs.is_empty(), &*request.witness) {
        (_, b"end") => return Err(Status::unavailable("the end")),
        (true, b"") => prove_many_response::Result::Error(broker_proto::rpc::Status {
            code: tonic::Code::InvalidArgument.into(),
            message: "inputs: is required".into(),
            details: Vec::new(),
        }),
        _ => prove_many_response::Result::Proof(prove(request)),
    };
    Ok(v1::ProveManyResponse { sequence: message.sequence, result: Some(result) })
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
            other: duration(8),
            reserved_bytes: 7,
            upload: duration(8),
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
