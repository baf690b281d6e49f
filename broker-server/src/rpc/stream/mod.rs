//! Operations on a stream: a header, then the data in parts of any size, then the response.
//!
//! `messages` reads the client's messages from the request's body, and `reader` watches over the client's time. `handler`
//! says what an operation does with header and data, `hash`, `sign` and `verify` for each. `serve` brings them together:
//! policy decides on the header, and `worker` works on the data in the pool while the I/O thread reads on. A stream of any
//! length takes the memory of a few messages.

mod handler;
mod hash;
mod message;
mod messages;
mod pieces;
mod reader;
mod serve;
mod sign;
mod verify;
mod worker;

use tonic::body::Body;

use super::{
    Broker, CallContext,
    unary::{DeferredUnaryResponse, encode},
};
pub(super) use handler::StreamHandler;

/// Answers a stream for the operation `O`.
pub(super) fn operation<O: StreamHandler>(
    broker: &Broker,
    context: CallContext,
    body: Body,
) -> DeferredUnaryResponse {
    let broker = broker.clone();
    Box::pin(async move {
        let response = broker.serve_stream::<O>(context, body).await?;
        encode(&response, broker.0.max_response_bytes)
    })
}
