//! An answer, as it comes.

use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http::{Response, StatusCode};
use tonic::{Code, Status};

use super::{outgoing::Sending, places::Place};
use crate::error::{Error, innermost};

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
    sending: Sending,
    /// The last, so that the call is over when it is given back.
    place: Place,
}

impl Answer {
    pub(super) fn new(response: Response<RecvStream>, sending: Sending, place: Place) -> Self {
        let (head, body) = response.into_parts();
        let status = Status::from_header_map(&head.headers);
        // OK is not the end while there is more.
        let status = status.filter(|status| status.code() != Code::Ok || body.is_end_stream());
        Self { code: head.status, status, body, sending, place }
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
                    let status = trailers.as_ref().and_then(Status::from_header_map);
                    status.map(Frame::End).ok_or_else(|| cut("the answer ended without a status".to_owned()))
                }
                Err(error) => Err(cut(innermost(&error))),
            },
        })
    }
}

/// Who has begun to answer has begun the work, whatever comes after.
fn cut(detail: String) -> Error {
    Error::Connection { detail, begun: true }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("code", &self.code).finish_non_exhaustive()
    }
}
