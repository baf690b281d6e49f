//! Proofs as items of the pipeline.

use broker_proto::v1::{
    self, CheckWitnessRequest, PipelineRequest, ProofFormat::Arkworks, ProveRequest, VerifyProofRequest,
    pipeline_request::Operation, pipeline_response::Result as OperationResult,
    pipeline_service_client::PipelineServiceClient,
};
use tokio_stream::StreamExt as _;

use crate::service::{Service, numbers, proof_item, signals};

async fn execute(service: &Service, operations: Vec<Operation>) -> Vec<OperationResult> {
    let count = operations.len();
    let requests = (0..).zip(operations).map(|(sequence, operation)| PipelineRequest {
        sequence,
        operation: Some(operation),
        ..Default::default()
    });
    let requests = tokio_stream::iter(requests.collect::<Vec<_>>());
    let mut client = PipelineServiceClient::new(service.broker.channel().await);
    let mut responses = client.execute(requests).await.unwrap().into_inner();
    let mut found = Vec::new();
    while let Some(response) = responses.next().await {
        let response = response.unwrap();
        found.push((response.sequence, response.result.unwrap()));
    }
    assert_eq!(found.len(), count);
    found.sort_by_key(|(sequence, _)| *sequence);
    found.into_iter().map(|(_, result)| result).collect()
}

fn prove(inputs: &[(&str, &str)]) -> Operation {
    let mut request = ProveRequest::default();
    request.profile = "bn254".into();
    request.circuit = "multiply".into();
    request.inputs = numbers(inputs);
    request.proof_format = Arkworks.into();
    Operation::Prove(request)
}

fn check(inputs: &[(&str, &str)]) -> Operation {
    let mut request = CheckWitnessRequest::default();
    request.profile = "bn254".into();
    request.circuit = "multiply".into();
    request.inputs = numbers(inputs);
    Operation::CheckWitness(request)
}

fn verify(proof: &[u8], public: &str) -> Operation {
    Operation::VerifyProof(VerifyProofRequest {
        profile: "bn254".into(),
        circuit: "multiply".into(),
        item: Some(proof_item(proof, Arkworks, &[public])),
        ..Default::default()
    })
}

#[tokio::test]
async fn proofs_are_items_of_the_pipeline() {
    let service = Service::start().await;
    let right = [("a", "3"), ("b", "11")];
    let wrong = [("a", "3"), ("b", "11"), ("c", "34")];
    let operations = vec![prove(&right), check(&right), prove(&wrong), check(&wrong)];
    let results = execute(&service, operations).await;
    let [
        OperationResult::Prove(proof),
        OperationResult::CheckWitness(checked),
        OperationResult::Error(first),
        OperationResult::Error(second),
    ] = &results[..]
    else {
        panic!("{results:?}")
    };
    assert_eq!(signals(&proof.public_signals), [("c", "33")]);
    assert_eq!(signals(&checked.public_signals), [("c", "33")]);
    for error in [first, second] {
        assert_eq!(error.code, tonic::Code::FailedPrecondition as i32, "{}", error.message);
    }
    let verdicts = execute(&service, vec![verify(&proof.proof, "33"), verify(&proof.proof, "34")]).await;
    let valid: Vec<bool> = verdicts
        .iter()
        .map(|result| match result {
            OperationResult::VerifyProof(v1::VerifyProofResponse { valid, .. }) => *valid,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(valid, [true, false]);
}
