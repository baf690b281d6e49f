//! The one place where an error becomes a gRPC code.
//!
//! Released clients retry RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE and count them towards a circuit breaker, so an
//! error that would happen again never has one of those codes.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, HeaderValue};
use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    compute::ComputeError,
    operation::{aead::AeadError, certificate::CertificateError, kem::KemError, signature::SignatureError},
    policy::{Denial, DenialKind},
    request::{FieldError, FieldErrorKind},
};

/// The domain of every google.rpc.ErrorInfo.
pub const DOMAIN: &str = "cryptobroker.v1";

/// How long a caller is asked to wait when the queue is full.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// A field cannot be used.
    #[error(transparent)]
    Request(#[from] FieldError),
    /// Policy says no.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No certificate was issued.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nothing was encrypted or decrypted.
    #[error(transparent)]
    Aead(#[from] AeadError),
    /// Nothing was signed, verified or made.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// There is no shared secret or no key pair.
    #[error(transparent)]
    Kem(#[from] KemError),
    /// The compute pool did not do the job.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// The audit record could not be written, so nothing may be handed out.
    #[error("the audit record could not be written; the operator's log says why")]
    AuditUnavailable,
    /// The `grpc-timeout` header is not of the protocol's form.
    #[error("the grpc-timeout header is malformed")]
    MalformedTimeout,
    /// The call's metadata is larger than a call may have.
    #[error(
        "the call's metadata has {length} bytes, and {most} are allowed (names, values, and 32 for each)"
    )]
    MetadataTooLarge {
        /// Bytes of the list of header fields (RFC 9113 6.5.2).
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// The request is no call of gRPC.
    #[error("the request is not gRPC: that is a POST with the content-type application/grpc")]
    NotGrpc,
    /// The request names an encoding.
    #[error("compressed messages are not taken; send them with the grpc-encoding identity")]
    Compressed,
    /// The caller's deadline, or the broker's own for a call without one, has passed.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// The broker is ending and has not begun this call.
    #[error("the broker is shutting down")]
    ShuttingDown,
    /// The broker is ending and could not wait for this call, which it has begun.
    #[error("the broker has shut down before this call was done")]
    DrainDeadlineExceeded,
    /// The caller has gone, or the call was cut, before its stream ended.
    #[error("the call was cancelled")]
    Cancelled,
    /// What the gRPC library says of a message, or would say.
    #[error("{message}")]
    Library {
        /// The code, by our table.
        code: Code,
        /// The reason of google.rpc.ErrorInfo.
        reason: &'static str,
        /// For the caller.
        message: String,
    },
    /// A method for development, asked of a broker that was not started for it.
    #[error("this method is for development: start the broker with --dev")]
    DevelopmentOnly,
    /// FakeEndpoint fails four times of five.
    #[error("FakeEndpoint fails four times of five; try again")]
    Fake,
    /// A bug. No detail leaves the broker.
    #[error("internal error")]
    Internal,
}

impl CallError {
    /// The reason of google.rpc.ErrorInfo, such as `UNKNOWN_PROFILE`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Request(error) => error.kind.reason(),
            Self::Denied(denial) => denial.kind.reason(),
            Self::Certificate(error) => error.reason(),
            Self::Aead(error) => error.reason(),
            Self::Signature(error) => error.reason(),
            Self::Kem(error) => error.reason(),
            Self::Compute(ComputeError::QueueFull) => "QUEUE_FULL",
            Self::Compute(ComputeError::DeadlineExceeded) | Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Compute(ComputeError::ShuttingDown) | Self::ShuttingDown => "SHUTTING_DOWN",
            Self::Compute(_) | Self::Internal => "INTERNAL",
            Self::DrainDeadlineExceeded => "DRAIN_DEADLINE",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::MalformedTimeout => "MALFORMED_TIMEOUT",
            Self::MetadataTooLarge { .. } => "METADATA_TOO_LARGE",
            Self::NotGrpc => "NOT_GRPC",
            Self::Compressed => "UNSUPPORTED_ENCODING",
            Self::DevelopmentOnly => "DEVELOPMENT_ONLY",
            Self::Fake => "FAKE_FAILURE",
            Self::Cancelled => "CANCELLED",
            Self::Library { reason, .. } => reason,
        }
    }

    /// A status that the gRPC library made by itself, as [`rewrite`] would have it.
    pub fn library(status: &Status) -> Self {
        if status.code() == BROKEN_OFF {
            return Self::Cancelled;
        }
        let (code, reason, message) = ours(status);
        Self::Library { code, reason, message }
    }

    /// Reports whether the broker itself is at fault: the code is INTERNAL.
    pub const fn is_internal(&self) -> bool {
        matches!(self.code(), Code::Internal)
    }

    const fn code(&self) -> Code {
        match self {
            Self::Request(_) | Self::MalformedTimeout | Self::MetadataTooLarge { .. } | Self::NotGrpc => {
                Code::InvalidArgument
            }
            Self::Denied(denial) => match denial.kind {
                DenialKind::UnknownProfile => Code::NotFound,
                DenialKind::CallerNotAllowed => Code::PermissionDenied,
                DenialKind::NotJudged => Code::Internal,
                _ => Code::FailedPrecondition,
            },
            Self::Certificate(CertificateError::Internal)
            | Self::Signature(SignatureError::Internal)
            | Self::Aead(AeadError::Internal)
            | Self::Kem(KemError::Internal) => Code::Internal,
            Self::Signature(SignatureError::NotStreamable) | Self::Aead(AeadError::KeyExhausted) => {
                Code::FailedPrecondition
            }
            Self::Certificate(_) | Self::Signature(_) | Self::Aead(_) | Self::Kem(_) => Code::InvalidArgument,
            Self::Compute(ComputeError::QueueFull) => Code::ResourceExhausted,
            Self::Compute(ComputeError::DeadlineExceeded) | Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Compute(ComputeError::ShuttingDown)
            | Self::ShuttingDown
            | Self::DrainDeadlineExceeded
            | Self::Fake => Code::Unavailable,
            Self::DevelopmentOnly | Self::Compressed => Code::Unimplemented,
            Self::Compute(_) | Self::AuditUnavailable | Self::Internal => Code::Internal,
            Self::Cancelled => Code::Cancelled,
            Self::Library { code, .. } => *code,
        }
    }

    /// The field, or the profile and the rule, at fault.
    fn metadata(&self) -> HashMap<String, String> {
        let mut metadata = HashMap::new();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                metadata.insert(key.to_owned(), value.to_owned());
            }
        };
        match self {
            Self::Request(error)
            | Self::Aead(AeadError::Field(error))
            | Self::Kem(KemError::Field(error)) => {
                put("field", error.field);
                if let FieldErrorKind::WrongLength { expected, .. } = &error.kind {
                    let lengths: Vec<String> = expected.iter().map(ToString::to_string).collect();
                    put("expected_bytes", &lengths.join(","));
                }
            }
            Self::Certificate(error) => put("field", error.field().unwrap_or_default()),
            Self::Aead(error) => put("field", error.field().unwrap_or_default()),
            Self::Signature(error) => put("field", error.field().unwrap_or_default()),
            Self::Kem(error) => put("field", error.field().unwrap_or_default()),
            Self::Denied(denial) => {
                put("profile", &denial.profile);
                put("rule", &denial.rule);
                put("line", &denial.line.map(|line| line.to_string()).unwrap_or_default());
            }
            _ => {}
        }
        metadata
    }
}

