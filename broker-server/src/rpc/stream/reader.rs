//! A client's messages, within its time.

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

/// The client's half of a call.
pub(super) struct Reader<M> {
    messages: Messages<M>,
    /// How long the client may send nothing; `None` where its own deadline holds for the whole call.
    idle_timeout: Option<Duration>,
    deadline: Instant,
}

impl<M: Message> Reader<M> {
    /// Of messages of `limit` bytes at most each.
    pub(super) fn new(body: Body, limit: usize, limits: &Limits, context: &CallContext) -> Self {
        let messages = Messages::new(body, limit, limits.clone());
        Self { messages, idle_timeout: context.idle_timeout, deadline: context.deadline }
    }

    /// When the client must have sent more, and when work for it is of no use any more.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The client is not to blame for the time until now.
    pub(super) fn reset_idle_timer(&mut self) {
        if let Some(idle_timeout) = self.idle_timeout {
            self.deadline = Instant::now() + idle_timeout;
        }
    }

    /// The first message.
    pub(super) async fn header(&mut self) -> Result<M::Header, CallError> {
        match self.message().await? {
            Some(Some(Part::Header(header))) => {
                self.reset_idle_timer();
                Ok(header)
            }
            Some(Some(Part::Data(_))) => {
                Err(malformed("must come before the data, as the stream's first message"))
            }
            Some(None) | None => Err(FieldError { field: "header", kind: FieldErrorKind::Missing }.into()),
        }
    }

    /// The next part of the data; `None` at the end. Only data buys the client more time: a message without any may
    /// come as often as it likes.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, CallError> {
        Ok(match self.message().await? {
            Some(Some(Part::Header(_))) => return Err(malformed("stands in the stream twice")),
            Some(Some(Part::Data(data))) => {
                if !data.is_empty() {
                    self.reset_idle_timer();
                }
                Some(data)
            }
            Some(None) => Some(Bytes::new()),
            None => None,
        })
    }

    async fn message(&mut self) -> Result<Option<Option<Part<M::Header>>>, CallError> {
        match timeout_at(self.deadline.into(), self.messages.next()).await {
            Ok(message) => message,
            Err(_) => Err(CallError::DeadlineExceeded),
        }
    }
}

fn malformed(what: &str) -> CallError {
    FieldError { field: "header", kind: FieldErrorKind::Malformed(what.to_owned()) }.into()
}
