//! Encodes refusals as a gRPC server does.

use std::{collections::HashMap, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use broker_proto::rpc;
use http::{HeaderMap, HeaderValue};
use prost::Message;
use prost_types::Any;

use crate::error::Rejection;

/// Converts a refusal into a `google.rpc.Status` with its details.
pub(super) fn to_message(refusal: &Rejection) -> rpc::Status {
    let mut details = Vec::new();
    if let Some(reason) = &refusal.reason {
        let lengths = || refusal.expected_bytes.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let metadata = [
            ("field", refusal.field.clone()),
            ("profile", refusal.profile.clone()),
            ("rule", refusal.rule.clone()),
            ("line", refusal.line.map(|line| line.to_string())),
            ("expected_bytes", (!refusal.expected_bytes.is_empty()).then(lengths)),
        ];
        let metadata: HashMap<_, _> =
            metadata.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let reason = reason.as_str().to_owned();
        let info = rpc::ErrorInfo { reason, domain: "cryptobroker.v1".to_owned(), metadata };
        details.push(to_any("ErrorInfo", &info));
    }
    if let Some(wait) = refusal.retry_after {
        let retry_delay = prost_types::Duration::try_from(wait).ok();
        details.push(to_any("RetryInfo", &rpc::RetryInfo { retry_delay }));
    }
    rpc::Status { code: refusal.code.number(), message: refusal.message.clone(), details }
}

/// Converts a refusal into the headers that end a call.
pub(super) fn to_headers(refusal: &Rejection) -> HeaderMap {
    let details = STANDARD_NO_PAD.encode(to_message(refusal).encode_to_vec());
    let fields = [
        ("grpc-status", refusal.code.number().to_string()),
        ("grpc-message", percent_encode(&refusal.message)),
        ("grpc-status-details-bin", details),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        // Digits, percent-encoded text and base64 are always valid header values.
        headers.extend(
            HeaderValue::try_from(value).ok().map(|value| (http::HeaderName::from_static(name), value)),
        );
    }
    headers
}

fn to_any(name: &str, message: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: message.encode_to_vec() }
}

/// Encodes a `grpc-message` ("gRPC over HTTP/2", Responses).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
