//! The counters of one shard, and the states of calls and connections behind them.
//!
//! | state | of | meaning |
//! |---|---|---|
//! | in flight | call | A drain waits for it. Unary: the request is complete and the response body exists. Stream: also while a message is processed. Pipeline: while items are unanswered. |
//! | paused | stream | It is open and waits for the client's next message. It is not in flight. |
//! | awaits flow control | call | A chunk of its response was given to h2, which has not asked for more. It stays in flight. |
//! | blocks eviction | call | It is in flight, its response is not ready, and it does not await flow control. |
//! | idle | connection | None of its calls blocks eviction, so it can be evicted. |
//! | not yet polled | connection | It has not been polled yet, so the calls in its first bytes are not counted. |

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
    /// How often a call has become in flight, over the shard's life.
    pub(super) started: AtomicU64,
    /// Connections that have not been polled yet. The calls in their first bytes are not counted as in flight.
    pub(super) not_yet_polled: AtomicUsize,
}
