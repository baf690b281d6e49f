//! The interface between a pipeline and the transport: the pipeline reports its progress, and the transport tells it when
//! to stop.

use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
};

/// Observes one pipeline for the transport. A drain waits for a pipeline that is busy.
pub(crate) trait PipelineObserver: Send + Sync {
    /// Items have arrived whose responses are not ready yet.
    fn set_busy(&self);

    /// The responses of all items that have arrived are ready.
    fn set_idle(&self);

    /// A chunk of responses has been handed to h2. The client may take any time to read it.
    fn chunk_ready(&self);

    /// The response body has been polled again: h2 has the capacity to send another chunk.
    fn response_polled(&self);

    /// The connection's read buffer may contain a secret, which the transport wipes.
    fn secret_received(&self);

    /// Resolves when the broker shuts down: the pipeline reads no more items then.
    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The observer of one pipeline, shared between the transport and the pipeline.
#[derive(Clone)]
pub struct PipelineHandle(pub(crate) Arc<dyn PipelineObserver>);

impl fmt::Debug for PipelineHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipelineHandle")
    }
}

impl PipelineHandle {
    /// Returns a handle that ignores all reports and never shuts down, for measurements without a transport.
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
