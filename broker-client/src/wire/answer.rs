//! An answer, as it comes.

use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::{StatusCode, response::Parts};
use tonic::{Code, Status};

use super::{broken, upload::Upload};
use crate::error::Error;

/// What comes of an answer.
pub(crate) enum Frame {
    Data(Bytes),
    /// The last.
    End(Status),
}

/// An answer, whose request may still be on its way.
pub(crate) struct Answer {
    code: StatusCode,
    /// Of an answer that has nothing else.
    status: Option<Status>,
    body: RecvStream,
    upload: Option<Upload>,
}

impl Answer {
    pub(super) fn new(head: &Parts, body: RecvStream, upload: Option<Upload>) -> Self {
        Self { code: head.status, status: Status::from_header_map(&head.headers), body, upload }
    }

    /// The answer, unless it is nothing but a refusal.
    pub(crate) fn begun(self) -> Result<Self, Status> {
        match self.status {
            Some(status) if status.code() != Code::Ok => Err(status),
            _ => Ok(self),
        }
    }

    /// Waits for what comes next. Not to be asked after the end.
    pub(crate) async fn next(&mut self) -> Result<Frame, Error> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Error>> {
        if let Some(status) = self.status.take() {
            return Poll::Ready(Ok(Frame::End(status)));
        }
        if let Some(upload) = &mut self.upload {
            upload.poll(context);
        }
        Poll::Ready(match ready!(self.body.poll_data(context)) {
            Some(Ok(data)) => {
                // It fails for more than has come, which this is not.
                let _ = self.body.flow_control().release_capacity(data.len());
                Ok(Frame::Data(data))
            }
            Some(Err(error)) => Err(broken(&error, true)),
            None => match ready!(self.body.poll_trailers(context)) {
                Ok(trailers) => {
                    let status = trailers.as_ref().and_then(Status::from_header_map);
                    status.map(Frame::End).ok_or_else(|| unfinished(self.code))
                }
                Err(error) => Err(broken(&error, true)),
            },
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("code", &self.code).finish_non_exhaustive()
    }
}

/// An answer that ends without saying how is of somebody who does not speak gRPC, or was cut.
fn unfinished(code: StatusCode) -> Error {
    match code {
        StatusCode::OK => {
            Error::Connection { detail: "the answer ended without a status".into(), begun: true }
        }
        _ => Error::protocol(format!("HTTP status {code} and no status of gRPC")),
    }
}
