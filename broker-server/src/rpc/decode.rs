//! The one place where a message of a client's becomes a message of ours.

use broker_proto::{DecodeError, Described};
use bytes::Bytes;
use tonic::Status;

use crate::{
    request::{Limits, Problem, RequestError},
    status::CallError,
};

/// How many elements a repeated field may have that has no limit of its own in [`Limits`].
const ELEMENTS: usize = 16;

/// Decodes a message. One with too many elements in a repeated field is refused before any of them is allocated.
pub(super) fn decode<M: Described>(message: Bytes, limits: &Limits) -> Result<M, CallError> {
    let limit = |field: &'static str| match field {
        "crl_distribution_points" => limits.crl_distribution_points_count,
        _ => ELEMENTS,
    };
    broker_proto::decode(message, limit).map_err(|error| match error {
        DecodeError::TooMany { field, limit } => {
            RequestError { field, problem: Problem::TooMany { limit } }.into()
        }
        DecodeError::Malformed(_) | DecodeError::Inconsistent => {
            CallError::foreign(&Status::internal(error.to_string()))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use broker_proto::v1::SignCertificateRequest;

    use super::*;

    #[test]
    fn an_operators_limit_holds_before_the_message_is_decoded() {
        // `crl_distribution_points`, field 9, of no characters.
        let points = |count| Bytes::from([9 << 3 | 2, 0].repeat(count));
        let limits = Limits { crl_distribution_points_count: 40, ..Limits::default() };
        assert!(decode::<SignCertificateRequest>(points(40), &limits).is_ok());
        let error = decode::<SignCertificateRequest>(points(41), &limits).unwrap_err();
        let problem = Problem::TooMany { limit: 40 };
        assert_eq!(error, RequestError { field: "crl_distribution_points", problem }.into());
        let error = decode::<SignCertificateRequest>(points(17), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "FIELD_TOO_MANY");
    }

    #[test]
    fn bytes_that_are_no_message_are_malformed() {
        let error =
            decode::<SignCertificateRequest>(Bytes::from_static(&[0x4a, 9]), &Limits::default()).unwrap_err();
        assert_eq!(error.reason(), "MALFORMED_MESSAGE");
    }
}
