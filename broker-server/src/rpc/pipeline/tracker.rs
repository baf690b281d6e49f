//! What a pipeline and the transport tell each other while it lasts.

use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
};

/// The transport's side of one call. A drain waits for a call that is busy.
pub(crate) trait CallTracker: Send + Sync {
    /// There are items to work on.
    fn set_busy(&self);

    /// All items that have come are answered.
    fn set_idle(&self);

    /// A frame of answers is on its way to the client, who may take its time to fetch it.
    fn frame_ready(&self);

    /// The client has room for more answers.
    fn client_ready(&self);

    /// An item with a secret in it has been read: what it came in is to be wiped.
    fn mark_secret(&self);

    /// Resolves when the broker leaves: nothing more is to be read.
    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// In the request's extensions.
#[derive(Clone)]
pub struct CallHandle(pub(crate) Arc<dyn CallTracker>);

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallHandle")
    }
}

impl CallHandle {
    /// Of a pipeline without a transport: nobody waits for it, and it is never told to leave. For measurements, which
    /// give a request to the services themselves.
    pub fn alone() -> Self {
        Self(Arc::new(Alone))
    }
}

/// Tells nobody, and is told nothing.
struct Alone;

impl CallTracker for Alone {
    fn set_busy(&self) {}

    fn set_idle(&self) {}

    fn frame_ready(&self) {}

    fn client_ready(&self) {}

    fn mark_secret(&self) {}

    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(future::pending())
    }
}
