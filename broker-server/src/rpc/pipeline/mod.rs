//! `PipelineService.Execute`: many operations on one stream.
//!
//! `items` reads the client's messages from the request's body, past the gRPC library. `item` hands each to the handler of
//! its operation. `answers` encodes many answers into one frame. `body` brings the three together as the body of the
//! answer, so that a light item needs no task, no channel and no future of its own. `observer` is the interface by which the
//! transport follows the pipeline's progress.

mod answers;
mod body;
mod item;
mod items;
mod observer;

pub(crate) use body::PipelineBody;
pub use observer::PipelineHandle;
pub(crate) use observer::PipelineObserver;
