//! Asynchronous work inside a synchronous program: one small runtime, and the signals that interrupt it.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Failure;

/// Runs `work` to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::local("cannot start the runtime", source))?;
    runtime.block_on(work)
}

/// The signals SIGINT, SIGTERM and SIGHUP, which no longer end the program once this is made.
pub(crate) struct Interruption([Signal; 3]);

impl Interruption {
    /// Takes over the three signals. It must be called inside a runtime.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|source| Failure::local("cannot listen for signals", source));
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// Waits for one of them.
    pub(crate) async fn received(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
