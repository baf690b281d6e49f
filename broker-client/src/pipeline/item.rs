//! Encodes the message of an operation as a `PipelineRequest`, and finds the result in a `PipelineResponse`.
//!
//! Both envelopes are encoded and decoded field by field, because the generated types own the message inside them.
//! A request is thus encoded from where it is, and a response is decoded only once.

use std::time::Duration;

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::{Buf, BufMut, Bytes};
use prost::{
    Message,
    encoding::{
        DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, encoded_len_varint,
        key_len, message, skip_field, uint64,
    },
};
use prost_types::Duration as ProtoDuration;

use crate::{
    error::{AttemptError, Error},
    status::Status,
};

/// `PipelineRequest.sequence` and `PipelineResponse.sequence`.
const SEQUENCE: u32 = 1;

/// `PipelineRequest.timeout`.
const TIMEOUT: u32 = 2;

/// `PipelineResponse.error`.
const ERROR: u32 = 2;

/// A longer message, in bytes, gets a chunk of its own instead of being copied into the shared one.
const MAX_SHARED_LENGTH: usize = 16 * 1024;

/// The message of an operation and the fields around it.
pub(super) struct Item<'a, M> {
    number: u32,
    message: &'a M,
    message_length: usize,
    timeout: ProtoDuration,
}

impl<'a, M: Message> Item<'a, M> {
    pub(super) fn new(number: u32, message: &'a M, timeout: Duration) -> Self {
        let timeout = ProtoDuration {
            seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(timeout.subsec_nanos()).unwrap_or(0),
        };
        Self { number, message, message_length: message.encoded_len(), timeout }
    }

    /// Encodes the message into a buffer of its own, where it is long.
    pub(super) fn encode_long(&self) -> Option<Vec<u8>> {
        (self.message_length > MAX_SHARED_LENGTH).then(|| {
            let mut bytes = Vec::with_capacity(self.message_length);
            self.message.encode_raw(&mut bytes);
            bytes
        })
    }

    /// Returns the length of everything before the message, in bytes.
    pub(super) fn head_length(&self, sequence: u64) -> usize {
        PREFIX_LENGTH + self.fields_length(sequence)
    }

    /// Returns the length of the message, in bytes.
    pub(super) fn message_length(&self) -> usize {
        self.message_length
    }

    fn fields_length(&self, sequence: u64) -> usize {
        uint64::encoded_len(SEQUENCE, &sequence)
            + message::encoded_len(TIMEOUT, &self.timeout)
            + key_len(self.number)
            + encoded_len_varint(self.message_length as u64)
    }

    /// Writes everything before the message.
    pub(super) fn write_head(&self, sequence: u64, bytes: &mut impl BufMut) {
        put_prefix(bytes, self.fields_length(sequence) + self.message_length);
        uint64::encode(SEQUENCE, &sequence, bytes);
        message::encode(TIMEOUT, &self.timeout, bytes);
        encode_key(self.number, WireType::LengthDelimited, bytes);
        encode_varint(self.message_length as u64, bytes);
    }

    pub(super) fn write_message(&self, bytes: &mut impl BufMut) {
        self.message.encode_raw(bytes);
    }
}

/// Reads the sequence number of a response. Returns 0, which no item has, where the response has none.
pub(super) fn decode_sequence(mut response: &[u8]) -> Result<u64, Error> {
    let mut sequence = 0;
    while response.has_remaining() {
        let (field, wire_type) = decode_key(&mut response).map_err(malformed)?;
        if field == SEQUENCE {
            uint64::merge(wire_type, &mut sequence, &mut response, DecodeContext::default())
                .map_err(malformed)?;
            return Ok(sequence);
        }
        skip_field(wire_type, field, &mut response, DecodeContext::default()).map_err(malformed)?;
    }
    Ok(sequence)
}