impl From<&CallError> for Status {
    fn from(error: &CallError) -> Self {
        let code = error.code();
        let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, error.metadata());
        let mut metadata = MetadataMap::new();
        if code == Code::ResourceExhausted {
            details.set_retry_info(Some(RETRY_AFTER));
            metadata.insert("grpc-retry-pushback-ms", (RETRY_AFTER.as_millis() as u64).into());
        }
        if *error == CallError::Compressed {
            metadata.insert("grpc-accept-encoding", MetadataValue::from_static("identity"));
        }
        let message = if code == Code::Internal && *error != CallError::AuditUnavailable {
            "internal error".to_owned()
        } else {
            error.to_string()
        };
        Self::with_error_details_and_metadata(code, message, details, metadata)
    }
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        Self::from(&error)
    }
}

/// Says inside the broker that a request has not come to its end.
const BROKEN_OFF: Code = Code::DataLoss;

/// What the gRPC library is told of a request that its client broke off. It would take CANCELLED for the request's end,
/// and half a stream for a whole one.
pub fn broken_off() -> Status {
    Status::new(BROKEN_OFF, "the request has not come to its end")
}

/// Rewrites, in headers or trailers, a status that the gRPC library made by itself. The broker's own are known by
/// their details and stay as they are.
pub fn rewrite(headers: &mut HeaderMap) {
    const DETAILS: &str = "grpc-status-details-bin";
    let foreign = headers.get("grpc-status").is_some_and(|code| code != HeaderValue::from_static("0"))
        && !headers.contains_key(DETAILS);
    if !foreign {
        return;
    }
    let Some(status) = Status::from_header_map(headers) else { return };
    let (code, reason, message) = ours(&status);
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    let status = Status::with_error_details(code, message, details);
    headers.remove("grpc-message");
    // The code is one digit or two and the rest is base64 and percent-encoded: all are header values.
    let _ = status.add_header(headers);
}

