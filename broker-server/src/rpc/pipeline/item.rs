//! Decodes an item of a pipeline and passes it to the handler of its operation.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use broker_proto::v1::{
    PipelineRequest, PipelineResponse, pipeline_request::Operation,
    pipeline_response::Result as OperationResult,
};
use bytes::Bytes;
use prost::Message as _;

use super::{
    items::sequence,
    protocol::{ItemMessage, Next, Protocol, Received, status},
};
use crate::{
    policy::permit,
    request::{FieldError, FieldErrorKind, Limits},
    rpc::{
        Broker, CallContext,
        call::{Placement, log_unreadable_request},
        decode::{copy_shared_fields, decode},
        handler::{Handler, is_synchronous},
    },
    status::CallError,
};

/// The protocol of `PipelineService.Execute`.
#[derive(Default)]
pub(in crate::rpc) struct Execute;

impl Protocol for Execute {
    type Response = PipelineResponse;
    type Opened = Infallible;

    const METHOD: &'static str = "Execute";

    fn max_items(broker: &Broker) -> usize {
        broker.0.max_pipeline_items
    }

    fn receive(
        &mut self,
        message: Bytes,
        broker: &Broker,
        context: &CallContext,
        now: Instant,
    ) -> Received<Self> {
        let unreadable = |error: &CallError| log_unreadable_request(Self::METHOD, context.caller, error);
        match Item::decode(message, &broker.0.limits) {
            Ok(Ok(item)) => {
                let may_contain_secret = item.may_contain_secret();
                let (cost, next) = item.start(broker, context, now);
                Received { may_contain_secret, cost, next }
            }
            Ok(Err((response, error))) => {
                unreadable(&error);
                Received { may_contain_secret: true, cost: 0, next: Next::Ready(response) }
            }
            Err(error) => {
                unreadable(&error);
                Received { may_contain_secret: true, cost: 0, next: Next::Ended(error) }
            }
        }
    }

    fn opened(&mut self, opened: Infallible) {
        match opened {}
    }
}

impl ItemMessage for PipelineResponse {
    fn failed(sequence: u64, error: &CallError) -> Self {
        failed(sequence, error)
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn has_secret(&self) -> bool {
        self.result.as_ref().is_some_and(OperationResult::has_secret)
    }
}

/// A decoded item.
struct Item {
    sequence: u64,
    timeout: Option<prost_types::Duration>,
    operation: Option<Operation>,
    /// The message contains something else: a second operation, or a field of a newer client.
    has_unknown_fields: bool,
}

impl Item {
    /// Decodes a message. The inner error is the response to a message that is malformed but has a sequence number; the
    /// outer error ends the stream.
    fn decode(
        message: Bytes,
        limits: &Limits,
    ) -> Result<Result<Self, (PipelineResponse, CallError)>, CallError> {
        match decode::<PipelineRequest>(message.clone(), limits) {
            Ok(request) => {
                // Encoding drops what decoding ignored.
                let has_unknown_fields = request.encoded_len() != message.len();
                let PipelineRequest { sequence, timeout, operation } = request;
                Ok(Ok(Self { sequence, timeout, operation, has_unknown_fields }))
            }
            Err(error) => match sequence(message) {
                Some(sequence) => Ok(Err((failed(sequence, &error), error))),
                None => Err(error),
            },
        }
    }

    /// Reports whether the request contains a secret, or something unknown, which may be one.
    fn may_contain_secret(&self) -> bool {
        self.has_unknown_fields || self.operation.as_ref().is_some_and(Operation::has_secret)
    }

