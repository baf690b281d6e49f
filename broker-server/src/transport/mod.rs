//! Bytes in, calls out: sockets, shards, admission, drain.

mod accept;
mod admission;
mod authority;
mod body;
mod connection;
mod drain;
mod episode;
mod frames;
mod goaway;
mod hpack;
mod options;
mod patience;
mod peer;
mod scrub;
mod shard;
pub mod socket;

use std::{
    future::Future,
    io,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::time::Instant;

use self::{
    accept::Acceptor,
    peer::Peers,
    shard::{Dealer, Shard},
};
use crate::rpc::{Health, Routes};
pub use options::{LARGEST_HEADERS, TransportOptions};
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

/// Why serving could not start, or went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No runtime.
    #[error("cannot start an I/O runtime: {0}")]
    Runtime(#[source] io::Error),
    /// No thread.
    #[error("cannot start an I/O thread: {0}")]
    Thread(#[source] io::Error),
    /// A socket cannot be accepted from.
    #[error("cannot accept connections: {0}")]
    Accept(#[source] io::Error),
    /// An I/O thread panicked: a bug.
    #[error("an I/O thread has failed")]
    Shard,
}

/// Serves until `stop` resolves and the drain after it is over. Blocks; the runtimes are its own, so it must not be
/// called on one. `routes` is called once per shard. The socket files are gone when the drain's last phase begins.
///
/// # Errors
/// [`TransportError`] where a thread or runtime cannot be had; no call has been served then.
pub fn run(
    listeners: Vec<Listener>,
    options: &TransportOptions,
    routes: impl Fn() -> Routes,
    health: &Health,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, TransportError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TransportError::Runtime)?;
    options.warn_of_few_files(listeners.len());
    let peers = Arc::new(Peers::new(options.max_connections, options.max_closing()));
    let shards = (0..options.shards.get())
        .map(|index| Shard::start(index, routes(), Arc::clone(&peers), options))
        .collect::<Result<Vec<_>, _>>()?;
    let outcome = runtime.block_on(async {
        let sockets = listeners
            .iter()
            .map(|listener| listener.accepting().and_then(tokio::net::UnixListener::from_std))
            .collect::<Result<Vec<_>, _>>()
            .map_err(TransportError::Accept)?;
        let dealer = Dealer { shards: &shards, peers: &peers, next_id: AtomicU64::new(1) };
        let mut acceptor = Acceptor::new(sockets, dealer);
        let deadline = tokio::select! {
            biased;
            deadline = async {
                stop.await;
                let deadline = Instant::now() + options.drain_deadline;
                tracing::info!("draining");
                drain::quieten(&shards, health, options, deadline).await;
                deadline
            } => deadline,
            never = acceptor.accept() => match never {},
        };
        // From here on nobody finds the sockets. A client that has connected already is told to go like all others.
        drop(listeners);
        acceptor.accept_rest(options.max_connections);
        Ok(drain::leave(&shards, options, deadline).await)
    });
    let whole = shards.into_iter().filter_map(|shard| (!shard.join()).then_some(())).count() == 0;
    if whole { outcome } else { outcome.and(Err(TransportError::Shard)) }
}
