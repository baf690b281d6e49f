//! Dispatch of unary calls past the gRPC library, which passes a request and its answer through a router, four boxes and
//! two more buffers each. Here the message is decoded from the request's frame, and the answer is encoded into one.

use std::{future::Future, pin::Pin};

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::Bytes;
use http_body::Body;
use prost::Message;
use tonic::Status;

use super::{
    Broker, CallContext,
    call::log_unread,
    decode::{decode, detach},
    framing,
    handler::{Handler, is_inline},
    read::read,
};
use crate::status::CallError;

/// Answers the message of a unary call.
pub(crate) type Unary = fn(&Broker, CallContext, Bytes) -> Answer;

/// The encoded answer of a unary call, with its length prefix.
pub(crate) enum Answer {
    /// It was made inline.
    Ready(Result<Bytes, CallError>),
    /// It waits for the pool, or for the record of a key.
    Deferred(DeferredAnswer),
}

/// An answer that is awaited.
pub(crate) type DeferredAnswer = Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>>;

/// Answers the message of a unary operation.
pub(super) fn operation<O: Handler>(broker: &Broker, context: CallContext, message: Bytes) -> Answer {
    let limit = broker.0.max_response_bytes;
    let mut message: O::Message = match decode(message, &broker.0.limits) {
        Ok(message) => message,
        Err(error) => {
            log_unread(O::NAME, context.caller, &error);
            return Answer::Ready(Err(error));
        }
    };
    if is_inline::<O>(&broker.0, &message) {
        let response = broker.handle_inline::<O>(context, message);
        return Answer::Ready(response.and_then(|response| encode(&response, limit)));
    }
    detach(&mut message);
    let broker = broker.clone();
    Answer::Deferred(Box::pin(async move {
        let response = broker.handle::<O>(context, message).await?;
        encode(&response, limit)
    }))
}

/// Reads the request of a unary call and answers it. `path` is the method's.
pub(crate) async fn answer<B>(
    broker: &Broker,
    path: &'static str,
    unary: Unary,
    context: CallContext,
    body: B,
) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let message = read(body, broker.0.max_request_bytes)
        .await
        .inspect_err(|error| log_unread(path, context.caller, error))?;
    match unary(broker, context, message) {
        Answer::Ready(answer) => answer,
        Answer::Deferred(answer) => answer.await,
    }
}

pub(super) fn encode(answer: &impl Message, limit: usize) -> Result<Bytes, CallError> {
    let length = answer.encoded_len();
    if length > limit {
        return Err(CallError::library(&framing::response_too_large(length, limit)));
    }
    let mut bytes = Vec::with_capacity(PREFIX_LENGTH + length);
    put_prefix(&mut bytes, length);
    answer.encode_raw(&mut bytes);
    Ok(bytes.into())
}
