//! The counters of one shard.

use std::sync::atomic::{AtomicU64, AtomicUsize};

/// The counters of one shard. Each shard has its own, so that shards do not contend for a cache line.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Connections that were assigned to the shard and are not closed yet.
    pub(super) connections: AtomicUsize,
    /// Calls in flight: the request is complete and the response is not, or a stream has data to process.
    pub(super) in_flight: AtomicUsize,
    /// Open streams that wait for the client's next message.
    pub(super) paused: AtomicUsize,
    /// How often a call has entered flight, over the shard's life.
    pub(super) started: AtomicU64,
    /// Connections whose first bytes have not been read yet.
    pub(super) unread: AtomicUsize,
}