    /// Starts the item, which was read at `now`, and returns the cost of what it does inline, as [`Placement::Inline`] counts it.
    /// `context` is the stream's, whose deadline applies to every item.
    fn start(self, broker: &Broker, context: &CallContext, now: Instant) -> (usize, Next<Execute>) {
        let Self { sequence, timeout, operation, .. } = self;
        let context = match item_context(context, timeout, now) {
            Ok(context) => context,
            Err(error) => return (0, Next::Ready(failed(sequence, &error))),
        };
        macro_rules! dispatch {
            (
                unary { $($(#[$doc:meta])* $name:ident { $($fields:tt)* })+ }
                $($others:tt)*
            ) => {
                match operation {
                    $(Some(Operation::$name(message)) => {
                        start_operation::<permit::$name>(broker, context, sequence, message, OperationResult::$name)
                    })+
                    None => {
                        let missing = FieldError { field: "operation", kind: FieldErrorKind::Missing };
                        (0, Next::Ready(failed(sequence, &missing.into())))
                    }
                }
            };
        }
        with_operations!(dispatch)
    }
}

fn start_operation<O: Handler>(
    broker: &Broker,
    context: CallContext,
    sequence: u64,
    mut message: O::Message,
    wrap: fn(O::Response) -> OperationResult,
) -> (usize, Next<Execute>) {
    let cost = match O::placement(&broker.0, &message) {
        Placement::Inline { cost } => cost,
        Placement::ShortLane | Placement::LongLane => 0,
    };
    if is_synchronous::<O>(&broker.0, &message) {
        let work = AssertUnwindSafe(|| broker.handle_sync::<O>(context, message));
        let result = catch_unwind(work).unwrap_or(Err(CallError::Internal));
        return (cost, Next::Ready(response(sequence, result.map(wrap))));
    }
    copy_shared_fields(&mut message);
    let broker = broker.clone();
    let deferred = async move {
        let result = broker.handle::<O>(context, message).await;
        response(sequence, result.map(wrap))
    };
    (cost, Next::Deferred(Box::pin(deferred)))
}

/// Returns the context of an item with its own deadline.
pub(super) fn item_context(
    stream: &CallContext,
    timeout: Option<prost_types::Duration>,
    now: Instant,
) -> Result<CallContext, CallError> {
    let time = match timeout {
        Some(timeout) => Duration::try_from(timeout).map_err(|_| malformed("timeout", "is negative"))?,
        None => stream.item_timeout.unwrap_or_default(),
    };
    if time.is_zero() {
        return Err(CallError::DeadlineExceeded);
    }
    // A deadline beyond what the clock can represent is the stream's.
    let deadline = now.checked_add(time).map_or(stream.deadline, |own| own.min(stream.deadline));
    Ok(CallContext { deadline, received_at: now, item_timeout: None, ..*stream })
}

fn malformed(field: &'static str, what: &str) -> FieldError {
    FieldError { field, kind: FieldErrorKind::Malformed(what.to_owned()) }
}

fn response(sequence: u64, result: Result<OperationResult, CallError>) -> PipelineResponse {
    match result {
        Ok(result) => PipelineResponse { sequence, result: Some(result), padding: Vec::new() },
        Err(error) => failed(sequence, &error),
    }
}

/// Returns the response that reports an error.
fn failed(sequence: u64, error: &CallError) -> PipelineResponse {
    let result = Some(OperationResult::Error(status(error)));
    PipelineResponse { sequence, result, padding: Vec::new() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::caller::Caller;

    fn stream() -> CallContext {
        let deadline = Instant::now() + Duration::from_secs(100);
        let item_timeout = Some(Duration::from_secs(60));
        CallContext {
            caller: Caller { uid: 0, gid: 0, pid: None },
            connection: 1,
            deadline,
            received_at_unix: 0,
            received_at: Instant::now(),
            idle_timeout: None,
            item_timeout,
        }
    }

    fn time(seconds: i64, nanos: i32) -> Result<Duration, CallError> {
        let (stream, now) = (stream(), Instant::now());
        let timeout = Some(prost_types::Duration { seconds, nanos });
        item_context(&stream, timeout, now).map(|context| context.deadline - now)
    }

    #[test]
    fn item_timeout_ends_within_deadline_of_stream() {
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
    fn error_is_status_of_unary_call() {
        let response = failed(7, &FieldError { field: "operation", kind: FieldErrorKind::Missing }.into());
        let Some(OperationResult::Error(status)) = response.result else { unreachable!("it failed") };
        assert_eq!((response.sequence, status.code), (7, tonic::Code::InvalidArgument.into()));
        assert!(status.details.iter().any(|detail| detail.type_url.ends_with("google.rpc.ErrorInfo")));
    }

    fn decode(bytes: &[u8]) -> Result<Result<Item, (PipelineResponse, CallError)>, CallError> {
        Item::decode(Bytes::copy_from_slice(bytes), &Limits::default())
    }

    #[test]
    fn malformed_item_is_answered_with_its_sequence_number() {
        // Sequence 9, and a profile that is no text.
        let (response, _) = decode(&[8, 9, 0x1a, 3, 0x0a, 1, 0xff]).unwrap().err().unwrap();
        assert_eq!(response.sequence, 9);
        assert!(matches!(response.result, Some(OperationResult::Error(status)) if status.code == 3));
        assert!(decode(&[8, 9, 0x1a, 3]).is_err());
    }

    #[test]
    fn item_with_too_many_elements_is_answered() {
        // Sequence 9, and `sign_certificate` with 60 empty `crl_distribution_points`.
        let bytes = [&[8, 9, 0x22, 120][..], &[0x4a, 0].repeat(60)].concat();
        let (response, _) = decode(&bytes).unwrap().err().unwrap();
        let Some(OperationResult::Error(status)) = response.result else { unreachable!("it failed") };
        assert_eq!((response.sequence, status.code), (9, 3));
        assert!(status.message.contains("crl_distribution_points"), "{}", status.message);
    }

    #[test]
    fn item_may_contain_secret_if_its_operation_does_or_is_unknown() {
        // An operation each, without contents: `hash_data`, `verify_data`, `encapsulate`, `generate_key`, `list_circuits`.
        for number in [3, 6, 11, 13, 14] {
            assert!(!decode(&[number << 3 | 2, 0]).unwrap().ok().unwrap().may_contain_secret(), "{number}");
        }
        for number in [4, 5, 7, 8, 9, 10, 12] {
            assert!(decode(&[number << 3 | 2, 0]).unwrap().ok().unwrap().may_contain_secret(), "{number}");
        }
        // `prove`, and a field that is unknown. Their keys have two bytes.
        for number in [17, 900] {
            let key = number << 3 | 2;
            let message = [(key & 0x7f | 0x80) as u8, (key >> 7) as u8, 0];
            assert!(decode(&message).unwrap().ok().unwrap().may_contain_secret(), "{number}");
        }
    }
}