/// Extracts the result of the operation with this number from its response.
pub(super) fn decode_result(mut response: Bytes, number: u32) -> Result<Bytes, AttemptError> {
    while response.has_remaining() {
        let (field, wire_type) = decode_key(&mut response).map_err(malformed)?;
        if (field == number || field == ERROR) && wire_type == WireType::LengthDelimited {
            let length = decode_varint(&mut response).map_err(malformed)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= response.len());
            let length = length.ok_or_else(|| Error::protocol("a truncated result"))?;
            let message = response.split_to(length);
            return if field == ERROR { Err(decode_error(message)) } else { Ok(message) };
        }
        skip_field(wire_type, field, &mut response, DecodeContext::default()).map_err(malformed)?;
    }
    Err(Error::protocol("a response of the pipeline without the result of its operation").into())
}

/// Decodes the error of an item, which is the status with which the operation would have ended as a call of its own.
fn decode_error(message: Bytes) -> AttemptError {
    match Status::from_message(message) {
        Ok(Some(status)) => AttemptError::Status(status),
        Ok(None) => Error::protocol("an error with the code OK").into(),
        Err(error) => malformed(error).into(),
    }
}

fn malformed(error: prost::DecodeError) -> Error {
    Error::protocol(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use broker_proto::{
        rpc,
        v1::{HashDataResponse, PipelineResponse, VerifyDataResponse, pipeline_response::Result as Answer},
    };

    use super::*;
    use crate::{error::ErrorKind, status::Code};

    const OK: i32 = 0;
    const NOT_FOUND: i32 = 5;

    const HASH: u32 = 3;

    fn response(result: Option<Answer>) -> Bytes {
        PipelineResponse { sequence: 300, result, padding: vec![0; 300] }.encode_to_vec().into()
    }

    fn refused(code: i32) -> Option<Answer> {
        Some(Answer::Error(rpc::Status { code, message: "no".into(), details: Vec::new() }))
    }

    #[test]
    fn finds_result_among_fields_in_any_order() {
        let valid = VerifyDataResponse { valid: true, ..Default::default() };
        let bytes = response(Some(Answer::VerifyData(valid.clone())));
        assert_eq!(300, decode_sequence(&bytes).unwrap());
        assert_eq!(valid.encode_to_vec(), decode_result(bytes, 6).unwrap());
        let padding = PipelineResponse { padding: vec![0; 300], ..Default::default() }.encode_to_vec();
        let bytes =
            Bytes::from([padding, response(Some(Answer::VerifyData(valid.clone()))).to_vec()].concat());
        assert_eq!(300, decode_sequence(&bytes).unwrap());
        assert_eq!(valid.encode_to_vec(), decode_result(bytes, 6).unwrap());
    }

    #[test]
    fn error_of_an_item_becomes_a_status() {
        let error = decode_result(response(refused(NOT_FOUND)), HASH).unwrap_err();
        let AttemptError::Status(status) = error else { panic!("{error:?}") };
        assert_eq!((Code::NotFound, "no"), (status.code, &*status.message));
    }

    #[test]
    fn rejects_response_without_result_of_the_operation() {
        let complete = response(Some(Answer::HashData(HashDataResponse::default())));
        for bytes in [
            response(None),
            response(Some(Answer::VerifyData(VerifyDataResponse::default()))),
            response(refused(OK)),
            Bytes::new(),
            // A length beyond the end, and a truncated number.
            Bytes::from_static(&[HASH as u8 * 8 + 2, 9, 1]),
            Bytes::from_static(&[255]),
            complete.slice(..2),
        ] {
            let error = decode_result(bytes, HASH).unwrap_err();
            let AttemptError::Failed(error) = error else { panic!("{error:?}") };
            assert!(matches!(error.kind, ErrorKind::Protocol { .. }), "{error:?}");
        }
    }

    #[test]
    fn rejects_malformed_sequence_and_reads_missing_one_as_zero() {
        assert_eq!(0, decode_sequence(&[]).unwrap());
        assert!(decode_sequence(&[255]).is_err() && decode_sequence(&[8]).is_err());
    }
}
