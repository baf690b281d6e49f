//! The interface between a pipeline and the transport: the pipeline says how far it is, the transport when to stop.

use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
};

/// The transport's view of one pipeline. A drain waits for a pipeline that is busy.
pub(crate) trait PipelineObserver: Send + Sync {
    /// Items have arrived that are not answered yet.
    fn set_busy(&self);

    /// Every item that has arrived is answered.
    fn set_idle(&self);

    /// A frame of answers has been handed to the client, which may take its time to read it.
    fn chunk_ready(&self);

    /// The client has room for another frame of answers.
    fn response_polled(&self);

    /// An item with a secret has been read. The transport wipes the buffer that it arrived in.
    fn secret_received(&self);

    /// Resolves when the broker shuts down: the pipeline reads no more items then.
    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A shared [`PipelineObserver`].
#[derive(Clone)]
pub struct PipelineHandle(pub(crate) Arc<dyn PipelineObserver>);

impl fmt::Debug for PipelineHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipelineHandle")
    }
}

impl PipelineHandle {
    /// A handle without a transport, for measurements that give a request to the services directly. It never shuts down.
    pub fn noop() -> Self {
        Self(Arc::new(Noop))
    }
}

struct Noop;

impl PipelineObserver for Noop {
    fn set_busy(&self) {}

    fn set_idle(&self) {}

    fn chunk_ready(&self) {}

    fn response_polled(&self) {}

    fn secret_received(&self) {}

    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(future::pending())
    }
}
