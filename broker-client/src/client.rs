//! The client and its calls.

use std::{path::PathBuf, sync::Arc, time::Duration};

use broker_proto::v1::{
    GetInfoRequest, crypto_service_client::CryptoServiceClient, info_service_client::InfoServiceClient,
};
use tonic::{Request, Streaming, metadata::MetadataValue, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse, health_client::HealthClient};

use crate::{
    builder::Builder,
    error::Error,
    request::{HashRequest, SignCertificateRequest},
    response::{HashResponse, HealthStatus, Info, SignCertificateResponse},
    retry::{self, RetryPolicy},
};

/// The largest answer that is read. The broker is trusted, and its own limit is an option of its operator.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A connection to a broker. Clones are cheap and share it; calls run at the same time on it.
///
/// It belongs to the tokio runtime in which it was made. When the broker goes away, the next call connects again.
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

    /// The same connection, with another time for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Hashes some bytes.
    ///
    /// # Errors
    /// [`Error::Refused`] with the server's reason, or what kept the call from being answered.
    pub async fn hash_data(&self, request: HashRequest) -> Result<HashResponse, Error> {
        let id = request.options.call_id();
        let header = request.options.header()?;
        let timeout = request.options.timeout.unwrap_or(self.timeout);
        let answer = retry::run(&self.retry, timeout, |left| {
            let message = with_deadline(request.message(&id), left, header.as_ref());
            let mut service =
                CryptoServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER);
            async move { service.hash_data(message).await }
        });
        answer.await?.into_inner().try_into()
    }

    /// Issues a certificate.
    ///
    /// # Errors
    /// [`Error::Refused`] with the server's reason and the rule of the profile, or what kept the call from being
    /// answered.
    pub async fn sign_certificate(
        &self,
        request: SignCertificateRequest,
    ) -> Result<SignCertificateResponse, Error> {
        let id = request.options.call_id();
        let header = request.options.header()?;
        let timeout = request.options.timeout.unwrap_or(self.timeout);
        let answer = retry::run(&self.retry, timeout, |left| {
            let message = with_deadline(request.message(&id), left, header.as_ref());
            let mut service =
                CryptoServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER);
            async move { service.sign_certificate(message).await }
        });
        answer.await?.into_inner().try_into()
    }

    /// Asks what the broker is and what it offers.
    ///
    /// # Errors
    /// What kept the call from being answered.
    pub async fn info(&self) -> Result<Info, Error> {
        let answer = retry::run(&self.retry, self.timeout, |left| {
            let message = with_deadline(GetInfoRequest {}, left, None);
            let mut service =
                InfoServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER);
            async move { service.get_info(message).await }
        });
        Ok(answer.await?.into_inner().into())
    }

    /// Asks whether a service can be called; `""` is the broker as a whole.
    ///
    /// # Errors
    /// [`Error::Refused`] with NOT_FOUND for a service that the broker does not have, or what kept the call from
    /// being answered.
    pub async fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        let answer = retry::run(&self.retry, self.timeout, |left| {
            let message = with_deadline(HealthCheckRequest { service: service.to_owned() }, left, None);
            let mut service = HealthClient::new(self.channel.clone());
            async move { service.check(message).await }
        });
        Ok(answer.await?.into_inner().status().into())
    }

    /// Watches a service: its state now, and again whenever it changes. The deadline holds for the beginning only.
    ///
    /// # Errors
    /// What kept the watch from beginning.
    pub async fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        let answer = retry::run(&self.retry, self.timeout, |_| {
            let message = HealthCheckRequest { service: service.to_owned() };
            let mut service = HealthClient::new(self.channel.clone());
            async move { service.watch(message).await }
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

/// Tells the server how much time is left, so that it need not begin what nobody waits for.
fn with_deadline<T>(
    message: T,
    left: Duration,
    traceparent: Option<&MetadataValue<tonic::metadata::Ascii>>,
) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(left);
    if let Some(value) = traceparent {
        request.metadata_mut().insert("traceparent", value.clone());
    }
    request
}
