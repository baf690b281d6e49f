//! The services that generic gRPC tools use: reflection, health, and the broker's own information.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use broker_proto::v1;
use support::Broker;
use tokio_stream::StreamExt as _;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

const SERVICES: [&str; 8] = [
    "cryptobroker.v1.CryptoService",
    "cryptobroker.v1.InfoService",
    "cryptobroker.v1.KemService",
    "cryptobroker.v1.SignatureKeyService",
    "cryptobroker.v1.StreamService",
    "cryptobroker.v1.SymmetricKeyService",
    "CryptoBroker.CryptoGrpc",
    "protobuf.CryptoBroker",
];
const DEVELOPMENT: [&str; 2] = ["cryptobroker.v1.CryptoDevService", "CryptoBroker.CryptoGrpcDev"];

#[tokio::test]
async fn reflection_lists_every_service() {
    let broker = Broker::start(&[]);
    let mut client = ServerReflectionClient::new(broker.channel().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list: {answer:?}")
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES.iter().chain(&["grpc.health.v1.Health"]) {
        assert!(names.iter().any(|name| name == service), "{service} is not among {names:?}");
    }
    for service in DEVELOPMENT {
        assert!(!names.iter().any(|name| name == service), "{service} is among {names:?}");
    }
}

#[tokio::test]
async fn health_reports_every_service_as_serving() {
    let broker = Broker::start(&[]);
    let mut client = HealthClient::new(broker.channel().await);
    for service in SERVICES.iter().chain(&[""]) {
        let request = HealthCheckRequest { service: (*service).to_owned() };
        let answer = client.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    for service in DEVELOPMENT {
        let request = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(client.check(request).await.unwrap_err().code(), tonic::Code::NotFound, "{service}");
    }
    let unknown = client.check(HealthCheckRequest { service: "unknown".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn info_describes_the_broker() {
    let broker = Broker::start(&[]);
    let info = broker.info().await.get_info(v1::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(info.catalogue_digest.len(), 64);
    assert!(info.profiles.iter().any(|name| name == "Default"));
    let operations = [
        "HashData",
        "SignCertificate",
        "SignData",
        "VerifyData",
        "GenerateSignatureKeyPair",
        "EncryptData",
        "DecryptData",
        "GenerateKey",
        "GenerateKemKeyPair",
        "Encapsulate",
        "Decapsulate",
        "ListCircuits",
        "GetVerifyingKey",
        "SetupCircuit",
        "Prove",
        "CheckWitness",
        "VerifyProof",
        "BatchVerify",
        "HashStream",
        "SignStream",
        "VerifyStream",
        "ProveStream",
        "ProveMany",
    ];
    assert_eq!(info.operations, operations);
    assert_eq!(info.fips, cfg!(feature = "fips"));
    assert_eq!(info.crypto_library_versions.contains("AWS-LC FIPS "), info.fips);
    assert!(info.crypto_library_versions.contains("AWS-LC"), "{}", info.crypto_library_versions);
    assert!(info.started_at.is_some());
}
