//! Operations on a stream: a header, then the data in chunks of any size, then the response.
//!
//! An operation either processes the data while it arrives (`handler::StreamHandler`), or keeps it until it is complete
//! (`handler::UploadHandler`, which `prove` implements).
//!
//! `messages` reads the client's messages from the request's body, and `reader` applies the deadline or the idle timeout.
//! `handler` defines the traits that `hash`, `sign` and `verify` implement. `serve` combines them: policy decides on the
//! header, `batcher` gathers the data, and `worker` processes it in the pool while the I/O thread continues to read. A
//! stream of any length takes the memory of a few messages.

mod batcher;
mod handler;
mod hash;
mod message;
mod messages;
mod prove;
mod reader;
mod serve;
mod sign;
mod verify;
mod worker;

use tonic::body::Body;

use super::{
    Broker, CallContext,
    unary::{DeferredUnaryResponse, Encodable},
};
pub(super) use handler::{StreamHandler, UploadHandler};

/// Serves a stream for the operation `O`.
pub(super) fn operation<O: StreamHandler>(
    broker: &Broker,
    context: CallContext,
    body: Body,
) -> DeferredUnaryResponse {
    let broker = broker.clone();
    Box::pin(async move {
        let response = broker.serve_stream::<O>(context, body).await?;
        Encodable::encode(response, broker.0.max_response_bytes)
    })
}

/// Serves a stream for the operation `O`, which keeps its data.
pub(super) fn upload<O: UploadHandler>(
    broker: &Broker,
    context: CallContext,
    body: Body,
) -> DeferredUnaryResponse {
    let broker = broker.clone();
    Box::pin(async move {
        let response = O::serve(&broker, context, body).await?;
        Encodable::encode(response, broker.0.max_response_bytes)
    })
}
