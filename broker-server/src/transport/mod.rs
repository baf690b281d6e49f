//! The transport turns the bytes of connections into calls.
//!
//! 1. `socket.rs` binds the listening sockets, and `accept.rs` accepts connections on them.
//! 2. `connection_table.rs` keeps the table of connections. When it is full, it evicts one or rejects the new one.
//! 3. `shard.rs` serves a connection on one of the I/O threads. Its bytes pass through three I/O layers to hyper:
//! 4. `authority.rs` rewrites an `:authority` that is malformed, with the decoder in `hpack.rs`;
//! 5. `wipe.rs` inserts frames of zeros between two frames, which it finds with `frames.rs`, and so wipes hyper's read
//!    buffer;
//! 6. `goaway.rs` sends GOAWAY if one of them has to end the connection. `http2.rs` has the wire format of all three.
//! 7. `service.rs` checks each request that hyper decodes, and gives it to the handler of its method.
//! 8. `body.rs` hands the request's data to the handler and the response's data to hyper. `call.rs` tracks whether the
//!    call is in flight, in the counters of `load.rs`, and `abort.rs` ends it at its deadline.
//! 9. `drain.rs` watches those counters during a shutdown, whose phases (`phase.rs`) every connection observes.

mod abort;
mod accept;
mod authority;
mod body;
mod call;
mod connection;
mod connection_table;
mod drain;
mod error;
mod forward;
mod frames;
mod goaway;
mod hpack;
mod http2;
mod load;
mod log_throttle;
mod options;
mod phase;
mod read_timer;
mod service;
mod shard;
pub mod socket;
mod wipe;

use std::{future::Future, sync::Arc};

use tokio::time::Instant;

use self::{accept::Acceptor, connection_table::ConnectionTable, shard::Shard};
use crate::rpc::{Health, Routes};
pub use drain::DrainOutcome;
pub use error::TransportError;
pub use options::{MAX_HEADER_LIST_SIZE, TransportOptions};
pub use socket::Listener;

/// Serves until `stop` completes, drains, and returns how the drain ended. Blocks the calling thread. The function builds
/// its own runtimes, so it must not be called on one. `routes` is called once per shard. The socket files are removed
/// before connections receive GOAWAY.
///
/// # Errors
/// Fails with [`TransportError`] if a thread or a runtime cannot be started, in which case no call has been served, or if
/// an I/O thread panicked.
pub fn run(
    listeners: Vec<Listener>,
    options: &TransportOptions,
    routes: impl Fn() -> Routes,
    health: &Health,
    stop: impl Future<Output = ()>,
) -> Result<DrainOutcome, TransportError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TransportError::Runtime)?;
    options.warn_of_low_file_limit(listeners.len());
    let table = Arc::new(ConnectionTable::new(options.max_connections, options.max_closing()));
    let shards = (0..options.shards.get())
        .map(|index| Shard::start(index, routes(), Arc::clone(&table), options))
        .collect::<Result<Vec<_>, _>>()?;
    let outcome = runtime.block_on(async {
        let sockets = listeners
            .iter()
            .map(|listener| listener.try_clone_socket().and_then(tokio::net::UnixListener::from_std))
            .collect::<Result<Vec<_>, _>>()
            .map_err(TransportError::Accept)?;
        let mut acceptor = Acceptor::new(sockets, &shards, &table);
        let deadline = tokio::select! {
            biased;
            deadline = async {
                stop.await;
                let deadline = Instant::now() + options.drain_deadline;
                tracing::info!("draining");
                drain::await_idle(&shards, health, options, deadline).await;
                deadline
            } => deadline,
            infallible = acceptor.accept() => match infallible {},
        };
        // No client can connect after this. Those that have connected receive GOAWAY like all others.
        drop(listeners);
        acceptor.accept_pending(options.max_connections);
        Ok(drain::shut_down(&shards, options, deadline).await)
    });
    // Every thread is joined, also after one that panicked.
    let panicked = shards.into_iter().filter_map(|shard| shard.join().err()).count();
    if panicked == 0 { outcome } else { outcome.and(Err(TransportError::Shard)) }
}
