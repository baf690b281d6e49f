//! The one place where a message of a client's becomes a message of ours.

use broker_proto::{DecodeError, Described};
use bytes::{Buf, Bytes};
use tonic::Status;

use crate::{
    request::{FieldError, FieldErrorKind, Limits},
    status::CallError,
};

/// How many elements a repeated field may have that has no limit of its own in [`Limits`].
const ELEMENTS: usize = 16;

/// The longest message, in bytes, that may share its memory with others. The HTTP/2 library reads frames of up to this length,
/// several of them into one buffer, and a slice of a frame keeps the whole buffer alive. A longer message has its own.
const TOGETHER: usize = 16 << 10;

/// Decodes a message that may have to wait in a queue: it keeps alive nothing that came together with it. One with too many
/// elements in a repeated field is refused before any of them is allocated.
pub(super) fn decode<M: Described>(message: Bytes, limits: &Limits) -> Result<M, CallError> {
    if message.len() <= TOGETHER { decode_from(&message[..], limits) } else { decode_from(message, limits) }
}

/// The same for a message that is worked on at once: its data stays where it is.
pub(super) fn decode_in_place<M: Described>(message: Bytes, limits: &Limits) -> Result<M, CallError> {
    decode_from(message, limits)
}

/// Sees to it that a part of a message which was decoded in place can wait in a queue.
pub(super) fn detach(data: &mut Bytes) {
    if data.len() <= TOGETHER {
        *data = Bytes::copy_from_slice(data);
    }
}

fn decode_from<M: Described>(message: impl Buf + AsRef<[u8]>, limits: &Limits) -> Result<M, CallError> {
    let limit = |field: &'static str| match field {
        "crl_distribution_points" => limits.crl_distribution_points_count,
        _ => ELEMENTS,
    };
    broker_proto::decode(message, limit).map_err(|error| match error {
        DecodeError::TooMany { field, limit } => {
            FieldError { field, kind: FieldErrorKind::TooMany { limit } }.into()
        }
        DecodeError::Malformed(_) | DecodeError::Inconsistent => {
            CallError::library(&Status::internal(error.to_string()))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use broker_proto::v1::{SignCertificateRequest, SignDataRequest};
    use prost::Message as _;

    use super::*;

    #[test]
    fn an_operators_limit_holds_before_the_message_is_decoded() {
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
    fn a_message_that_may_wait_keeps_nothing_else_alive() {
        let request = SignDataRequest { input: vec![7; 100].into(), ..SignDataRequest::default() };
        let length = request.encoded_len();
        let read = Bytes::from([request.encode_to_vec(), vec![0; 60_000]].concat());
        let waiting: SignDataRequest = decode(read.slice(..length), &Limits::default()).unwrap();
        assert!(read.is_unique());
        let mut at_once: SignDataRequest = decode_in_place(read.slice(..length), &Limits::default()).unwrap();
        assert!(!read.is_unique());
        detach(&mut at_once.input);
        assert!(read.is_unique());
        assert_eq!(at_once, waiting);
    }

    #[test]
    fn bytes_that_are_no_message_are_malformed() {
        let error =
            decode::<SignCertificateRequest>(Bytes::from_static(&[0x4a, 9]), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "MALFORMED_MESSAGE");
    }
}
