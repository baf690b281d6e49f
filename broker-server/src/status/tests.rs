#![allow(clippy::unwrap_used, clippy::panic)]

use http::HeaderMap;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::{details::RETRY_AFTER, *};
use crate::request::FieldErrorKind;

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
fn errors_have_their_codes_and_reasons() {
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
        (CallError::MetadataTooLarge { length: 2, limit: 1 }, Code::InvalidArgument, "METADATA_TOO_LARGE"),
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
        assert_eq!(error.is_internal(), code == Code::Internal, "{error}");
        assert_eq!(info(&status).reason, reason);
        assert_eq!(info(&status).domain, DOMAIN);
    }
}

#[test]
fn denial_details_have_profile_rule_and_line() {
    let status = Status::from(denial(DenialKind::OperationNotAllowed));
    let metadata = info(&status).metadata;
    assert_eq!(metadata["profile"], "Default");
    assert_eq!(metadata["rule"], "API.HashData");
    assert_eq!(metadata["line"], "7");
}

#[test]
fn wrong_length_details_have_the_expected_lengths() {
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
fn full_queue_has_a_retry_delay() {
    let status = Status::from(CallError::from(ComputeError::QueueFull));
    assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "100");
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
}

#[test]
fn unsupported_encoding_names_the_supported_one() {
    let status = Status::from(CallError::Compressed);
    assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity");
}

#[test]
fn panic_message_has_no_details() {
    assert_eq!(Status::from(CallError::from(ComputeError::Panicked)).message(), "internal error");
}

fn rewritten(status: &Status) -> Status {
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).unwrap();
    replace_tonic_status(&mut headers);
    Status::from_header_map(&headers).unwrap()
}

#[test]
fn rewrite_replaces_statuses_of_tonic() {
    for (code, text, expected) in [
        (Code::OutOfRange, "Error, decoded message length too large: found 9 bytes", Code::InvalidArgument),
        (Code::Internal, "failed to decode Protobuf message: invalid varint", Code::InvalidArgument),
        (Code::Internal, "Error encoding: x", Code::Internal),
        (Code::Cancelled, "Timeout expired", Code::DeadlineExceeded),
        (Code::Unimplemented, "", Code::Unimplemented),
        (Code::NotFound, "service not registered", Code::NotFound),
    ] {
        let status = rewritten(&Status::new(code, text));
        assert_eq!(status.code(), expected, "{text}");
        assert_eq!(info(&status).domain, DOMAIN);
    }
}

#[test]
fn rewrite_keeps_statuses_of_the_broker() {
    let status = rewritten(&Status::from(CallError::Internal));
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(info(&status).reason, "INTERNAL");
}
