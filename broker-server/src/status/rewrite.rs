//! Statuses that tonic creates by itself. They get the broker's codes, reasons and details.

use std::collections::HashMap;

use http::{HeaderMap, HeaderValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{CallError, DOMAIN};

/// The code that marks, inside the broker, a request whose stream ended before it was complete.
const INCOMPLETE_REQUEST: Code = Code::DataLoss;

/// Returns the error that tells tonic that the client has broken off its request. tonic takes CANCELLED for the end of
/// the request, and would handle a part of a stream as the whole.
pub fn incomplete_request() -> Status {
    Status::new(INCOMPLETE_REQUEST, "the request is incomplete")
}

/// Rewrites, in headers or trailers, a status that tonic created by itself. The broker's own statuses are recognized
/// by their details and left unchanged.
pub fn replace_tonic_status(headers: &mut HeaderMap) {
    const DETAILS: &str = "grpc-status-details-bin";
    let is_tonic_error = headers.get("grpc-status").is_some_and(|code| code != HeaderValue::from_static("0"))
        && !headers.contains_key(DETAILS);
    if !is_tonic_error {
        return;
    }
    let Some(status) = Status::from_header_map(headers) else { return };
    let (code, reason, message) = translate(&status);
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    let status = Status::with_error_details(code, message, details);
    headers.remove("grpc-message");
    // This cannot fail: the code is a number, and the other values are base64 or percent-encoded.
    let _ = status.add_header(headers);
}

impl CallError {
    /// Returns the error for a status that tonic created, with the code and reason that [`replace_tonic_status`] gives it.
    pub fn from_tonic(status: &Status) -> Self {
        if status.code() == INCOMPLETE_REQUEST {
            return Self::Cancelled;
        }
        let (code, reason, message) = translate(status);
        Self::Tonic { code, reason, message }
    }
}

/// Returns the broker's code, reason and message for a status that tonic created.
fn translate(status: &Status) -> (Code, &'static str, String) {
    let text = status.message();
    match status.code() {
        Code::OutOfRange if text.starts_with("Error, encoded") => (
            Code::InvalidArgument,
            "RESPONSE_TOO_LARGE",
            text.replace("Error, encoded message length too large", "the response would be too large"),
        ),
        Code::OutOfRange => (
            Code::InvalidArgument,
            "MESSAGE_TOO_LARGE",
            text.replace("Error, decoded message length too large", "the request is too large"),
        ),
        Code::Internal if text.starts_with("Error encoding") => {
            (Code::Internal, "INTERNAL", "internal error".to_owned())
        }
        Code::Internal => {
            (Code::InvalidArgument, "MALFORMED_MESSAGE", format!("the request is malformed: {text}"))
        }
        Code::Cancelled if text == "Timeout expired" => {
            (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline has passed".to_owned())
        }
        Code::Cancelled => (Code::Cancelled, "CANCELLED", text.to_owned()),
        Code::Unimplemented if text.is_empty() => {
            (Code::Unimplemented, "UNIMPLEMENTED", "the broker has no such method".to_owned())
        }
        Code::Unimplemented => (Code::Unimplemented, "UNIMPLEMENTED", text.to_owned()),
        Code::NotFound => (Code::NotFound, "NOT_FOUND", text.to_owned()),
        Code::InvalidArgument => (Code::InvalidArgument, "INVALID_ARGUMENT", text.to_owned()),
        Code::DeadlineExceeded => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", text.to_owned()),
        Code::Unavailable => (Code::Unavailable, "UNAVAILABLE", text.to_owned()),
        code => (code, "OTHER", text.to_owned()),
    }
}
