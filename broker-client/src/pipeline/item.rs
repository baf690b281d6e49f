//! An item on the wire: what makes a call's message a `PipelineRequest`, and an answer of a `PipelineResponse`.
//!
//! The messages around the operations are read and written by field, because the generated ones own what is in them: a
//! request is written from where it is, and an answer is decoded once.

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

use crate::{error::Error, retry::Failure, wire::Status};

/// `PipelineRequest.sequence` and `PipelineResponse.sequence`.
const SEQUENCE: u32 = 1;

/// `PipelineRequest.timeout`.
const TIMEOUT: u32 = 2;

/// `PipelineResponse.error`.
const ERROR: u32 = 2;

/// A message that is longer than this is not written into the buffer that all share.
const LONG: usize = 16 * 1024;

/// A call's message as an item.
pub(super) struct Item<'a, M> {
    operation: u32,
    message: &'a M,
    length: usize,
    timeout: ProtoDuration,
}

impl<'a, M: Message> Item<'a, M> {
    pub(super) fn new(operation: u32, message: &'a M, timeout: Duration) -> Self {
        let timeout = ProtoDuration {
            seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(timeout.subsec_nanos()).unwrap_or(0),
        };
        Self { operation, message, length: message.encoded_len(), timeout }
    }

    /// The message by itself, where it is long.
    pub(super) fn long(&self) -> Option<Vec<u8>> {
        (self.length > LONG).then(|| {
            let mut bytes = Vec::with_capacity(self.length);
            self.message.encode_raw(&mut bytes);
            bytes
        })
    }

    /// How long the whole is without the message.
    pub(super) fn head_len(&self, sequence: u64) -> usize {
        PREFIX_LENGTH + self.fields_len(sequence)
    }

    /// How long the message is.
    pub(super) fn message_len(&self) -> usize {
        self.length
    }

    fn fields_len(&self, sequence: u64) -> usize {
        uint64::encoded_len(SEQUENCE, &sequence)
            + message::encoded_len(TIMEOUT, &self.timeout)
            + key_len(self.operation)
            + encoded_len_varint(self.length as u64)
    }

    /// Everything before the message.
    pub(super) fn write_head(&self, sequence: u64, bytes: &mut impl BufMut) {
        put_prefix(bytes, self.fields_len(sequence) + self.length);
        uint64::encode(SEQUENCE, &sequence, bytes);
        message::encode(TIMEOUT, &self.timeout, bytes);
        encode_key(self.operation, WireType::LengthDelimited, bytes);
        encode_varint(self.length as u64, bytes);
    }

    pub(super) fn write_message(&self, bytes: &mut impl BufMut) {
        self.message.encode_raw(bytes);
    }
}

/// The number of the item that is answered.
pub(super) fn sequence(mut response: &[u8]) -> Result<u64, Error> {
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

/// The answer to an operation, out of its response.
pub(super) fn answer(mut response: Bytes, operation: u32) -> Result<Bytes, Failure> {
    while response.has_remaining() {
        let (field, wire_type) = decode_key(&mut response).map_err(malformed)?;
        if (field == operation || field == ERROR) && wire_type == WireType::LengthDelimited {
            let length = decode_varint(&mut response).map_err(malformed)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= response.len());
            let length = length.ok_or_else(|| Error::protocol("an answer that is cut"))?;
            let message = response.split_to(length);
            return if field == ERROR { Err(error(message)) } else { Ok(message) };
        }
        skip_field(wire_type, field, &mut response, DecodeContext::default()).map_err(malformed)?;
    }
    Err(Error::protocol("a response of the pipeline without an answer to its operation").into())
}

/// A `google.rpc.Status`, as it would have ended the call on its own.
fn error(message: Bytes) -> Failure {
    match Status::from_message(message) {
        Ok(Some(status)) => Failure::Status(status),
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
    use crate::error::{Code, ErrorKind};

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
    fn an_answer_is_read_by_its_fields_in_whatever_order() {
        let valid = VerifyDataResponse { valid: true, ..Default::default() };
        let bytes = response(Some(Answer::VerifyData(valid.clone())));
        assert_eq!(300, sequence(&bytes).unwrap());
        assert_eq!(valid.encode_to_vec(), answer(bytes, 6).unwrap());
        let padding = PipelineResponse { padding: vec![0; 300], ..Default::default() }.encode_to_vec();
        let bytes =
            Bytes::from([padding, response(Some(Answer::VerifyData(valid.clone()))).to_vec()].concat());
        assert_eq!(300, sequence(&bytes).unwrap());
        assert_eq!(valid.encode_to_vec(), answer(bytes, 6).unwrap());
    }

    #[test]
    fn an_error_is_the_status_that_the_call_would_have_had() {
        let failure = answer(response(refused(NOT_FOUND)), HASH).unwrap_err();
        let Failure::Status(status) = failure else { panic!("{failure:?}") };
        assert_eq!((Code::NotFound, "no"), (status.code, &*status.message));
    }

    #[test]
    fn what_is_no_answer_to_this_operation_is_a_protocol_error() {
        let whole = response(Some(Answer::HashData(HashDataResponse::default())));
        for bytes in [
            response(None),
            response(Some(Answer::VerifyData(VerifyDataResponse::default()))),
            response(refused(OK)),
            Bytes::new(),
            // A length beyond the end, and half a number.
            Bytes::from_static(&[HASH as u8 * 8 + 2, 9, 1]),
            Bytes::from_static(&[255]),
            whole.slice(..2),
        ] {
            let failure = answer(bytes, HASH).unwrap_err();
            let Failure::Own(error) = failure else { panic!("{failure:?}") };
            assert!(matches!(error.kind, ErrorKind::Protocol { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_response_without_a_readable_number_is_an_error_or_of_nobody() {
        assert_eq!(0, sequence(&[]).unwrap());
        assert!(sequence(&[255]).is_err() && sequence(&[8]).is_err());
    }
}
