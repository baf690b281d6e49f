//! What all requests have in common.

use std::time::Duration;

use broker_proto::v1;
use http::HeaderValue;

use super::id;
use crate::error::Error;

/// What a call is made of.
pub(crate) trait Ask {
    /// What is sent.
    type Message;

    fn options(&mut self) -> &mut Options;

    /// One for all attempts, without a copy of what is in the request. It wipes the secrets in it.
    fn message(self, profile: String, metadata: v1::Metadata) -> Self::Message;
}

/// What every request can carry beside its own fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) profile: Option<String>,
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
        /// The profile that decides. Default: the client's ([`Builder::profile`](crate::Builder::profile)).
        pub fn profile(mut self, profile: impl Into<String>) -> Self {
            self.options.profile = Some(profile.into());
            self
        }

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
    /// Takes the profile of this request, or else that of its client.
    pub(crate) fn profile(&mut self, default: Option<&str>) -> Result<String, Error> {
        let profile = self.profile.take().or_else(|| default.map(str::to_owned));
        profile.ok_or_else(|| {
            Error::invalid("profile", "neither the request names one nor its client (Builder::profile)")
        })
    }

    /// The `traceparent` header, if one was given.
    pub(crate) fn header(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(text) = &self.traceparent else { return Ok(None) };
        let value = text
            .parse()
            .map_err(|_| Error::invalid("traceparent", format!("{text:?} is not printable ASCII")))?;
        Ok(Some(value))
    }

    /// What is sent with a call whose headers say the rest.
    pub(crate) fn metadata(self) -> v1::Metadata {
        let trace_context = self
            .correlation_id
            .map(|correlation_id| v1::TraceContext { correlation_id, ..v1::TraceContext::default() });
        v1::Metadata { id: self.id.unwrap_or_else(id::random), deprecation: None, trace_context }
    }

    /// What is sent with a call that has no headers of its own.
    pub(crate) fn traced_metadata(mut self) -> Result<v1::Metadata, Error> {
        let traceparent = self.traceparent.take();
        let mut metadata = self.metadata();
        if let Some(traceparent) = traceparent {
            let trace = metadata.trace_context.get_or_insert_default();
            (trace.trace_id, trace.span_id, trace.trace_flags) = trace_parts(&traceparent)?;
        }
        Ok(metadata)
    }
}

/// Trace, span and flags of a `traceparent` (W3C Trace Context 3.2).
fn trace_parts(traceparent: &str) -> Result<(String, String, String), Error> {
    let mut parts = traceparent.split('-').skip(1).map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(trace), Some(span), Some(flags)) => Ok((trace, span, flags)),
        _ => {
            let detail = format!("{traceparent:?} is not of the form version-trace-span-flags");
            Err(Error::invalid("traceparent", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use super::*;
    use crate::error::ErrorKind;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn traced(traceparent: &str) -> Options {
        Options { traceparent: Some(traceparent.into()), ..Options::default() }
    }

    #[test]
    fn a_request_s_profile_wins_over_its_client_s_and_one_of_them_must_be_there() {
        let own = || Options { profile: Some("own".into()), ..Options::default() };
        assert_eq!("own", own().profile(Some("client")).unwrap());
        assert_eq!("own", own().profile(None).unwrap());
        assert_eq!("client", Options::default().profile(Some("client")).unwrap());
        let error = Options::default().profile(None).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Invalid { what: "profile", .. }), "{error}");
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_an_error() {
        let error = traced("a\nb").header().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }), "{error}");
    }

    #[test]
    fn a_trace_is_a_header_or_three_fields() {
        assert_eq!(PARENT, traced(PARENT).header().unwrap().unwrap());
        assert_eq!(None, traced(PARENT).metadata().trace_context);
        let options =
            Options { id: Some("call".into()), correlation_id: Some("order".into()), ..traced(PARENT) };
        let metadata = options.traced_metadata().unwrap();
        let trace = metadata.trace_context.unwrap();
        assert_eq!(("call", "order"), (&*metadata.id, &*trace.correlation_id));
        assert_eq!("0af7651916cd43dd8448eb211c80319c", trace.trace_id);
        assert_eq!(("b7ad6b7169203331", "01"), (&*trace.span_id, &*trace.trace_flags));
    }

    #[test]
    fn what_is_no_traceparent_cannot_be_its_fields() {
        for text in ["", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"] {
            let error = traced(text).traced_metadata().unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }), "{text}");
        }
    }
}
