//! The counters of one shard, and the states of calls and connections that they count.
//!
//! - A call is *in flight* while a drain waits for it. A unary call is so from the end of its request to the end of its
//!   response, a stream also from each message until the handler waits for the next one, and a pipeline while it has
//!   items without a response.
//! - A stream is *paused* while it waits for the client's next message. It is not in flight then.
//! - A pipeline *awaits flow control* while h2 has a chunk of its response and has not polled for more. It may be in flight.
//! - A call *blocks eviction* of its connection while it is in flight, its response is not ready, and it does not await
//!   flow control.
//! - A connection is *idle*, and can be evicted, while none of its calls blocks eviction.
//! - A connection is *not yet polled* until its first bytes have been read and the calls in them are counted.

use std::sync::atomic::{AtomicU64, AtomicUsize};

/// The counters of one shard. Each shard has its own, so that shards do not contend for a cache line.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Connections that were assigned to the shard and are not closed yet.
    pub(super) connections: AtomicUsize,
    /// Calls in flight.
    pub(super) in_flight: AtomicUsize,
    /// Streams that are paused.
    pub(super) paused: AtomicUsize,
    /// The number of times that a call has begun to be in flight, since the shard was started.
    pub(super) started: AtomicU64,
    /// Connections that have not been polled yet. The calls in their first bytes are not counted as in flight.
    pub(super) not_yet_polled: AtomicUsize,
}
