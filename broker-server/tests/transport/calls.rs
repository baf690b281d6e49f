//! Single calls: which are served, and which are refused with which status.

use std::{io::Write as _, path::Path, time::Duration};

use broker_proto::v1::{
    GetInfoRequest, HashDataRequest, HashStreamRequest, PipelineRequest,
    crypto_service_client::CryptoServiceClient, info_service_client::InfoServiceClient,
};
use broker_server::{policy::OperationInfo, transport::DrainOutcome};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::{Code, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

use crate::{
    Server, assert_serves, request, runtime,
    support::http2::{self, DATA, END_STREAM, HASH, HASH_DATA, HASH_REQUEST, call_header, frame, opening},
};

#[test]
fn every_service_answers() {
    let mut server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        assert_serves(&channel).await;
        let info = InfoServiceClient::new(channel.clone()).get_info(GetInfoRequest {}).await.unwrap();
        let names: Vec<_> = OperationInfo::all().iter().map(|operation| operation.name).collect();
        assert_eq!(info.into_inner().operations, names);
        for service in ["", "cryptobroker.v1.CryptoService", "cryptobroker.v1.InfoService"] {
            let request = HealthCheckRequest { service: service.into() };
            let response = HealthClient::new(channel.clone()).check(request).await.unwrap();
            assert_eq!(response.into_inner().status, 1);
        }
    });
    assert_eq!(server.drain(), DrainOutcome::Drained);
    assert!(!server.path.exists());
}

#[test]
fn refuses_message_over_limit() {
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        let mut client = CryptoServiceClient::new(channel.clone());
        let status = client.hash_data(request(vec![0; 100 << 20])).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "MESSAGE_TOO_LARGE");
        assert_serves(&channel).await;
    });
}

#[test]
fn request_that_is_not_grpc_has_http_status_415() {
    async fn status(path: &Path, method: &str, content_type: &str) -> (u16, String) {
        let socket = TokioIo::new(tokio::net::UnixStream::connect(path).await.unwrap());
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await.unwrap();
        tokio::spawn(connection);
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("http://localhost{HASH_DATA}"))
            .header("content-type", content_type)
            .body(String::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        (response.status().as_u16(), response.headers()["grpc-status"].to_str().unwrap().to_owned())
    }
    let server = Server::start(|_| {});
    runtime().block_on(async {
        for (method, content_type) in
            [("GET", "application/grpc"), ("POST", "application/json"), ("POST", "application/grpc-web")]
        {
            let status = status(&server.path, method, content_type).await;
            assert_eq!(status, (415, "3".to_owned()), "{content_type}");
        }
        assert_eq!(status(&server.path, "POST", "application/grpc+proto").await.0, 200);
    });
}

#[test]
fn assembles_message_from_many_frames() {
    let server = Server::start(|_| {});
    let mut stream = http2::connect(&server.path);
    stream.write_all(&[opening(), call_header(1, HASH_DATA)].concat()).unwrap();
    let (last, others) = HASH_REQUEST.split_last().unwrap();
    for byte in others {
        stream.write_all(&frame(DATA, 0, 1, &[*byte])).unwrap();
    }
    stream.write_all(&frame(DATA, END_STREAM, 1, &[*last])).unwrap();
    http2::read_until(&mut stream, HASH);
}

#[test]
fn call_ends_at_its_deadline() {
    // This is the broker's own time limit: tonic's client applies that of the call itself.
    let server = Server::start(|options| options.default_timeout = Duration::from_nanos(1));
    runtime().block_on(async {
        let mut client = CryptoServiceClient::new(server.channel().await);
        let status = client.hash_data(request(vec![0; 1 << 20])).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    });
}

#[test]
fn refuses_malformed_timeout() {
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let mut malformed = tonic::Request::new(request(Vec::new()));
        malformed.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
        let mut client = CryptoServiceClient::new(server.channel().await);
        let status = client.hash_data(malformed).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    });
}

#[test]
fn refuses_compressed_request_and_names_accepted_encoding() {
    async fn is_refused<M: prost::Message + Default + 'static>(
        channel: &Channel,
        path: &'static str,
    ) -> bool {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let mut request = tonic::Request::new(tokio_stream::once(M::default()));
        request.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
        let codec = tonic_prost::ProstCodec::<M, ()>::default();
        let status = grpc.streaming(request, path.parse().unwrap(), codec).await.unwrap_err();
        let reason = status.get_details_error_info().unwrap().reason;
        let accepted = status.metadata().get("grpc-accept-encoding").unwrap();
        (status.code(), reason.as_str()) == (Code::Unimplemented, "UNSUPPORTED_ENCODING")
            && accepted == "identity"
    }
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        assert!(is_refused::<HashDataRequest>(&channel, "/cryptobroker.v1.CryptoService/HashData").await);
        assert!(is_refused::<HashDataRequest>(&channel, "/CryptoBroker.CryptoGrpc/HashData").await);
        assert!(is_refused::<HashStreamRequest>(&channel, "/cryptobroker.v1.StreamService/HashStream").await);
        assert!(is_refused::<PipelineRequest>(&channel, "/cryptobroker.v1.PipelineService/Execute").await);
        assert!(is_refused::<HealthCheckRequest>(&channel, "/grpc.health.v1.Health/Check").await);
        let mut identity = tonic::Request::new(request(Vec::new()));
        identity.metadata_mut().insert("grpc-encoding", "identity".parse().unwrap());
        CryptoServiceClient::new(channel).hash_data(identity).await.unwrap();
    });
}

#[test]
fn unknown_profile_is_not_found() {
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let mut client = CryptoServiceClient::new(server.channel().await);
        let request = HashDataRequest { profile: "None".into(), ..Default::default() };
        let status = client.hash_data(request).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.get_details_error_info().unwrap().reason, "UNKNOWN_PROFILE");
    });
}
