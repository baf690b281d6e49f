//! The drain, and the health service that announces it.

use std::{io::Write as _, time::Duration};

use broker_server::transport::DrainOutcome;
use tonic::{Code, Streaming, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};

use crate::{
    Server, assert_serves, runtime,
    support::http2::{self, connect, hash_call, opening},
};

async fn watch(channel: &Channel, service: &str) -> Streaming<HealthCheckResponse> {
    let request = HealthCheckRequest { service: service.into() };
    HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner()
}

async fn next_status(watch: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    watch.message().await.unwrap().unwrap().status()
}

#[test]
fn drain_notifies_watchers_and_does_not_wait_for_them() {
    let mut server = Server::start(|_| {});
    runtime().block_on(async {
        let mut watch = watch(&server.channel().await, "").await;
        assert_eq!(next_status(&mut watch).await, ServingStatus::Serving);
        server.stop();
        assert_eq!(next_status(&mut watch).await, ServingStatus::NotServing);
        assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
    });
    assert_eq!(server.drain(), DrainOutcome::Drained);
}

#[test]
fn watch_of_unknown_service_stays_open_until_drain() {
    let mut server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        let mut watch = watch(&channel, "nobody").await;
        assert_eq!(next_status(&mut watch).await, ServingStatus::ServiceUnknown);
        assert_serves(&channel).await;
        server.stop();
        assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
    });
    assert_eq!(server.drain(), DrainOutcome::Drained);
}

#[test]
fn watchers_learn_when_keys_become_unusable() {
    let server = Server::start(|_| {});
    runtime().block_on(async {
        let channel = server.channel().await;
        let mut watch = watch(&channel, "cryptobroker.v1.CryptoService").await;
        assert_eq!(next_status(&mut watch).await, ServingStatus::Serving);
        server.health.set_key_use_available(false);
        assert_eq!(next_status(&mut watch).await, ServingStatus::NotServing);
        for service in ["", "cryptobroker.v1.InfoService"] {
            let request = HealthCheckRequest { service: service.into() };
            let response = HealthClient::new(channel.clone()).check(request).await.unwrap();
            assert_eq!(response.into_inner().status(), ServingStatus::Serving, "{service}");
        }
        server.health.set_key_use_available(true);
        assert_eq!(next_status(&mut watch).await, ServingStatus::Serving);
    });
}

#[test]
fn drain_serves_connections_in_backlog() {
    let mut waiting = Vec::new();
    // The drain is over as soon as it begins, before any connection has been accepted.
    let mut server = Server::start_after(
        |options| options.drain_idle = Duration::ZERO,
        |path, stop| {
            drop(stop);
            for _ in 0..20 {
                let mut stream = connect(path);
                stream.write_all(&[opening(), hash_call(1, "localhost")].concat()).unwrap();
                waiting.push(stream);
            }
        },
    );
    assert_eq!(server.drain(), DrainOutcome::Drained);
    for mut stream in waiting {
        let received = http2::read_to_end(&mut stream);
        let has_hash = received.windows(http2::HASH.len()).any(|window| window == http2::HASH);
        assert!(has_hash, "{}", String::from_utf8_lossy(&received));
    }
}
