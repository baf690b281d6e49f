//! What a pipeline and the transport tell each other while it lasts.

use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    sync::Arc,
};

/// The transport's side of one call. A drain waits for a call that is busy.
pub(crate) trait Course: Send + Sync {
    /// There are items to work on.
    fn busy(&self);

    /// All items that have come are answered.
    fn idle(&self);

    /// A frame of answers is on its way to the client, who may take its time to fetch it.
    fn hands_out(&self);

    /// The client has room for more answers.
    fn goes_on(&self);

    /// An item with a secret in it has been read: what it came in is to be wiped.
    fn secret(&self);

    /// Resolves when the broker leaves: nothing more is to be read.
    fn leaving(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// In the request's extensions.
#[derive(Clone)]
pub struct Lifeline(pub(crate) Arc<dyn Course>);

impl fmt::Debug for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lifeline")
    }
}

impl Lifeline {
    /// Of a pipeline without a transport: nobody waits for it, and it is never told to leave. For measurements, which
    /// give a request to the services themselves.
    pub fn alone() -> Self {
        Self(Arc::new(Alone))
    }
}

/// Tells nobody, and is told nothing.
struct Alone;

impl Course for Alone {
    fn busy(&self) {}

    fn idle(&self) {}

    fn hands_out(&self) {}

    fn goes_on(&self) {}

    fn secret(&self) {}

    fn leaving(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(future::pending())
    }
}
