//! Request and answer on their way through: where a request is complete, and how an answer ends.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::Status;

use super::{admission::interrupted, connection::Call};
use crate::status::{self, CallError};

/// A request's body, which tells its call when it has arrived whole.
#[derive(Debug)]
pub(super) struct Question {
    body: Incoming,
    call: Arc<Call>,
}

impl Question {
    pub(super) fn new(body: Incoming, call: Arc<Call>) -> Self {
        if body.is_end_stream() {
            call.complete();
        }
        Self { body, call }
    }
}

impl Body for Question {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if frame.is_none() || this.body.is_end_stream() {
            this.call.complete();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body. Its call is in flight until it is dropped.
pub(super) struct Answer {
    body: tonic::body::Body,
    call: Arc<Call>,
    deadline: Option<Instant>,
    /// Made only where the answer is not ready at once.
    interrupted: Option<Pin<Box<dyn Future<Output = CallError> + Send>>>,
    ended: bool,
}

impl Answer {
    pub(super) fn new(body: tonic::body::Body, call: Arc<Call>, deadline: Option<Instant>) -> Self {
        Self { body, call, deadline, interrupted: None, ended: false }
    }

    fn poll_interrupted(&mut self, cx: &mut Context<'_>) -> Poll<CallError> {
        let (call, deadline) = (&self.call, self.deadline);
        let interrupted = self.interrupted.get_or_insert_with(|| {
            let call = Arc::clone(call);
            Box::pin(async move { interrupted(&call, deadline).await })
        });
        interrupted.as_mut().poll(cx)
    }

    fn end(&mut self, error: CallError) -> Frame<Bytes> {
        self.ended = true;
        let mut trailers = HeaderMap::new();
        // A status is made of header values; there is nothing better to send if it were not.
        let _ = Status::from(error).add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.body).poll_frame(cx)));
        match polled {
            Err(_) => Poll::Ready(Some(Ok(this.end(CallError::Internal)))),
            Ok(Poll::Ready(Some(Ok(mut frame)))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    status::rewrite(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(end)) => Poll::Ready(end),
            Ok(Poll::Pending) => {
                let error = ready!(this.poll_interrupted(cx));
                Poll::Ready(Some(Ok(this.end(error))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("call", &self.call).field("ended", &self.ended).finish_non_exhaustive()
    }
}
