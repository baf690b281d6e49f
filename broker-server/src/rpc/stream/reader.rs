//! Reads a client's messages within its deadline or its idle timeout.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::timeout_at;
use tonic::body::Body;

use super::{
    message::{Message, Part},
    messages::Messages,
};
use crate::{
    request::{FieldError, FieldErrorKind, Limits},
    rpc::CallContext,
    status::CallError,
};

/// The number of bytes that a client must send in a second, on average, beyond the time of [`Reader::limit`].
const BYTES_PER_SECOND: u32 = 1 << 20;

/// Reads the request stream, within the client's deadline or the idle timeout.
pub(super) struct Reader<M> {
    messages: Messages<M>,
    /// How long the client may send nothing; `None` if its own deadline applies to the whole call.
    idle_timeout: Option<Duration>,
    deadline: Instant,
    /// When reading ends whatever the client sends.
    limit: Option<Instant>,
}

impl<M: Message> Reader<M> {
    /// Reads messages of `limit` bytes at most each.
    pub(super) fn new(body: Body, limit: usize, limits: &Limits, context: &CallContext) -> Self {
        let messages = Messages::new(body, limit, limits.clone());
        Self { messages, idle_timeout: context.idle_timeout, deadline: context.deadline, limit: None }
    }

    /// Returns the time by which the client must have sent more data, after which work for it is abandoned.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Ends reading after this time, and later by one second for each [`BYTES_PER_SECOND`] that arrive, however often the
    /// client sends something.
    pub(super) fn limit(&mut self, time: Duration) {
        self.limit = Instant::now().checked_add(time);
    }

    fn extend_limit(&mut self, bytes: usize) {
        let time = Duration::from_secs(bytes as u64) / BYTES_PER_SECOND;
        self.limit = self.limit.map(|limit| limit.checked_add(time).unwrap_or(limit));
    }

    /// Restarts the idle timeout, so that the broker's own processing time does not count.
    pub(super) fn reset_idle_timer(&mut self) {
        if let Some(idle_timeout) = self.idle_timeout {
            self.deadline = Instant::now() + idle_timeout;
        }
    }

    /// Reads the first message.
    pub(super) async fn header(&mut self) -> Result<M::Header, CallError> {
        match self.message().await? {
            Some(Part::Header(header)) => {
                self.reset_idle_timer();
                Ok(header)
            }
            Some(Part::Data(_)) => Err(malformed("must come before the data, as the stream's first message")),
            Some(Part::Empty) | None => {
                Err(FieldError { field: "header", kind: FieldErrorKind::Missing }.into())
            }
        }
    }

    /// Reads the next chunk of the data; `None` at the end. Only data restarts the idle timeout. An empty message
    /// does not, however often it arrives.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, CallError> {
        Ok(match self.message().await? {
            Some(Part::Header(_)) => return Err(malformed("must not be sent twice")),
            Some(Part::Data(data)) => {
                if !data.is_empty() {
                    self.extend_limit(data.len());
                    self.reset_idle_timer();
                }
                Some(data)
            }
            Some(Part::Empty) => Some(Bytes::new()),
            None => None,
        })
    }

    async fn message(&mut self) -> Result<Option<Part<M::Header>>, CallError> {
        let deadline = self.limit.map_or(self.deadline, |limit| limit.min(self.deadline));
        match timeout_at(deadline.into(), self.messages.next()).await {
            Ok(message) => message,
            Err(_) => Err(CallError::DeadlineExceeded),
        }
    }
}

fn malformed(what: &str) -> CallError {
    FieldError { field: "header", kind: FieldErrorKind::Malformed(what.to_owned()) }.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use broker_proto::v1::ProveStreamRequest;
    use http_body::Frame;
    use tonic::Status;

    use super::*;

    /// A client that sends nothing more.
    struct Silent;

    impl http_body::Body for Silent {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Pending
        }
    }

    /// A client that sends a little again and again would restart the idle timeout for ever.
    #[tokio::test]
    async fn reading_ends_at_its_limit_long_before_the_deadline() {
        let messages = Messages::new(Body::new(Silent), 2000, Limits::default());
        let idle_timeout = Some(Duration::from_secs(1_000_000));
        let deadline = Instant::now() + Duration::from_secs(1_000_000);
        let mut reader = Reader::<ProveStreamRequest> { messages, idle_timeout, deadline, limit: None };
        reader.limit(Duration::ZERO);
        reader.reset_idle_timer();
        assert_eq!(reader.data().await.unwrap_err().reason(), "DEADLINE_EXCEEDED");
        assert!(reader.deadline() >= deadline, "the limit is not that of the work that follows");
    }
}
