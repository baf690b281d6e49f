//! The health protocol.

use super::{Client, method};
use crate::{
    error::Error,
    response::HealthStatus,
    retry::{self, Failure, Work},
    wire::{self, Answer, Frame, HealthCheckRequest, HealthCheckResponse, Messages, Outgoing},
};

const WATCH: &str = "/grpc.health.v1.Health/Watch";

impl Client {
    /// Asks whether a service can be called; `""` is the broker as a whole.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) with NOT_FOUND for a service that the broker does not have, or what kept the call from
    /// being answered.
    pub async fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        let question = HealthCheckRequest { service: service.to_owned() };
        let answer = self.ask(&method::CHECK_HEALTH, &question).await?;
        Ok(HealthStatus::from_message(answer))
    }

    /// Watches a service: its state now, and again whenever it changes. The deadline holds for the beginning only.
    ///
    /// # Errors
    /// What kept the watch from beginning.
    pub async fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        // Not as the other calls: the server must not hear of the deadline, or it would end the watch then.
        let question = HealthCheckRequest { service: service.to_owned() };
        let answer = retry::run(&self.retry, Work::Keyless, self.timeout, |attempt| {
            let question = Outgoing::Message(wire::message(&question));
            attempt.limit(async {
                let answer = self.connection.send(wire::head(WATCH), question).await?;
                answer.accepted().map_err(Failure::Status)
            })
        });
        Ok(HealthWatch { answer: Some(answer.await?), messages: Messages::default() })
    }
}

/// A running watch of a service's health. It ends when it is dropped.
#[derive(Debug)]
pub struct HealthWatch {
    /// `None` after its end.
    answer: Option<Answer>,
    messages: Messages,
}

impl HealthWatch {
    /// Waits for the next state; the first comes at once. `None` when the broker has ended the watch.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`](crate::ErrorKind::Connection) when the broker is gone; begin a new watch then.
    pub async fn next(&mut self) -> Result<Option<HealthStatus>, Error> {
        while let Some(answer) = &mut self.answer {
            if let Some(message) = self.messages.next()? {
                let message: HealthCheckResponse = wire::decode(message)?;
                return Ok(Some(HealthStatus::from_message(message)));
            }
            match answer.next().await {
                Ok(Frame::Data(data)) => self.messages.push(data),
                Ok(Frame::End(status)) => {
                    self.answer = None;
                    status.map_err(Error::refused)?;
                }
                Err(error) => {
                    self.answer = None;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }
}
