//! The metadata of a request.

use broker_proto::v1;

use super::{FieldError, FieldErrorKind, Limits, error::at_most};

/// Checked metadata: safe to log and to echo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(Option<v1::Metadata>);

impl Metadata {
    /// Checks the lengths and characters of the fields that are logged. Drops a `deprecation` that the caller sent, because
    /// only the broker fills this field.
    pub fn parse(message: Option<v1::Metadata>, limits: &Limits) -> Result<Self, FieldError> {
        let Some(mut message) = message else {
            return Ok(Self(None));
        };
        message.deprecation = None;
        printable("metadata.id", &message.id, limits.metadata_id)?;
        if let Some(trace) = &message.trace_context {
            printable("metadata.trace_context.trace_id", &trace.trace_id, 32)?;
            printable("metadata.trace_context.span_id", &trace.span_id, 16)?;
            printable("metadata.trace_context.trace_flags", &trace.trace_flags, 2)?;
            printable("metadata.trace_context.trace_state", &trace.trace_state, 512)?;
            printable("metadata.trace_context.correlation_id", &trace.correlation_id, 128)?;
        }
        Ok(Self(Some(message)))
    }

    /// Returns the caller's identifier of the call; empty if the caller sent none.
    pub fn id(&self) -> &str {
        self.0.as_ref().map_or("", |message| message.id.as_str())
    }

    /// Returns the correlation id; empty if the caller sent none.
    pub fn correlation_id(&self) -> &str {
        self.0
            .as_ref()
            .and_then(|message| message.trace_context.as_ref())
            .map_or("", |trace| trace.correlation_id.as_str())
    }

    /// Returns the metadata of the response, with the profile's `deprecation` if it has one.
    pub fn into_echo(self, deprecation: Option<v1::DeprecationWarning>) -> Option<v1::Metadata> {
        match (self.0, deprecation) {
            (message, None) => message,
            (message, warning) => Some(v1::Metadata { deprecation: warning, ..message.unwrap_or_default() }),
        }
    }
}

fn printable(field: &'static str, text: &str, limit: usize) -> Result<(), FieldError> {
    at_most(field, text.len(), limit)?;
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Ok(());
    }
    Err(FieldError { field, kind: FieldErrorKind::NotPrintable })
}
