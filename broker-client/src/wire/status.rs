//! How a call ends: the status in its trailers.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use broker_proto::rpc;
use bytes::Bytes;
use http::HeaderMap;
use prost::Message as _;
use prost_types::Any;

use crate::error::Code;

/// A status other than OK.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// A `google.rpc.Status`, encoded.
    details: Bytes,
    /// The header `grpc-retry-pushback-ms` (gRPC proposal A6).
    pub(crate) pushback: Pushback,
}

/// When the server asks for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushback {
    /// The server does not say.
    Absent,
    /// After so many milliseconds.
    Milliseconds(u32),
    /// Never.
    Stop,
}

/// gRPC sends binary headers without padding and takes them with it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Status {
    /// Makes a status without details.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Bytes::new(), pushback: Pushback::Absent }
    }

    /// Reads the status of headers or trailers: `None` where they have none, `Ok` where it is OK.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Result<(), Self>> {
        let number = headers.get("grpc-status")?.to_str().ok().and_then(|text| text.parse().ok());
        if number == Some(0) {
            return Some(Ok(()));
        }
        let message = headers.get("grpc-message").map(|value| percent_decode(value.as_bytes()));
        // Details are an addition: the code and the message stand without them.
        let details = headers.get("grpc-status-details-bin").and_then(|value| BASE64.decode(value).ok());
        Some(Err(Self {
            code: number.map_or(Code::Unknown, Code::from_number),
            message: message.unwrap_or_default(),
            details: details.unwrap_or_default().into(),
            pushback: Pushback::of(headers),
        }))
    }

    /// Reads a `google.rpc.Status`, which is how an item of a pipeline ends. `None` where its code is OK.
    pub(crate) fn from_message(message: Bytes) -> Result<Option<Self>, prost::DecodeError> {
        let status = rpc::Status::decode(message.clone())?;
        let code = Code::from_number(status.code);
        Ok((status.code != 0).then(|| Self { details: message, ..Self::new(code, status.message) }))
    }

    /// The details, as far as they can be read.
    pub(crate) fn details(&self) -> Vec<Any> {
        rpc::Status::decode(self.details.clone()).map(|status| status.details).unwrap_or_default()
    }
}

impl Pushback {
    fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get("grpc-retry-pushback-ms") else { return Self::Absent };
        // A6: a negative or unreadable value means that the call must not be retried.
        let milliseconds = value.to_str().ok().and_then(|text| text.trim().parse().ok());
        milliseconds.map_or(Self::Stop, Self::Milliseconds)
    }
}

/// Decodes a `grpc-message`: `%XX` is a byte, and whatever else is there stands for itself, as gRPC's HTTP/2 protocol wants
/// it ("Responses").
fn percent_decode(mut text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (byte, rest) = escaped(text).unwrap_or((*first, rest));
        bytes.push(byte);
        text = rest;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads `%XX` at the front, and returns what comes after it too.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, rest @ ..] = text else { return None };
    Some((hex(*high)? << 4 | hex(*low)?, rest))
}

fn hex(digit: u8) -> Option<u8> {
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
        Status::of(&headers(pairs)).unwrap().unwrap_err()
    }

    #[test]
    fn reads_what_a_server_of_grpc_writes() {
        let mut details = ErrorDetails::with_retry_info(Some(Duration::from_millis(1500)));
        let metadata = [("field", "nonce"), ("line", "7"), ("expected_bytes", "12, x,16")];
        let metadata: HashMap<_, _> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        details.set_error_info("FIELD_WRONG_LENGTH", "cryptobroker.v1", metadata);
        let message = "100 % of „nonce“\nis wrong";
        let sent = tonic::Status::with_error_details(tonic::Code::InvalidArgument, message, details);
        let mut headers = HeaderMap::new();
        sent.add_header(&mut headers).unwrap();

        let rejection = Rejection::from_status(Status::of(&headers).unwrap().unwrap_err());
        assert_eq!((Code::InvalidArgument, message), (rejection.code, &*rejection.message));
        assert_eq!(Some(Reason::FieldWrongLength), rejection.reason);
        assert_eq!((Some("nonce"), Some(7)), (rejection.field.as_deref(), rejection.line));
        assert_eq!([12, 16], *rejection.expected_bytes);
        assert_eq!(Some(Duration::from_millis(1500)), rejection.retry_after);
    }

    #[test]
    fn tells_ok_from_an_answer_without_a_status() {
        assert!(Status::of(&headers(&[("grpc-status", "0")])).unwrap().is_ok());
        assert!(Status::of(&headers(&[("grpc-message", "no status")])).is_none());
    }

    #[test]
    fn keeps_code_and_message_where_the_rest_cannot_be_read() {
        let it = status(&[("grpc-status", "5"), ("grpc-message", "a%2"), ("grpc-status-details-bin", "!")]);
        assert_eq!((Code::NotFound, "a%2"), (it.code, &*it.message));
        assert!(it.details().is_empty());
        for number in ["", "x", "-1", "99", "5 "] {
            assert_eq!(Code::Unknown, status(&[("grpc-status", number)]).code, "{number:?}");
        }
    }

    #[test]
    fn decodes_percent_signs_leniently() {
        for (text, decoded) in
            [("", ""), ("a%20b", "a b"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decoded, percent_decode(text.as_bytes()));
        }
    }

    #[test]
    fn reads_pushback_as_a6_says() {
        let read = |text| status(&[("grpc-status", "14"), ("grpc-retry-pushback-ms", text)]).pushback;
        assert_eq!(Pushback::Milliseconds(25), read("25"));
        assert_eq!([Pushback::Stop; 2], [read("-1"), read("soon")]);
        assert_eq!(Pushback::Absent, status(&[("grpc-status", "14")]).pushback);
    }
}
