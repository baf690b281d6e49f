//! What all requests have in common.

use std::time::Duration;

use broker_proto::v1;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
};
use uuid::Uuid;

use crate::error::Error;

/// What a call is made of.
pub(crate) trait Ask {
    /// What is sent.
    type Message;

    fn options(&self) -> &Options;

    /// One per attempt: a message wipes the secrets in it when the transport is done with it.
    fn message(&self, id: &str) -> Self::Message;
}

/// What every request can carry beside its own fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) timeout: Option<Duration>,
}

/// The setters of [`Options`], the same for every request but for the time that it has.
macro_rules! options {
    () => {
        options!("How long this call may take, retries included. Default: the client's.");
    };
    ($timeout:literal) => {
        /// The caller's name for this call, printable ASCII of at most 128 bytes; it comes back in the answer and
        /// stands in the broker's log. Default: a random UUID (version 4).
        pub fn id(mut self, id: impl Into<String>) -> Self {
            self.options.id = Some(id.into());
            self
        }

        /// The id of the larger piece of work that this call belongs to; it stands in the broker's log.
        pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
            self.options.correlation_id = Some(id.into());
            self
        }

        /// The trace that this call belongs to, as a W3C `traceparent` header.
        pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
            self.options.traceparent = Some(traceparent.into());
            self
        }

        #[doc = $timeout]
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.timeout = Some(timeout);
            self
        }
    };
}

impl Options {
    /// None is set.
    pub(crate) const NONE: &Self = &Self { id: None, correlation_id: None, traceparent: None, timeout: None };

    /// The id of this call: the same for all its attempts.
    pub(crate) fn call_id(&self) -> String {
        self.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string())
    }

    /// The `traceparent` header, if one was given.
    pub(crate) fn header(&self) -> Result<Option<MetadataValue<Ascii>>, Error> {
        let Some(text) = &self.traceparent else { return Ok(None) };
        let value = text.parse().map_err(|_| Error::Invalid {
            what: "traceparent",
            detail: format!("{text:?} is not printable ASCII"),
        })?;
        Ok(Some(value))
    }

    pub(crate) fn metadata(&self, id: &str) -> v1::Metadata {
        let trace_context = self
            .correlation_id
            .clone()
            .map(|correlation_id| v1::TraceContext { correlation_id, ..v1::TraceContext::default() });
        v1::Metadata { id: id.to_owned(), deprecation: None, trace_context }
    }
}

/// A message with its headers. The server is told how much time is left, so that it need not begin what nobody waits
/// for.
pub(crate) fn headed<T>(
    message: T,
    left: Option<Duration>,
    traceparent: Option<MetadataValue<Ascii>>,
) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(left) = left {
        request.set_timeout(left);
    }
    if let Some(value) = traceparent {
        request.metadata_mut().insert("traceparent", value);
    }
    request
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_header_that_cannot_be_sent_is_an_error() {
        let options = Options { traceparent: Some("a\nb".into()), ..Options::default() };
        assert!(matches!(options.header(), Err(Error::Invalid { what: "traceparent", .. })));
    }
}
