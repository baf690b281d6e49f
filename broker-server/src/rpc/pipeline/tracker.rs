//! The interface between a pipeline and the transport: the pipeline says how far it is, the transport when to stop.

use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
};

/// The transport's view of one pipeline. A drain waits for a pipeline that is busy.
pub(crate) trait CallTracker: Send + Sync {
    /// Items have arrived that are not answered yet.
    fn set_busy(&self);

    /// Every item that has arrived is answered.
    fn set_idle(&self);

    /// A frame of answers has been handed to the client, which may take its time to read it.
    fn frame_ready(&self);

    /// The client has room for another frame of answers.
    fn client_ready(&self);

    /// An item with a secret has been read. The transport wipes the buffer that it arrived in.
    fn mark_secret(&self);

    /// Resolves when the broker shuts down: the pipeline reads no more items then.
    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A shared [`CallTracker`].
#[derive(Clone)]
pub struct CallHandle(pub(crate) Arc<dyn CallTracker>);

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallHandle")
    }
}

impl CallHandle {
    /// A handle without a transport, for measurements that give a request to the services directly. It never shuts down.
    pub fn detached() -> Self {
        Self(Arc::new(Detached))
    }
}

struct Detached;

impl CallTracker for Detached {
    fn set_busy(&self) {}

    fn set_idle(&self) {}

    fn frame_ready(&self) {}

    fn client_ready(&self) {}

    fn mark_secret(&self) {}

    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(future::pending())
    }
}
