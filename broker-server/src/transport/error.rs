//! The errors of the transport.

use std::io;

/// Why serving could not start, or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The system refused a runtime.
    #[error("cannot start an I/O runtime: {0}")]
    Runtime(#[source] io::Error),
    /// The system refused a thread.
    #[error("cannot start an I/O thread: {0}")]
    Thread(#[source] io::Error),
    /// A listening socket cannot be registered with the runtime.
    #[error("cannot accept connections: {0}")]
    Accept(#[source] io::Error),
    /// An I/O thread panicked, which is a bug.
    #[error("an I/O thread has failed")]
    Shard,
}
