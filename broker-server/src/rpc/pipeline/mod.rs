//! Streams of items that have a response each: `PipelineService.Execute` (`item`) and `Groth16Service.ProveMany`
//! (`prove_many`).
//!
//! `items` reads the client's messages from the request's body, without tonic's codec. A `protocol` says what they mean, and
//! passes each item to the handler of its operation. `responses` encodes many responses into one chunk. `body` combines the
//! three as the body of the response, so that an inline item needs no task, no channel and no future of its own. `observer`
//! is the interface by which the transport follows the pipeline's progress.

mod body;
mod item;
mod items;
mod observer;
mod protocol;
mod prove_many;
mod responses;

use tonic::body::Body;

use self::body::PipelineBody;
use super::{Broker, CallContext};
pub(super) use item::Execute;
pub use observer::PipelineHandle;
pub(crate) use observer::PipelineObserver;
pub(super) use protocol::{ExchangeHandler, Protocol};

/// Returns the body of the response to a stream of items.
pub(super) fn serve<P: Protocol>(
    broker: Broker,
    context: CallContext,
    handle: PipelineHandle,
    body: Body,
) -> Body {
    Body::new(PipelineBody::<P>::new(broker, context, handle, body))
}
