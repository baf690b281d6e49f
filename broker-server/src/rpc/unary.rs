//! Dispatches unary calls without tonic's router and codec, which would cost four boxed futures or bodies and two more buffers
//! per call. The message is decoded from the received chunk of the body, and the response is encoded into a single chunk.

use std::{future::Future, pin::Pin};

use broker_proto::{PREFIX_LENGTH, put_prefix};
use bytes::Bytes;
use http_body::Body;
use prost::Message;
use tonic::Status;

use super::{
    Broker, CallContext,
    call::log_unreadable_request,
    decode::{copy_shared_fields, decode},
    framing,
    handler::{Handler, is_synchronous},
    read::read,
    trailers::{EncodedResponse, Trailers, WithTrailers},
};
use crate::status::CallError;

/// A function that handles the message of a unary call.
pub(crate) type Unary = fn(&Broker, CallContext, Bytes) -> UnaryResponse;

/// The encoded response of a unary call, with its length prefix.
pub(crate) enum UnaryResponse {
    /// The response of a call that was handled synchronously.
    Ready(Result<EncodedResponse, CallError>),
    /// The response of a call that waits for the pool or for the record of a key use.
    Deferred(DeferredUnaryResponse),
}

/// A future of an encoded response.
pub(crate) type DeferredUnaryResponse =
    Pin<Box<dyn Future<Output = Result<EncodedResponse, CallError>> + Send>>;

/// Handles the message of a unary operation.
pub(super) fn operation<O: Handler>(broker: &Broker, context: CallContext, message: Bytes) -> UnaryResponse {
    let limit = broker.0.max_response_bytes;
    let mut message: O::Message = match decode(message, &broker.0.limits) {
        Ok(message) => message,
        Err(error) => {
            log_unreadable_request(O::NAME, context.caller, &error);
            return UnaryResponse::Ready(Err(error));
        }
    };
    if is_synchronous::<O>(&broker.0, &message) {
        let response = broker.handle_sync::<O>(context, message);
        return UnaryResponse::Ready(response.and_then(|response| encode_of::<O>(&response, limit)));
    }
    copy_shared_fields(&mut message);
    let broker = broker.clone();
    UnaryResponse::Deferred(Box::pin(async move {
        let response = broker.handle::<O>(context, message).await?;
        encode_of::<O>(&response, limit)
    }))
}

fn encode_of<O: Handler>(response: &O::Response, limit: usize) -> Result<EncodedResponse, CallError> {
    encode(response, O::trailers(response), limit)
}

/// Reads the request of a unary call and handles it. `path` is the method's.
pub(crate) async fn respond<B>(
    broker: &Broker,
    path: &'static str,
    unary: Unary,
    context: CallContext,
    body: B,
) -> Result<EncodedResponse, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let message = read(body, broker.0.max_request_bytes)
        .await
        .inspect_err(|error| log_unreadable_request(path, context.caller, error))?;
    match unary(broker, context, message) {
        UnaryResponse::Ready(response) => response,
        UnaryResponse::Deferred(response) => response.await,
    }
}

/// A response that can be encoded.
pub(super) trait Encodable {
    /// Encodes the response. Fails if it is longer than `limit` bytes.
    fn encode(self, limit: usize) -> Result<EncodedResponse, CallError>;
}

impl<M: Message> Encodable for M {
    fn encode(self, limit: usize) -> Result<EncodedResponse, CallError> {
        encode(&self, None, limit)
    }
}

impl<M: Message> Encodable for WithTrailers<M> {
    fn encode(self, limit: usize) -> Result<EncodedResponse, CallError> {
        encode(&self.response, self.trailers, limit)
    }
}

fn encode(
    response: &impl Message,
    trailers: Option<Trailers>,
    limit: usize,
) -> Result<EncodedResponse, CallError> {
    let length = response.encoded_len();
    if length > limit {
        return Err(CallError::from_tonic(&framing::response_too_large(length, limit)));
    }
    let mut bytes = Vec::with_capacity(PREFIX_LENGTH + length);
    put_prefix(&mut bytes, length);
    response.encode_raw(&mut bytes);
    Ok(EncodedResponse { message: bytes.into(), trailers })
}
