//! The gRPC status with which a call ends.

mod code;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use broker_proto::rpc;
use bytes::Bytes;
use http::HeaderMap;
use prost::Message as _;
use prost_types::Any;

pub use self::code::Code;

/// A status other than OK.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// An encoded `google.rpc.Status`.
    details: Bytes,
    /// The header `grpc-retry-pushback-ms` (gRPC proposal A6).
    pub(crate) pushback: Pushback,
}

/// The time of the next attempt that the server asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushback {
    /// The server does not ask for a time.
    Absent,
    /// Retry after this many milliseconds.
    Milliseconds(u32),
    /// Do not retry.
    Stop,
}

/// gRPC sends binary headers without padding, and accepts them with padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Status {
    /// Creates a status without details.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Bytes::new(), pushback: Pushback::Absent }
    }

    /// Reads the status from headers or trailers. Returns `None` where they have no status, and `Some(Ok(()))` for OK.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Result<(), Self>> {
        let number = headers.get("grpc-status")?.to_str().ok().and_then(|text| text.parse().ok());
        if number == Some(0) {
            return Some(Ok(()));
        }
        let message = headers.get("grpc-message").map(|value| percent_decode(value.as_bytes()));
        // Unreadable details are dropped: the code and the message are valid without them.
        let details = headers.get("grpc-status-details-bin").and_then(|value| BASE64.decode(value).ok());
        Some(Err(Self {
            code: number.map_or(Code::Unknown, Code::from_number),
            message: message.unwrap_or_default(),
            details: details.unwrap_or_default().into(),
            pushback: Pushback::from_headers(headers),
        }))
    }

    /// Decodes a `google.rpc.Status`, which is the error of a pipeline item. Returns `None` where its code is OK.
    pub(crate) fn from_message(message: Bytes) -> Result<Option<Self>, prost::DecodeError> {
        let status = rpc::Status::decode(message.clone())?;
        let code = Code::from_number(status.code);
        Ok((status.code != 0).then(|| Self { details: message, ..Self::new(code, status.message) }))
    }

    /// Reports whether the server ended the call because its deadline passed.
    pub(crate) fn is_deadline_exceeded(&self) -> bool {
        self.code == Code::DeadlineExceeded
    }

    /// Returns the details, or nothing where they cannot be decoded.
    pub(crate) fn details(&self) -> Vec<Any> {
        rpc::Status::decode(self.details.clone()).map(|status| status.details).unwrap_or_default()
    }
}

impl Pushback {
    fn from_headers(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get("grpc-retry-pushback-ms") else { return Self::Absent };
        // A6: a negative or unreadable value means that the call must not be retried.
        let milliseconds = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        milliseconds.map_or(Self::Stop, Self::Milliseconds)
    }
}

/// Decodes a `grpc-message`: `%XX` is a byte, and everything else is kept as it is, as "gRPC over HTTP/2" demands
/// ("Responses").
fn percent_decode(mut text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (byte, rest) = split_escape(text).unwrap_or((*first, rest));
        bytes.push(byte);
        text = rest;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Splits `%XX` from the front, and returns its byte and the rest.
fn split_escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else { return None };
    Some((hex_digit(*high)? << 4 | hex_digit(*low)?, rest))
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::{collections::HashMap, time::Duration};

    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;
    use crate::error::{Reason, Rejection};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn status(pairs: &[(&'static str, &str)]) -> Status {
        Status::from_headers(&headers(pairs)).unwrap().unwrap_err()
    }

    #[test]
    fn reads_status_written_by_tonic() {
        let mut details = ErrorDetails::with_retry_info(Some(Duration::from_millis(1500)));
        let metadata = [("field", "nonce"), ("line", "7"), ("expected_bytes", "12, x,16")];
        let metadata: HashMap<_, _> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        details.set_error_info("FIELD_WRONG_LENGTH", "cryptobroker.v1", metadata);
        let message = "100 % of „nonce“\nis wrong";
        let sent = tonic::Status::with_error_details(tonic::Code::InvalidArgument, message, details);
        let mut headers = HeaderMap::new();
        sent.add_header(&mut headers).unwrap();

        let rejection = Rejection::from_status(Status::from_headers(&headers).unwrap().unwrap_err());
        assert_eq!((Code::InvalidArgument, message), (rejection.code, &*rejection.message));
        assert_eq!(Some(Reason::FieldWrongLength), rejection.reason);
        assert_eq!((Some("nonce"), Some(7)), (rejection.field.as_deref(), rejection.line));
        assert_eq!([12, 16], *rejection.expected_bytes);
        assert_eq!(Some(Duration::from_millis(1500)), rejection.retry_after);
    }

    #[test]
    fn distinguishes_ok_from_missing_status() {
        assert!(Status::from_headers(&headers(&[("grpc-status", "0")])).unwrap().is_ok());
        assert!(Status::from_headers(&headers(&[("grpc-message", "no status")])).is_none());
    }

    #[test]
    fn keeps_code_and_message_when_details_are_malformed() {
        let found =
            status(&[("grpc-status", "5"), ("grpc-message", "a%2"), ("grpc-status-details-bin", "!")]);
        assert_eq!((Code::NotFound, "a%2"), (found.code, &*found.message));
        assert!(found.details().is_empty());
        for number in ["", "x", "-1", "99", "5 "] {
            assert_eq!(Code::Unknown, status(&[("grpc-status", number)]).code, "{number:?}");
        }
    }

    #[test]
    fn decodes_malformed_percent_signs_leniently() {
        for (text, decoded) in
            [("", ""), ("a%20b", "a b"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decoded, percent_decode(text.as_bytes()));
        }
    }

    #[test]
    fn reads_pushback_as_proposal_a6_demands() {
        let read = |text| status(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", text)]).pushback;
        assert_eq!(Pushback::Milliseconds(25), read("25"));
        assert_eq!([Pushback::Stop; 2], [read("-1"), read("soon")]);
        assert_eq!(Pushback::Absent, status(&[("grpc-status", "14")]).pushback);
    }
}
