//! The options that every request has, and what they become in the message and the headers of a call.

use std::time::Duration;

use broker_proto::v1;
use http::HeaderValue;

use super::id;
use crate::error::Error;

/// The options that every request has beside its own fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) profile: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) timeout: Option<Duration>,
}

/// Defines the setters of [`Options`]. Only the description of the timeout differs between requests.
macro_rules! common_options {
    () => {
        common_options!("Sets how long this call may take, retries included. Default: the client's timeout.");
    };
    ($timeout:literal) => {
        /// Sets the profile to use. Default: the client's ([`Builder::profile`](crate::Builder::profile)).
        pub fn profile(mut self, profile: impl Into<String>) -> Self {
            self.options.profile = Some(profile.into());
            self
        }

        /// Sets the id of this call, printable ASCII of at most 128 bytes. The response and the broker's log
        /// carry it. Default: a random UUID (version 4).
        pub fn id(mut self, id: impl Into<String>) -> Self {
            self.options.id = Some(id.into());
            self
        }

        /// Sets the id of the larger unit of work that this call belongs to. The broker's log carries it.
        pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
            self.options.correlation_id = Some(id.into());
            self
        }

        /// Sets the trace that this call belongs to, as a W3C `traceparent` header.
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
pub(crate) use common_options;

impl Options {
    /// Takes the profile of this request, or else the default of its client.
    pub(crate) fn take_profile(&mut self, default: Option<&str>) -> Result<String, Error> {
        let profile = self.profile.take().or_else(|| default.map(str::to_owned));
        profile.ok_or_else(|| {
            Error::invalid("profile", "neither the request nor the client names one; set Builder::profile")
        })
    }

    /// Returns the value of the `traceparent` header, if the request has one.
    pub(crate) fn traceparent_header(&self) -> Result<Option<HeaderValue>, Error> {
        let Some(text) = &self.traceparent else { return Ok(None) };
        let value = text
            .parse()
            .map_err(|_| Error::invalid("traceparent", format!("{text:?} is not printable ASCII")))?;
        Ok(Some(value))
    }

    /// Returns the metadata of a call that carries its trace and its deadline in headers.
    pub(crate) fn into_metadata(self) -> v1::Metadata {
        let trace_context = self
            .correlation_id
            .map(|correlation_id| v1::TraceContext { correlation_id, ..v1::TraceContext::default() });
        v1::Metadata { id: self.id.unwrap_or_else(id::random), deprecation: None, trace_context }
    }

    /// Returns the metadata of a pipeline item, which has no headers and so carries its trace in the message.
    pub(crate) fn into_traced_metadata(mut self) -> Result<v1::Metadata, Error> {
        let traceparent = self.traceparent.take();
        let mut metadata = self.into_metadata();
        if let Some(traceparent) = traceparent {
            let trace = metadata.trace_context.get_or_insert_default();
            (trace.trace_id, trace.span_id, trace.trace_flags) = split_traceparent(&traceparent)?;
        }
        Ok(metadata)
    }
}

/// Splits a `traceparent` into trace id, span id and flags (W3C Trace Context 3.2).
fn split_traceparent(traceparent: &str) -> Result<(String, String, String), Error> {
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
    fn request_profile_overrides_client_profile_and_one_is_required() {
        let own = || Options { profile: Some("own".into()), ..Options::default() };
        assert_eq!("own", own().take_profile(Some("client")).unwrap());
        assert_eq!("own", own().take_profile(None).unwrap());
        assert_eq!("client", Options::default().take_profile(Some("client")).unwrap());
        let error = Options::default().take_profile(None).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Invalid { what: "profile", .. }), "{error}");
    }

    #[test]
    fn rejects_traceparent_that_is_no_header_value() {
        let error = traced("a\nb").traceparent_header().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }), "{error}");
    }

    #[test]
    fn traceparent_becomes_a_header_or_three_fields() {
        assert_eq!(PARENT, traced(PARENT).traceparent_header().unwrap().unwrap());
        assert_eq!(None, traced(PARENT).into_metadata().trace_context);
        let options =
            Options { id: Some("call".into()), correlation_id: Some("order".into()), ..traced(PARENT) };
        let metadata = options.into_traced_metadata().unwrap();
        let trace = metadata.trace_context.unwrap();
        assert_eq!(("call", "order"), (&*metadata.id, &*trace.correlation_id));
        assert_eq!("0af7651916cd43dd8448eb211c80319c", trace.trace_id);
        assert_eq!(("b7ad6b7169203331", "01"), (&*trace.span_id, &*trace.trace_flags));
    }

    #[test]
    fn rejects_incomplete_traceparent_in_metadata() {
        for text in ["", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"] {
            let error = traced(text).into_traced_metadata().unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Invalid { what: "traceparent", .. }), "{text}");
        }
    }
}
