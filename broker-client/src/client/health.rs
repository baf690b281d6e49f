//! The health protocol.

use tonic::Streaming;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_client::HealthClient};

use super::{Client, method};
use crate::{
    error::Error,
    response::HealthStatus,
    retry::{self, Failure},
};

impl Client {
    /// Asks whether a service can be called; `""` is the broker as a whole.
    ///
    /// # Errors
    /// [`Error::Refused`] with NOT_FOUND for a service that the broker does not have, or what kept the call from
    /// being answered.
    pub async fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        let question = HealthCheckRequest { service: service.to_owned() };
        let answer = self.ask(&method::CHECK_HEALTH, &question).await?;
        Ok(answer.status().into())
    }

    /// Watches a service: its state now, and again whenever it changes. The deadline holds for the beginning only.
    ///
    /// # Errors
    /// What kept the watch from beginning.
    pub async fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        // Not as the other calls: the server must not hear of the deadline, or it would end the watch then.
        let answer = retry::run(&self.retry, self.timeout, |attempt| {
            let message = HealthCheckRequest { service: service.to_owned() };
            let mut service = HealthClient::new(self.channel.clone());
            attempt.limit(async move { service.watch(message).await.map_err(Failure::Status) })
        });
        Ok(HealthWatch { stream: answer.await?.into_inner() })
    }
}

/// A running watch of a service's health. It ends when it is dropped.
#[derive(Debug)]
pub struct HealthWatch {
    stream: Streaming<HealthCheckResponse>,
}

impl HealthWatch {
    /// Waits for the next state; the first comes at once. `None` when the broker has ended the watch.
    ///
    /// # Errors
    /// [`Error::Connection`] when the broker is gone; begin a new watch then.
    pub async fn next(&mut self) -> Result<Option<HealthStatus>, Error> {
        Ok(self.stream.message().await?.map(|answer| answer.status().into()))
    }
}
