//! Calls that send any amount of data: a header, then the data in parts.

use std::{io, mem, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::oneshot, time};
use tokio_stream::Stream;
use tracing::Instrument as _;

use super::{Client, log_failure, span};
use crate::{
    error::{AttemptError, Error, ErrorKind},
    message::{OperationRequest, OperationResponse},
    method::Method,
    retry,
    upload::Upload,
    wire::{self, RequestBody},
};

impl Client {
    /// Executes an operation whose data follows its header. It is attempted once.
    pub(crate) async fn call_with_data<Q, R>(
        &self,
        method: &Method,
        mut request: Q,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<R, Error>
    where
        Q: OperationRequest,
        R: OperationResponse,
    {
        let mut options = mem::take(request.options());
        let profile = options.take_profile(self.profile.as_deref())?;
        let limit = options.timeout.map(|timeout| timeout.min(retry::MAX_TIMEOUT));
        let traceparent = options.traceparent_header()?;
        let (input_error, mut received_error) = oneshot::channel();
        let metadata = options.into_metadata();
        let span = span(method.path, &profile, &metadata);
        let header = request.into_message(profile, metadata);
        let body = RequestBody::stream(Upload::new(&header, parts, input_error));
        let mut head = wire::request_head(method.path);
        head.headers_mut().extend(traceparent.map(|value| (wire::TRACEPARENT, value)));
        head.headers_mut().extend(limit.map(|limit| (wire::TIMEOUT, wire::encode_timeout(limit))));
        let response = async {
            self.ensure_connected().await?;
            let response = wire::call(&self.connection, head, body).await;
            response.map_err(|error| match received_error.try_recv() {
                // The input failed, for which the call was reset.
                Ok(source) => Error::new(ErrorKind::Input { source: Arc::new(source) }).into(),
                Err(_) => error,
            })
        };
        let response = response.instrument(span.clone());
        let response = match limit {
            None => response.await,
            Some(limit) => {
                time::timeout(limit, response).await.unwrap_or(Err(AttemptError::DeadlineExceeded))
            }
        };
        let response = response.map_err(|error| match (error, limit) {
            (AttemptError::Failed(error), _) => error,
            (AttemptError::Status(status), Some(timeout)) if status.is_deadline_exceeded() => {
                deadline_exceeded(timeout)
            }
            (AttemptError::Status(status), _) => Error::refused(status),
            (AttemptError::DeadlineExceeded, limit) => deadline_exceeded(limit.unwrap_or(retry::MAX_TIMEOUT)),
        });
        if let Err(error) = &response {
            span.in_scope(|| log_failure(error));
        }
        R::from_message(wire::decode(response?)?)
    }

    /// Checks the broker's health, and so connects again where the broker was restarted. The data of a stream can
    /// be sent only once, so a broken connection must be found by a call that may be retried.
    pub(super) async fn ensure_connected(&self) -> Result<(), Error> {
        match self.health("").await {
            Err(error) if error.rejection().is_none() => Err(error),
            // A refusal, too, shows that the broker answers.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

pub(super) fn deadline_exceeded(timeout: Duration) -> Error {
    Error::new(ErrorKind::Deadline { timeout, attempts: 1, last: None })
}
