//! The health protocol, `grpc.health.v1`.

use std::fmt;

use super::Client;
use crate::{
    error::{AttemptError, Error},
    method::Method,
    retry::{self, KeyUse},
    wire::{
        self, Frame, HealthCheckRequest, HealthCheckResponse, Messages, RequestBody, Response, ServingStatus,
    },
};

const CHECK: Method = Method::new("/grpc.health.v1.Health/Check", KeyUse::Keyless);
const WATCH: Method = Method::new("/grpc.health.v1.Health/Watch", KeyUse::Keyless);

impl Client {
    /// Returns whether a service can be called; `""` stands for the broker as a whole.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Refused`](crate::ErrorKind::Refused) and NOT_FOUND for a service that the broker
    /// does not have, and with another [`ErrorKind`](crate::ErrorKind) where the call gets no valid response.
    pub async fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        let request = HealthCheckRequest { service: service.to_owned() };
        Ok(HealthStatus::from_message(self.query(&CHECK, &request).await?))
    }

    /// Watches a service: the watch yields the current status, and another one after each change. The timeout of the
    /// client applies only until the watch has begun.
    ///
    /// # Errors
    /// Fails where the watch cannot begin.
    pub async fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        // The deadline is kept here and not sent: the server would end the watch at it.
        let request = HealthCheckRequest { service: service.to_owned() };
        let response = retry::run(&self.retry, WATCH.key_use, self.timeout, |attempt| {
            let body = RequestBody::Message(wire::encode(&request));
            attempt.limit(async {
                let response = self.connection.send(wire::request_head(WATCH.path), body).await?;
                response.reject_trailers_only().map_err(AttemptError::Status)
            })
        });
        Ok(HealthWatch { response: Some(response.await?), messages: Messages::default() })
    }
}

/// The health of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// The service can be called.
    Serving,
    /// The service cannot be called now, or is shutting down.
    NotServing,
    /// The broker does not tell.
    Unknown,
    /// The broker has no such service. Only a watch reports this; a health check is refused with NOT_FOUND.
    ServiceUnknown,
}

impl HealthStatus {
    /// Returns the name in the health protocol, such as `NOT_SERVING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }

    fn from_message(message: HealthCheckResponse) -> Self {
        match message.status() {
            ServingStatus::Serving => Self::Serving,
            ServingStatus::NotServing => Self::NotServing,
            ServingStatus::Unknown => Self::Unknown,
            ServingStatus::ServiceUnknown => Self::ServiceUnknown,
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A watch of a service's health. Dropping it ends the watch.
#[derive(Debug)]
pub struct HealthWatch {
    /// `None` after the end of the watch.
    response: Option<Response>,
    messages: Messages,
}

impl HealthWatch {
    /// Waits for the next status; the first one arrives at once. Returns `None` when the broker ended the watch.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Connection`](crate::ErrorKind::Connection) when the connection broke; begin a new watch
    /// then.
    pub async fn next(&mut self) -> Result<Option<HealthStatus>, Error> {
        while let Some(response) = &mut self.response {
            if let Some(message) = self.messages.next()? {
                return Ok(Some(HealthStatus::from_message(wire::decode(message)?)));
            }
            match response.next().await {
                Ok(Frame::Data(data)) => self.messages.push(data),
                Ok(Frame::End(status)) => {
                    self.response = None;
                    status.map_err(Error::refused)?;
                }
                Err(error) => {
                    self.response = None;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }
}
