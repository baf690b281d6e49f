//! `PipelineService.Execute`: many operations on one stream.
//!
//! `items` reads the client's messages from the request's body, without tonic's codec. `item` passes each of them to the
//! handler of its operation. `responses` encodes many responses into one chunk. `body` combines the three as the body of
//! the response, so that an inline item needs no task, no channel and no future of its own. `observer` is the interface by
//! which the transport follows the pipeline's progress.

mod body;
mod item;
mod items;
mod observer;
mod responses;

pub(crate) use body::PipelineBody;
pub use observer::PipelineHandle;
pub(crate) use observer::PipelineObserver;
