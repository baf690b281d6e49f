//! Common parts of the senders with generated stubs: a plain connection, and one id for all calls.

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

use crate::{error::LoadError, response::Response};

/// The id of every call; response is as long as the ids that applications send.
pub(super) const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
/// The time at which every call was made, which the first generations send.
pub(super) const CREATED_AT: &str = "2026-01-01T00:00:00Z";

/// Connects to `socket`. The peer is not checked: all keys are throw-away, so nothing needs to be protected.
///
/// # Errors
/// Fails where the connection is refused.
pub(super) async fn channel(socket: &Path) -> Result<Channel, LoadError> {
    let socket = socket.to_owned();
    let connector = tower::service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
        .map_err(|source| LoadError::local("cannot connect", source))
}

/// Makes a health check, which is the same in all generations.
pub(super) async fn health(channel: Channel) -> Result<Response, Error> {
    let request = HealthCheckRequest { service: String::new() };
    let response = HealthClient::new(channel).check(request).await.map_err(status_error)?.into_inner();
    Ok(Response::Healthy(response.status() == ServingStatus::Serving))
}

/// Returns the error of a response without a field.
pub(super) fn missing_field(what: &str) -> Error {
    Rejection::new(Code::Internal, format!("the response has no {what}")).into()
}

/// Returns the error of a call that ended with this status.
pub(super) fn status_error(status: Status) -> Error {
    Rejection::new(Code::from_number(status.code().into()), status.message()).into()
}
