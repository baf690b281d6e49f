//! Calls that send any number of items and receive a response to each.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use tokio_stream::Stream;
use tracing::{Instrument as _, Span};

use super::{Client, log_failure, span, stream::deadline_exceeded};
use crate::{
    error::Error,
    message::OperationRequest,
    method::Method,
    retry,
    status::Status,
    wire::{self, Frame, InputFailed, Messages, RequestBody, Response},
};

impl Client {
    /// Opens a stream of items, which has a response to each. It is attempted once. `first` makes the first message from that
    /// of the request.
    pub(crate) async fn exchange<Q, M>(
        &self,
        method: &Method,
        mut request: Q,
        first: fn(Q::Message) -> M,
        items: impl Stream<Item = M> + Send + 'static,
    ) -> Result<Exchange, Error>
    where
        Q: OperationRequest,
        M: Message + Unpin + 'static,
    {
        let mut options = mem::take(request.options());
        let profile = options.take_profile(self.profile.as_deref())?;
        let limit = options.timeout.map(|timeout| timeout.min(retry::MAX_TIMEOUT));
        let traceparent = options.traceparent_header()?;
        let metadata = options.into_metadata();
        let span = span(method.path, &profile, &metadata);
        let first = Some(first(request.into_message(profile, metadata)));
        let body = RequestBody::stream(Items { first, items: Box::pin(items) });
        let mut head = wire::request_head(method.path);
        head.headers_mut().extend(traceparent.map(|value| (wire::TRACEPARENT, value)));
        head.headers_mut().extend(limit.map(|limit| (wire::TIMEOUT, wire::encode_timeout(limit))));
        let deadline = limit.map(|limit| (Instant::now() + limit, limit));
        let begin = async {
            self.ensure_connected().await?;
            let response = self.connection.send(head, body).await?;
            response.reject_trailers_only().map_err(Error::refused)
        };
        let response = within(deadline, begin).instrument(span.clone()).await;
        if let Err(error) = &response {
            span.in_scope(|| log_failure(error));
        }
        Ok(Exchange { response: Some(response?), messages: Messages::default(), deadline, span })
    }
}

/// Waits for a result until the deadline, which comes with the timeout that it follows from.
async fn within<T>(
    deadline: Option<(Instant, Duration)>,
    result: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match deadline {
        None => result.await,
        Some((deadline, timeout)) => {
            timeout_at(deadline, result).await.unwrap_or_else(|_| Err(deadline_exceeded(timeout)))
        }
    }
}

/// The messages of a request.
struct Items<M, S> {
    first: Option<M>,
    items: Pin<Box<S>>,
}

impl<M: Message + Unpin, S: Stream<Item = M>> Stream for Items<M, S> {
    type Item = Result<Bytes, InputFailed>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let message = match this.first.take() {
            Some(first) => Some(first),
            None => ready!(this.items.as_mut().poll_next(context)),
        };
        Poll::Ready(message.map(|message| Ok(Bytes::from_owner(wire::encode(&message)))))
    }
}

/// An open stream of items. Dropping it ends the call.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// `None` after the end of the call.
    response: Option<Response>,
    messages: Messages,
    deadline: Option<(Instant, Duration)>,
    span: Span,
}

impl Exchange {
    /// Sends further items, and waits for the next message of the response; `None` at its end. An error ends the call.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let deadline = self.deadline;
        let result = within(deadline, self.read()).await;
        if let Err(error) = &result {
            self.response = None;
            self.span.in_scope(|| log_failure(error));
        }
        result
    }

    async fn read(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(response) = &mut self.response {
            if let Some(message) = self.messages.next()? {
                return Ok(Some(message));
            }
            match response.next().await? {
                Frame::Data(data) => self.messages.push(data),
                Frame::End(status) => {
                    self.response = None;
                    status.map_err(|status| self.refused(status))?;
                }
            }
        }
        Ok(None)
    }

    fn refused(&self, status: Status) -> Error {
        match self.deadline {
            Some((_, timeout)) if status.is_deadline_exceeded() => deadline_exceeded(timeout),
            _ => Error::refused(status),
        }
    }
}
