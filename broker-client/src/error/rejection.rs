//! A refusal and its details.

use std::{fmt, time::Duration};

use broker_proto::rpc;
use prost::Message;

use super::Reason;
use crate::status::{Code, Status};

/// A refusal and its details (`google.rpc.Status` with an `ErrorInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// The gRPC status code.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// The reason for programs. A Crypto Broker always gives one; `None` comes from other servers.
    pub reason: Option<Reason>,
    /// The request field at fault.
    pub field: Option<String>,
    /// The profile that the request named.
    pub profile: Option<String>,
    /// The rule of the profile that forbids the request.
    pub rule: Option<String>,
    /// The line of that rule in the profile document, counted from 1.
    pub line: Option<u32>,
    /// The lengths that the field at fault may have, in bytes. Empty where its length is not at fault.
    pub expected_bytes: Vec<usize>,
    /// The time that the client should wait before a retry.
    pub retry_after: Option<Duration>,
}

impl Rejection {
    /// Creates a refusal with only a code and a message, for the tests of an application. The other fields can be set.
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

    /// Converts a status. Details that cannot be decoded are dropped: the code and the message are valid without them.
    pub(crate) fn from_status(status: Status) -> Self {
        let details = status.details();
        let mut rejection = Self::new(status.code, status.message);
        if let Some(rpc::ErrorInfo { reason, mut metadata, .. }) =
            find_detail(&details, "google.rpc.ErrorInfo")
        {
            rejection.reason = Some(reason).filter(|reason| !reason.is_empty()).map(Reason::from);
            rejection.field = metadata.remove("field");
            rejection.profile = metadata.remove("profile");
            rejection.rule = metadata.remove("rule");
            rejection.line = metadata.get("line").and_then(|line| line.parse().ok());
            rejection.expected_bytes =
                metadata.get("expected_bytes").map(|text| parse_lengths(text)).unwrap_or_default();
        }
        if let Some(rpc::RetryInfo { retry_delay: Some(delay) }) =
            find_detail(&details, "google.rpc.RetryInfo")
        {
            rejection.retry_after = delay.try_into().ok();
        }
        rejection
    }

    /// Reports whether a broker refuses like this only before it executes anything. The code UNAVAILABLE alone does not
    /// tell, since a call that the broker aborts while it shuts down has it, too.
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

/// Returns the first detail of the type with this name that can be decoded.
fn find_detail<M: Message + Default>(details: &[prost_types::Any], name: &str) -> Option<M> {
    details
        .iter()
        .filter(|any| any.type_url.rsplit('/').next() == Some(name))
        .find_map(|any| M::decode(any.value.as_slice()).ok())
}

/// Parses `16,24,32`. Entries that are not numbers come from a later version, and are dropped.
fn parse_lengths(text: &str) -> Vec<usize> {
    text.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}
