//! A response, from its head to its status.

use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::StatusCode;

use super::{limiter::SharedPermit, request_body::BodySender};
use crate::{
    error::{Error, innermost},
    status::Status,
};

/// A piece of a response.
pub(crate) enum Frame {
    Data(Bytes),
    /// The status at the end of the response.
    End(Result<(), Status>),
}

/// A response, whose request body may still be in flight.
pub(crate) struct Response {
    code: StatusCode,
    /// The status of a response without a body.
    status: Option<Result<(), Status>>,
    body: RecvStream,
    sender: BodySender,
    /// Declared last, so that the permit is released after everything else.
    permit: SharedPermit,
}

impl Response {
    pub(super) fn new(
        response: http::Response<RecvStream>,
        sender: BodySender,
        permit: SharedPermit,
    ) -> Self {
        let (head, body) = response.into_parts();
        let status = Status::from_headers(&head.headers);
        // OK in the head ends the response only where no body follows.
        let status = status.filter(|status| status.is_err() || body.is_end_stream());
        Self { code: head.status, status, body, sender, permit }
    }

    /// Fails with the status of a response that has no body and a status other than OK ("Trailers-Only").
    pub(crate) fn reject_trailers_only(self) -> Result<Self, Status> {
        match self.status {
            Some(Err(status)) => Err(status),
            _ => Ok(self),
        }
    }

    /// Waits for the next frame. It must not be called after [`Frame::End`].
    pub(crate) async fn next(&mut self) -> Result<Frame, Error> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Error>> {
        if let Some(status) = self.status.take() {
            self.sender.response_ended(&self.permit);
            return Poll::Ready(Ok(Frame::End(status)));
        }
        if self.code != StatusCode::OK {
            let detail = format!("HTTP status {} without a gRPC status", self.code);
            return Poll::Ready(Err(Error::protocol(detail)));
        }
        self.sender.poll(context);
        Poll::Ready(match ready!(self.body.poll_data(context)) {
            Some(Ok(data)) => {
                // Releasing fails only for more than was received.
                let _ = self.body.flow_control().release_capacity(data.len());
                Ok(Frame::Data(data))
            }
            Some(Err(error)) => Err(interrupted(innermost(&error))),
            None => match ready!(self.body.poll_trailers(context)) {
                Ok(trailers) => {
                    self.sender.response_ended(&self.permit);
                    let status = trailers.as_ref().and_then(Status::from_headers);
                    let missing = || interrupted("the response ended without a status".to_owned());
                    status.map(Frame::End).ok_or_else(missing)
                }
                Err(error) => Err(interrupted(innermost(&error))),
            },
        })
    }
}

/// Creates the error of a response that was interrupted. A broker that began to respond may have executed the call.
fn interrupted(detail: String) -> Error {
    Error::connection(detail, true)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("code", &self.code).finish_non_exhaustive()
    }
}
