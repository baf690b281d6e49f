//! Bytes in, calls out: sockets, shards, admission, drain.

mod admission;
mod authority;
mod body;
mod connection;
mod drain;
mod frames;
mod options;
mod peer;
mod scrub;
mod shard;
pub mod socket;

use std::{
    future::Future,
    io,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::time::Instant;

use self::{
    peer::Peers,
    shard::{Dealer, Shard},
};
use crate::{
    caller::Caller,
    rpc::{Health, Routes},
};
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

/// How long to wait when the process has run out of files and none can be freed.
const BACKOFF: Duration = Duration::from_millis(20);

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
    let peers = Arc::new(Peers::new(options.max_connections));
    let shards = (0..options.shards.get())
        .map(|index| Shard::start(index, routes(), Arc::clone(&peers), options))
        .collect::<Result<Vec<_>, _>>()?;
    let outcome = runtime.block_on(async {
        let dealer = Dealer { shards: &shards, peers: &peers, next_id: AtomicU64::new(1) };
        let sockets = listeners
            .iter()
            .map(|listener| listener.accepting().and_then(tokio::net::UnixListener::from_std))
            .collect::<Result<Vec<_>, _>>()
            .map_err(TransportError::Accept)?;
        let deadline = tokio::select! {
            biased;
            deadline = async {
                stop.await;
                let deadline = Instant::now() + options.drain_deadline;
                tracing::info!("draining");
                drain::quieten(&shards, health, options, deadline).await;
                deadline
            } => deadline,
            never = accept_all(&sockets, &dealer) => match never {},
        };
        drop(sockets);
        drop(listeners);
        Ok(drain::leave(&shards, options, deadline).await)
    });
    let whole = shards.into_iter().filter_map(|shard| (!shard.join()).then_some(())).count() == 0;
    if whole { outcome } else { outcome.and(Err(TransportError::Shard)) }
}

async fn accept_all(sockets: &[tokio::net::UnixListener], dealer: &Dealer<'_>) -> std::convert::Infallible {
    loop {
        let accepted = std::future::poll_fn(|cx| {
            let mut sockets = sockets.iter().map(|socket| socket.poll_accept(cx));
            sockets.find(std::task::Poll::is_ready).unwrap_or(std::task::Poll::Pending)
        });
        let dealt = match accepted.await {
            Ok((stream, _)) => stream.peer_cred().and_then(|cred| {
                let caller = Caller { uid: cred.uid(), gid: cred.gid(), pid: cred.pid() };
                dealer.deal(stream.into_std()?, caller);
                Ok(())
            }),
            Err(error) => Err(error),
        };
        if let Err(error) = dealt {
            // A connection that its client has given up is nobody's trouble; anything else is mostly a lack of files.
            if error.kind() != io::ErrorKind::ConnectionAborted {
                let room = dealer.peers.make_room();
                tracing::warn!(%error, room, "cannot accept a connection");
                tokio::time::sleep(BACKOFF).await;
            }
        }
    }
}
