//! One item: message → handler → message.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    time::{Duration, Instant},
};

use broker_proto::v1::{
    PipelineRequest, PipelineResponse, pipeline_request::Operation, pipeline_response::Result as Answer,
};
use bytes::Bytes;
use prost::Message as _;
use tonic::Status;

use super::{answers::Answers, items::sequence};
use crate::{
    request::{FieldError, FieldErrorKind, Limits},
    rpc::{
        Broker, CallContext,
        call::Weight,
        decode::{decode_in_place, detach},
        decrypt_data, encrypt_data, hash_data,
    },
    status::CallError,
};

/// The answer of an item that others work on.
pub(super) type Later = Pin<Box<dyn Future<Output = PipelineResponse> + Send>>;

/// An item that can be worked on.
pub(super) struct Item {
    sequence: u64,
    timeout: Option<prost_types::Duration>,
    operation: Option<Operation>,
    /// There was nothing else in the message: no second operation, no field of a newer client.
    all_read: bool,
}

impl Item {
    /// Reads a message. What is no request but has a number is answered; what has none ends the stream.
    pub(super) fn read(message: Bytes, limits: &Limits) -> Result<Result<Self, PipelineResponse>, CallError> {
        match decode_in_place::<PipelineRequest>(message.clone(), limits) {
            Ok(request) => {
                let all_read = request.encoded_len() == message.len();
                let PipelineRequest { sequence, timeout, operation } = request;
                Ok(Ok(Self { sequence, timeout, operation, all_read }))
            }
            Err(error) => match sequence(message) {
                Some(sequence) => Ok(Err(failed(sequence, &error))),
                None => Err(error),
            },
        }
    }

    /// Whether the request has a secret in it, or something unknown, which may be one.
    pub(super) fn carries_secret(&self) -> bool {
        !self.all_read || self.operation.as_ref().is_some_and(Operation::has_secret)
    }

    /// What is done of it at once, on the shard, in bytes of data that is hashed.
    pub(super) fn light_bytes(&self) -> usize {
        // A cipher is faster than a hash, but has its key to set up and to wipe.
        let cipher = |bytes| match Weight::of_cipher(bytes) {
            Weight::Light => 1024 + bytes / 4,
            _ => 0,
        };
        match &self.operation {
            Some(Operation::HashData(message)) if hash_data::is_light(message) => message.input.len(),
            Some(Operation::EncryptData(message)) => cipher(encrypt_data::data_bytes(message)),
            Some(Operation::DecryptData(message)) => cipher(decrypt_data::data_bytes(message)),
            _ => 0,
        }
    }

    /// Works on the item, which has been read at `now`: a light one is answered at once. `context` is the stream's: its
    /// idle_timeout is the time that an item has, its deadline is every item's, too.
    pub(super) fn begin(
        self,
        broker: &Broker,
        context: &CallContext,
        now: Instant,
        answers: &mut Answers,
    ) -> Option<Later> {
        let Self { sequence, timeout, operation, .. } = self;
        let context = match item_context(context, timeout, now) {
            Ok(context) => context,
            Err(error) => {
                answers.push(failed(sequence, &error));
                return None;
            }
        };
        macro_rules! later {
            ($answer:ident, $message:expr, $result:ident) => {{
                let broker = broker.clone();
                Box::pin(async move {
                    let result = broker.$answer(context, $message).await;
                    answered(sequence, result.map(Answer::$result))
                })
            }};
        }
        let later: Later = match operation {
            Some(Operation::HashData(message)) if hash_data::is_light(&message) => {
                let hash = AssertUnwindSafe(|| broker.answer_light_hash_data(context, message));
                let result = catch_unwind(hash).unwrap_or(Err(CallError::Internal));
                answers.push(answered(sequence, result.map(Answer::HashData)));
                return None;
            }
            Some(Operation::HashData(mut message)) => {
                detach(&mut message.input);
                later!(answer_hash_data, message, HashData)
            }
            Some(Operation::SignCertificate(message)) => {
                later!(answer_sign_certificate, message, SignCertificate)
            }
            Some(Operation::SignData(mut message)) => {
                detach(&mut message.input);
                later!(answer_sign_data, message, SignData)
            }
            Some(Operation::VerifyData(mut message)) => {
                detach(&mut message.input);
                detach(&mut message.signature);
                later!(answer_verify_data, message, VerifyData)
            }
            Some(Operation::EncryptData(message)) => later!(answer_encrypt_data, message, EncryptData),
            Some(Operation::DecryptData(message)) => later!(answer_decrypt_data, message, DecryptData),
            Some(Operation::GenerateSignatureKeyPair(message)) => {
                later!(answer_generate_signature_key_pair, message, GenerateSignatureKeyPair)
            }
            Some(Operation::GenerateKemKeyPair(message)) => {
                later!(answer_generate_kem_key_pair, message, GenerateKemKeyPair)
            }
            Some(Operation::Encapsulate(message)) => later!(answer_encapsulate, message, Encapsulate),
            Some(Operation::Decapsulate(message)) => later!(answer_decapsulate, message, Decapsulate),
            None => {
                answers.push(failed(sequence, &missing("operation").into()));
                return None;
            }
        };
        Some(later)
    }
}

