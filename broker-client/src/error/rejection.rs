//! A refusal, as the server explained it.

use std::{fmt, time::Duration};

use broker_proto::rpc;
use prost::Message;

use super::{Code, Reason};
use crate::wire::Status;

/// A refusal, as the server explained it (`google.rpc.Status` with an `ErrorInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The gRPC status code.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
    /// The reason for programs. `None` where the server gave none, which a Crypto Broker always does.
    pub reason: Option<Reason>,
    /// The request field at fault.
    pub field: Option<String>,
    /// The profile that the request named.
    pub profile: Option<String>,
    /// The rule of the profile that refused.
    pub rule: Option<String>,
    /// The line of that rule in the profile document, counted from 1.
    pub line: Option<u32>,
    /// The lengths that the field at fault may have, in bytes; empty where its length is not the fault.
    pub expected_bytes: Vec<usize>,
    /// How long the server asks to be left alone before a retry.
    pub retry_after: Option<Duration>,
}

impl Rejection {
    /// Makes a refusal with nothing but a code and a message, for the tests of an application. Its other fields can be set.
    ///
    /// ```
    /// use broker_client::{Code, Error, Reason, Rejection};
    ///
    /// let mut rejection = Rejection::new(Code::ResourceExhausted, "the queue is full");
    /// rejection.reason = Some(Reason::QueueFull);
    /// let error = Error::from(rejection);
    /// assert!(error.is_retryable() && !error.possibly_executed);
    /// ```
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: None,
            field: None,
            profile: None,
            rule: None,
            line: None,
            expected_bytes: Vec::new(),
            retry_after: None,
        }
    }

    /// Reads what a status says. Details that cannot be read are left out: the code and the message stand without them.
    pub(crate) fn from_status(status: Status) -> Self {
        let details = status.details();
        let mut rejection = Self::new(status.code, status.message);
        if let Some(rpc::ErrorInfo { reason, mut metadata, .. }) = detail(&details, "google.rpc.ErrorInfo") {
            rejection.reason = Some(reason).filter(|reason| !reason.is_empty()).map(Reason::from);
            rejection.field = metadata.remove("field");
            rejection.profile = metadata.remove("profile");
            rejection.rule = metadata.remove("rule");
            rejection.line = metadata.get("line").and_then(|line| line.parse().ok());
            rejection.expected_bytes =
                metadata.get("expected_bytes").map(|text| lengths(text)).unwrap_or_default();
        }
        if let Some(rpc::RetryInfo { retry_delay: Some(delay) }) = detail(&details, "google.rpc.RetryInfo") {
            rejection.retry_after = delay.try_into().ok();
        }
        rejection
    }

    /// Returns whether a broker gives this refusal only before it executes anything. UNAVAILABLE alone does not tell: it is
    /// also the code of a call that a broker cuts at its end.
    pub(super) fn is_before_execution(&self) -> bool {
        self.code.is_before_execution()
            || (self.code == Code::Unavailable && self.reason == Some(Reason::ShuttingDown))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Returns the first detail of the type with this name that can be read.
fn detail<M: Message + Default>(details: &[prost_types::Any], name: &str) -> Option<M> {
    details
        .iter()
        .filter(|any| any.type_url.rsplit('/').next() == Some(name))
        .find_map(|any| M::decode(any.value.as_slice()).ok())
}

/// Reads `16,24,32`. Entries that are no numbers come from a later version, and are left out.
fn lengths(text: &str) -> Vec<usize> {
    text.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}
