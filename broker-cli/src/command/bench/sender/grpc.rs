//! What the generated stubs have in common: a connection with nothing around it, and one id for all calls.

use std::path::Path;

use broker_client::{Code, Error, Rejection};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::super::answer::Answer;
use crate::error::Failure;

/// As long as those that applications send.
pub(super) const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
/// The first generations send when a call was made.
pub(super) const CREATED_AT: &str = "2026-01-01T00:00:00Z";

/// Connects. Who listens is not asked: all keys are thrown away, so there is nothing to keep from anybody.
pub(super) async fn channel(socket: &Path) -> Result<Channel, Failure> {
    let socket = socket.to_owned();
    let connector = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
        .map_err(|source| Failure::local("cannot connect", source))
}

/// The same for all generations.
pub(super) async fn health(channel: Channel) -> Result<Answer, Error> {
    let question = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(channel).check(question).await.map_err(refused)?.into_inner();
    Ok(Answer::Healthy(answer.status() == ServingStatus::Serving))
}

/// An answer with a field missing.
pub(super) fn empty(what: &str) -> Error {
    Rejection::new(Code::Internal, format!("the answer has no {what}")).into()
}

/// The error of a call that ended with this status.
pub(super) fn refused(status: Status) -> Error {
    Rejection::new(Code::from_number(status.code().into()), status.message()).into()
}