fn ours(status: &Status) -> (Code, &'static str, String) {
    let text = status.message();
    match status.code() {
        Code::OutOfRange if text.starts_with("Error, encoded") => (
            Code::InvalidArgument,
            "RESPONSE_TOO_LARGE",
            text.replace("Error, encoded message length too large", "the answer would be too large"),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn denial(kind: DenialKind) -> CallError {
        CallError::Denied(Denial {
            kind,
            profile: "Default".into(),
            rule: "API.HashData".into(),
            line: Some(7),
            message: "no".into(),
        })
    }

    fn info(status: &Status) -> tonic_types::ErrorInfo {
        status.get_details_error_info().unwrap()
    }

    #[test]
    fn codes_are_those_of_the_table() {
        let field = CallError::Request(FieldError { field: "csr", kind: FieldErrorKind::Missing });
        for (error, code, reason) in [
            (field, Code::InvalidArgument, "FIELD_MISSING"),
            (denial(DenialKind::UnknownProfile), Code::NotFound, "UNKNOWN_PROFILE"),
            (denial(DenialKind::OperationNotAllowed), Code::FailedPrecondition, "OPERATION_NOT_ALLOWED"),
            (denial(DenialKind::ValidityNotAllowed), Code::FailedPrecondition, "VALIDITY_NOT_ALLOWED"),
            (denial(DenialKind::CallerNotAllowed), Code::PermissionDenied, "CALLER_NOT_ALLOWED"),
            (ComputeError::QueueFull.into(), Code::ResourceExhausted, "QUEUE_FULL"),
            (ComputeError::DeadlineExceeded.into(), Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            (ComputeError::Panicked.into(), Code::Internal, "INTERNAL"),
            (CallError::ShuttingDown, Code::Unavailable, "SHUTTING_DOWN"),
            (CallError::Compressed, Code::Unimplemented, "UNSUPPORTED_ENCODING"),
            (CallError::MetadataTooLarge { length: 2, most: 1 }, Code::InvalidArgument, "METADATA_TOO_LARGE"),
            (CallError::DrainDeadlineExceeded, Code::Unavailable, "DRAIN_DEADLINE"),
            (CallError::AuditUnavailable, Code::Internal, "AUDIT_UNAVAILABLE"),
            (denial(DenialKind::KeyNotAllowed), Code::FailedPrecondition, "KEY_NOT_ALLOWED"),
            (denial(DenialKind::NonceNotAllowed), Code::FailedPrecondition, "NONCE_NOT_ALLOWED"),
            (AeadError::AuthenticationFailed.into(), Code::InvalidArgument, "AUTHENTICATION_FAILED"),
            (AeadError::KeyExhausted.into(), Code::FailedPrecondition, "KEY_EXHAUSTED"),
            (AeadError::Internal.into(), Code::Internal, "INTERNAL"),
        ] {
            let status = Status::from(&error);
            assert_eq!(status.code(), code, "{error}");
            assert_eq!(info(&status).reason, reason);
            assert_eq!(info(&status).domain, DOMAIN);
        }
    }

    #[test]
    fn a_denial_names_its_rule_and_line() {
        let status = Status::from(denial(DenialKind::OperationNotAllowed));
        let metadata = info(&status).metadata;
        assert_eq!(metadata["profile"], "Default");
        assert_eq!(metadata["rule"], "API.HashData");
        assert_eq!(metadata["line"], "7");
    }

    #[test]
    fn a_wrong_length_says_the_right_ones() {
        let kind = |expected| FieldErrorKind::WrongLength { length: 1, expected };
        let tag = FieldError { field: "decrypt_metadata.tag", kind: kind(vec![12]) };
        let key = FieldError { field: "key_source", kind: kind(vec![16, 24, 32]) };
        for (error, field, expected) in [
            (CallError::Aead(tag.into()), "decrypt_metadata.tag", "12"),
            (CallError::Request(key), "key_source", "16,24,32"),
        ] {
            let status = Status::from(error);
            assert_eq!(status.code(), Code::InvalidArgument);
            let metadata = info(&status).metadata;
            assert_eq!((metadata["field"].as_str(), metadata["expected_bytes"].as_str()), (field, expected));
            assert_eq!(info(&status).reason, "FIELD_WRONG_LENGTH");
        }
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let status = Status::from(CallError::from(ComputeError::QueueFull));
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "100");
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn an_encoding_that_is_not_taken_is_told_which_are() {
        let status = Status::from(CallError::Compressed);
        assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity");
    }

    #[test]
    fn a_panic_has_no_detail() {
        assert_eq!(Status::from(CallError::from(ComputeError::Panicked)).message(), "internal error");
    }

    fn rewritten(status: &Status) -> Status {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        rewrite(&mut headers);
        Status::from_header_map(&headers).unwrap()
    }

    #[test]
    fn what_the_library_says_by_itself_is_rewritten() {
        for (code, text, wanted) in [
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 9 bytes",
                Code::InvalidArgument,
            ),
            (Code::Internal, "failed to decode Protobuf message: invalid varint", Code::InvalidArgument),
            (Code::Internal, "Error encoding: x", Code::Internal),
            (Code::Cancelled, "Timeout expired", Code::DeadlineExceeded),
            (Code::Unimplemented, "", Code::Unimplemented),
            (Code::NotFound, "service not registered", Code::NotFound),
        ] {
            let status = rewritten(&Status::new(code, text));
            assert_eq!(status.code(), wanted, "{text}");
            assert_eq!(info(&status).domain, DOMAIN);
        }
    }

    #[test]
    fn our_own_status_stays() {
        let status = rewritten(&Status::from(CallError::Internal));
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(info(&status).reason, "INTERNAL");
    }
}
