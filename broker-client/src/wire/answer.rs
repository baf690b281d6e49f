//! An answer, as it comes.

use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::{Response, StatusCode};

use super::{outgoing::Sending, places::Place, status::Status};
use crate::error::{Error, innermost};

/// What comes of an answer.
pub(crate) enum Frame {
    Data(Bytes),
    /// The last: OK, or how the call failed.
    End(Result<(), Status>),
}

/// An answer, whose request may still be on its way.
pub(crate) struct Answer {
    code: StatusCode,
    /// The end of an answer that has nothing else.
    status: Option<Result<(), Status>>,
    body: RecvStream,
    sending: Sending,
    /// The last, so that the call is over when it is given back.
    place: Place,
}

impl Answer {
    pub(super) fn new(response: Response<RecvStream>, sending: Sending, place: Place) -> Self {
        let (head, body) = response.into_parts();
        let status = Status::of(&head.headers);
        // OK is not the end while there is more.
        let status = status.filter(|status| status.is_err() || body.is_end_stream());
        Self { code: head.status, status, body, sending, place }
    }

    /// Returns the answer, unless it is nothing but a refusal.
    pub(crate) fn accepted(self) -> Result<Self, Status> {
        match self.status {
            Some(Err(status)) => Err(status),
            _ => Ok(self),
        }
    }

    /// Waits for what comes next. Not to be asked after the end.
    pub(crate) async fn next(&mut self) -> Result<Frame, Error> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Frame, Error>> {
        if let Some(status) = self.status.take() {
            self.sending.answered(&self.place);
            return Poll::Ready(Ok(Frame::End(status)));
        }
        if self.code != StatusCode::OK {
            let detail = format!("HTTP status {} and no status of gRPC", self.code);
            return Poll::Ready(Err(Error::protocol(detail)));
        }
        self.sending.poll(context);
        Poll::Ready(match ready!(self.body.poll_data(context)) {
            Some(Ok(data)) => {
                // It fails for more than has come, which this is not.
                let _ = self.body.flow_control().release_capacity(data.len());
                Ok(Frame::Data(data))
            }
            Some(Err(error)) => Err(cut(innermost(&error))),
            None => match ready!(self.body.poll_trailers(context)) {
                Ok(trailers) => {
                    self.sending.answered(&self.place);
                    let status = trailers.as_ref().and_then(Status::of);
                    status.map(Frame::End).ok_or_else(|| cut("the answer ended without a status".to_owned()))
                }
                Err(error) => Err(cut(innermost(&error))),
            },
        })
    }
}

/// Makes the error of an answer that broke off. A broker that has begun to answer may have executed the call.
fn cut(detail: String) -> Error {
    Error::connection(detail, true)
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("code", &self.code).finish_non_exhaustive()
    }
}
