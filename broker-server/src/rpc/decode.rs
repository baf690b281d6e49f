//! Decodes the messages of clients, within bounds.

use broker_proto::{DecodeError, Described};
use bytes::Bytes;
use tonic::Status;

use crate::{
    request::{FieldError, FieldErrorKind, Limits},
    status::CallError,
};

/// The number of elements that a repeated field may have, unless [`Limits`] has a limit of its own for it.
const MAX_REPEATED: usize = 16;

/// The length, in bytes, up to which [`copy_shared_fields`] copies a field. h2 reads several frames of up to this length into
/// one buffer, and a slice keeps the whole buffer alive. A longer field has a buffer of its own.
const COPY_UP_TO: usize = 16 << 10;

/// Decodes a message. Its fields of type `Bytes` are slices of `message`. A message with too many elements in a repeated
/// field is rejected before any of them is allocated.
pub(super) fn decode<M: Described>(message: Bytes, limits: &Limits) -> Result<M, CallError> {
    // The path of a field ends with its name.
    let limit = |field: &'static str| match field.rsplit('.').next().unwrap_or(field) {
        "crl_distribution_points" => limits.crl_distribution_points_count,
        "inputs" | "expect" => limits.circuit_inputs_count,
        "numbers" | "public_signals" => limits.circuit_values_count,
        "items" => limits.batch_items_count,
        _ => MAX_REPEATED,
    };
    broker_proto::decode(message, limit).map_err(|error| match error {
        DecodeError::TooMany { field, limit } => {
            FieldError { field, kind: FieldErrorKind::TooMany { limit } }.into()
        }
        DecodeError::Malformed(_) | DecodeError::InvalidWireFormat => {
            // tonic's status for a malformed message, which `from_tonic` translates to the reason MALFORMED_MESSAGE.
            CallError::from_tonic(&Status::internal(error.to_string()))
        }
    })
}

/// Copies the short fields of type `Bytes`, so that a message that waits in a queue does not keep the read buffer alive.
pub(super) fn copy_shared_fields<M: Described>(message: &mut M) {
    message.for_each_shared(|data| {
        if data.len() <= COPY_UP_TO {
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
    fn copied_message_does_not_pin_received_chunk() {
        let request = SignDataRequest { input: vec![7; 100].into(), ..SignDataRequest::default() };
        let length = request.encoded_len();
        let frame = Bytes::from([request.encode_to_vec(), vec![0; 60_000]].concat());
        let mut message: SignDataRequest = decode(frame.slice(..length), &Limits::default()).unwrap();
        assert!(!frame.is_unique());
        copy_shared_fields(&mut message);
        assert!(frame.is_unique());
        assert_eq!(message, request);
    }

    #[test]
    fn rejects_malformed_message() {
        let error =
            decode::<SignCertificateRequest>(Bytes::from_static(&[0x4a, 9]), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "MALFORMED_MESSAGE");
    }
}