/// An item's own time. One without any left is refused by who works on it, a light one here.
fn item_context(
    stream: &CallContext,
    timeout: Option<prost_types::Duration>,
    now: Instant,
) -> Result<CallContext, CallError> {
    let time = match timeout {
        Some(timeout) => Duration::try_from(timeout).map_err(|_| malformed("timeout", "is negative"))?,
        None => stream.idle_timeout.unwrap_or_default(),
    };
    if time.is_zero() {
        return Err(CallError::DeadlineExceeded);
    }
    // A time that no clock can hold is none.
    let deadline = now.checked_add(time).map_or(stream.deadline, |own| own.min(stream.deadline));
    Ok(CallContext { deadline, arrived: now, idle_timeout: None, ..*stream })
}

fn missing(field: &'static str) -> FieldError {
    FieldError { field, kind: FieldErrorKind::Missing }
}

fn malformed(field: &'static str, what: &str) -> FieldError {
    FieldError { field, kind: FieldErrorKind::Malformed(what.to_owned()) }
}

fn answered(sequence: u64, result: Result<Answer, CallError>) -> PipelineResponse {
    match result {
        Ok(answer) => PipelineResponse { sequence, result: Some(answer), padding: Vec::new() },
        Err(error) => failed(sequence, &error),
    }
}

/// The answer about an error: what the unary call's status says.
pub(super) fn failed(sequence: u64, error: &CallError) -> PipelineResponse {
    let status = Status::from(error);
    // The details of one of our statuses are the whole google.rpc.Status, encoded.
    let status =
        broker_proto::rpc::Status::decode(status.details()).unwrap_or_else(|_| broker_proto::rpc::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        });
    PipelineResponse { sequence, result: Some(Answer::Error(status)), padding: Vec::new() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::caller::Caller;

    fn stream() -> CallContext {
        let deadline = Instant::now() + Duration::from_secs(100);
        let idle_timeout = Some(Duration::from_secs(60));
        CallContext {
            caller: Caller { uid: 0, gid: 0, pid: None },
            connection: 1,
            deadline,
            received: 0,
            arrived: Instant::now(),
            idle_timeout,
        }
    }

    fn time(seconds: i64, nanos: i32) -> Result<Duration, CallError> {
        let (stream, now) = (stream(), Instant::now());
        let timeout = Some(prost_types::Duration { seconds, nanos });
        item_context(&stream, timeout, now).map(|context| context.deadline - now)
    }

    #[test]
    fn an_item_has_its_own_time_within_the_streams() {
        assert_eq!(time(5, 1), Ok(Duration::new(5, 1)));
        assert!(time(1000, 0).unwrap() <= Duration::from_secs(100));
        assert!(time(i64::MAX, 0).unwrap() <= Duration::from_secs(100));
        assert_eq!(time(0, 0), Err(CallError::DeadlineExceeded));
        assert_eq!(time(-1, 0).unwrap_err().reason(), "FIELD_MALFORMED");
        let now = Instant::now();
        let own = item_context(&stream(), None, now).unwrap();
        assert_eq!(own.deadline - now, Duration::from_secs(60));
    }

    #[test]
    fn an_error_is_the_status_of_the_unary_call() {
        let response = failed(7, &missing("operation").into());
        let Some(Answer::Error(status)) = response.result else { unreachable!("it failed") };
        assert_eq!((response.sequence, status.code), (7, tonic::Code::InvalidArgument.into()));
        assert!(status.details.iter().any(|detail| detail.type_url.ends_with("google.rpc.ErrorInfo")));
    }

    fn read(bytes: &[u8]) -> Result<Result<Item, PipelineResponse>, CallError> {
        Item::read(Bytes::copy_from_slice(bytes), &Limits::default())
    }

    #[test]
    fn what_is_no_request_but_has_a_number_is_answered_with_it() {
        // Sequence 9, and a profile that is no text.
        let response = read(&[8, 9, 0x1a, 3, 0x0a, 1, 0xff]).unwrap().err().unwrap();
        assert_eq!(response.sequence, 9);
        assert!(matches!(response.result, Some(Answer::Error(status)) if status.code == 3));
        assert!(read(&[8, 9, 0x1a, 3]).is_err());
    }

    #[test]
    fn an_item_with_too_many_elements_is_answered_and_not_decoded() {
        // Sequence 9, and `sign_certificate` with 60 empty `crl_distribution_points`.
        let bytes = [&[8, 9, 0x22, 120][..], &[0x4a, 0].repeat(60)].concat();
        let response = read(&bytes).unwrap().err().unwrap();
        let Some(Answer::Error(status)) = response.result else { unreachable!("it failed") };
        assert_eq!((response.sequence, status.code), (9, 3));
        assert!(status.message.contains("crl_distribution_points"), "{}", status.message);
    }

    #[test]
    fn an_item_carries_a_secret_where_its_operation_does_or_is_unknown() {
        // An operation each, without contents: `hash_data`, `verify_data`, `encapsulate`.
        for number in [3, 6, 11] {
            assert!(!read(&[number << 3 | 2, 0]).unwrap().ok().unwrap().carries_secret(), "{number}");
        }
        for number in [4, 5, 7, 8, 9, 10, 12, 13] {
            assert!(read(&[number << 3 | 2, 0]).unwrap().ok().unwrap().carries_secret(), "{number}");
        }
    }
}
