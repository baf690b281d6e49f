//! Bytes in, calls out: sockets, shards, admission, drain.

mod options;
pub mod socket;

use std::{future::Future, io};

use tonic::service::Routes;

use crate::rpc::Health;
pub use options::TransportOptions;
pub use socket::Listener;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every accepted call was answered.
    Drained,
    /// The drain deadline passed first.
    Cut {
        /// How many calls were cut off.
        calls: usize,
    },
}

/// Why serving could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No runtime.
    #[error("cannot start an I/O runtime: {0}")]
    Runtime(#[source] io::Error),
    /// No thread.
    #[error("cannot start an I/O thread: {0}")]
    Thread(#[source] io::Error),
}

/// Serves until `stop` resolves and the drain after it is over. Blocks; the runtimes are its own. `routes` is called
/// once per shard. The sockets are removed when it returns.
pub fn run(
    listeners: Vec<Listener>,
    options: &TransportOptions,
    routes: impl Fn() -> Routes,
    health: &Health,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, TransportError> {
    todo!()
}
