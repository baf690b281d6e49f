//! The client: its connection, and the one way in which each kind of call is made. The calls themselves are beside
//! this, by service.

mod crypto;
mod health;
mod keys;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use broker_proto::v1::{GetInfoRequest, info_service_client::InfoServiceClient};
use tonic::{Request, Response, Status, transport::Channel};

pub use self::health::HealthWatch;
use crate::{
    builder::Builder,
    error::Error,
    request::{Ask, Options, headed},
    response::Info,
    retry::{self, RetryPolicy},
};

/// The largest answer that is read. The broker is trusted, and its own limit is an option of its operator.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A connection to a broker. Clones are cheap and share it; calls run at the same time on it.
///
/// It belongs to the tokio runtime in which it was made. When the broker goes away, the next call connects again.
///
/// No operation has an effect in the broker beside its audit record, so sending one twice is harmless, and
/// [`RetryPolicy`] holds for all of them but the streams. Where the answer is drawn at random (new keys, encapsulation,
/// a nonce or signature that the broker draws), the one that the caller gets is of the last attempt, and nobody keeps
/// those of the attempts before it.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    timeout: Duration,
    retry: Arc<RetryPolicy>,
}

impl Client {
    /// Connects to the broker at the given socket, with the default options.
    ///
    /// # Errors
    /// As [`Builder::connect`].
    pub async fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::builder().socket(path).connect().await
    }

    /// Connects with other options than the default ones.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(channel: Channel, timeout: Duration, retry: RetryPolicy) -> Self {
        Self { channel, timeout, retry: Arc::new(retry) }
    }

    /// The same connection, with another time for each call but the streams.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Asks what the broker is and what it offers.
    ///
    /// # Errors
    /// What kept the call from being answered.
    pub async fn info(&self) -> Result<Info, Error> {
        let answer = self
            .unary(&GetInfoRequest {}, |channel, message| async move {
                InfoServiceClient::new(channel).max_decoding_message_size(MAX_ANSWER).get_info(message).await
            })
            .await?;
        Ok(answer.into())
    }

    /// A call of one message: one id, one trace and one deadline for all its attempts, and a message for each.
    async fn unary<A: Ask, R, F>(
        &self,
        request: &A,
        send: impl Fn(Channel, Request<A::Message>) -> F,
    ) -> Result<R, Error>
    where
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let options = request.options();
        let id = options.call_id();
        let header = options.header()?;
        let timeout = options.timeout.unwrap_or(self.timeout);
        let answer = retry::run(&self.retry, timeout, |left| {
            send(self.channel.clone(), headed(request.message(&id), Some(left), header.clone()))
        });
        Ok(answer.await?.into_inner())
    }
}

impl Ask for GetInfoRequest {
    type Message = Self;

    fn options(&self) -> &Options {
        Options::NONE
    }

    fn message(&self, _: &str) -> Self {
        *self
    }
}
