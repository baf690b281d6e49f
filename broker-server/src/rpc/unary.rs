//! Unary calls: the way of a message. The gRPC library's own passes a request and its answer through a router, four boxes
//! and two more buffers each; here the message is read from the request's frame, and the answer is written into one.

use std::{future::Future, pin::Pin};

use broker_proto::{PREFIX_LENGTH, put_prefix, v1::HashDataRequest};
use bytes::Bytes;
use http_body::Body;
use prost::Message;
use tonic::Status;

use super::{
    Broker, CallContext,
    decode::{decode_in_place, detach},
    framing, hash_data,
    read::read,
};
use crate::status::CallError;

/// What a method makes of a message.
pub(crate) type Answer = fn(&Broker, CallContext, Bytes) -> Reply;

/// An answer as it is sent, with its prefix.
pub(crate) enum Reply {
    Now(Result<Bytes, CallError>),
    /// Others work on it.
    Later(Pin<Box<dyn Future<Output = Result<Bytes, CallError>> + Send>>),
}

/// The answer of `HashData`, which is made at once where that takes less time than a hop to another thread.
pub(super) fn hash(broker: &Broker, context: CallContext, message: Bytes) -> Reply {
    let limit = broker.0.max_response_bytes;
    let mut message: HashDataRequest = match decode_in_place(message, &broker.0.limits) {
        Ok(message) => message,
        Err(error) => return Reply::Now(Err(error)),
    };
    if hash_data::is_light(&message) {
        let answer = broker.answer_light_hash_data(context, message);
        return Reply::Now(answer.and_then(|answer| encode(&answer, limit)));
    }
    detach(&mut message.input);
    let broker = broker.clone();
    Reply::Later(Box::pin(async move {
        let answer = broker.answer_hash_data(context, message).await?;
        encode(&answer, limit)
    }))
}

/// The answer to the one message of a request.
pub(crate) async fn answer<B>(
    broker: &Broker,
    answer: Answer,
    context: CallContext,
    body: B,
) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let message = read(body, broker.0.max_request_bytes).await?;
    match answer(broker, context, message) {
        Reply::Now(answer) => answer,
        Reply::Later(answer) => answer.await,
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
