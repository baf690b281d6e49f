//! Decodes the messages of clients, within bounds.

use broker_proto::{DecodeError, Described};
use bytes::Bytes;
use tonic::Status;

use crate::{
    request::{FieldError, FieldErrorKind, Limits},
    status::CallError,
};

/// The number of elements that a repeated field may have, unless [`Limits`] has one of its own for it.
const ELEMENTS: usize = 16;

/// The longest field, in bytes, that may share its memory with other messages. The HTTP/2 library reads frames of up to this
/// length, several of them into one buffer, and a slice of a frame keeps the whole buffer alive. A longer field has its own.
const SHARED_FRAME: usize = 16 << 10;

/// Decodes a message. Its shared fields are slices of the frame that it came in. A message with too many elements in a
/// repeated field is refused before any of them is allocated.
pub(super) fn decode<M: Described>(message: Bytes, limits: &Limits) -> Result<M, CallError> {
    let limit = |field: &'static str| match field {
        "crl_distribution_points" => limits.crl_distribution_points_count,
        _ => ELEMENTS,
    };
    // A slice is decoded faster than shared memory, where no field has to share it.
    let decoded = if M::HAS_SHARED {
        broker_proto::decode(message, limit)
    } else {
        broker_proto::decode(&message[..], limit)
    };
    decoded.map_err(|error| match error {
        DecodeError::TooMany { field, limit } => {
            FieldError { field, kind: FieldErrorKind::TooMany { limit } }.into()
        }
        DecodeError::Malformed(_) | DecodeError::Inconsistent => {
            CallError::library(&Status::internal(error.to_string()))
        }
    })
}

/// Prepares a decoded message to wait in a queue: it no longer keeps alive what came in the same frame.
pub(super) fn detach<M: Described>(message: &mut M) {
    message.for_each_shared(|data| {
        if data.len() <= SHARED_FRAME {
            *data = Bytes::copy_from_slice(data);
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use broker_proto::v1::{SignCertificateRequest, SignDataRequest};
    use prost::Message as _;

    use super::*;

    #[test]
    fn applies_configured_limit_before_decoding() {
        // `crl_distribution_points`, field 9, of no characters.
        let points = |count| Bytes::from([9 << 3 | 2, 0].repeat(count));
        let limits = Limits { crl_distribution_points_count: 40, ..Limits::default() };
        assert!(decode::<SignCertificateRequest>(points(40), &limits).is_ok());
        let error = decode::<SignCertificateRequest>(points(41), &limits).unwrap_err();
        let kind = FieldErrorKind::TooMany { limit: 40 };
        assert_eq!(error, FieldError { field: "crl_distribution_points", kind }.into());
        let error = decode::<SignCertificateRequest>(points(17), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "FIELD_TOO_MANY");
    }

    #[test]
    fn detached_message_keeps_no_frame_alive() {
        let request = SignDataRequest { input: vec![7; 100].into(), ..SignDataRequest::default() };
        let length = request.encoded_len();
        let frame = Bytes::from([request.encode_to_vec(), vec![0; 60_000]].concat());
        let mut message: SignDataRequest = decode(frame.slice(..length), &Limits::default()).unwrap();
        assert!(!frame.is_unique());
        detach(&mut message);
        assert!(frame.is_unique());
        assert_eq!(message, request);
    }

    #[test]
    fn rejects_bytes_that_are_no_message() {
        let error =
            decode::<SignCertificateRequest>(Bytes::from_static(&[0x4a, 9]), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "MALFORMED_MESSAGE");
    }
}
