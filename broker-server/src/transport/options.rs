//! The numbers of the transport.

use std::{num::NonZeroUsize, time::Duration};

/// How many, how large, how long. Each is an option of the server.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// I/O threads.
    pub shards: NonZeroUsize,
    /// Connections served at once, over all sockets.
    pub max_connections: usize,
    /// Calls open at once on one connection.
    pub max_concurrent_streams: u32,
    /// Size of a request's header fields, in bytes (RFC 9113 6.5.2).
    pub max_header_bytes: u32,
    /// Size of a request message in bytes: what announces more is not waited for.
    pub max_request_bytes: usize,
    /// How long a call without a deadline of its own may take, from its header to its answer.
    pub max_request_time: Duration,
    /// How long no call must have been in flight for a drain to be over.
    pub drain_idle: Duration,
    /// When a drain is over whatever is in flight.
    pub drain_deadline: Duration,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            shards: NonZeroUsize::MIN,
            max_connections: 1024,
            max_concurrent_streams: 256,
            max_header_bytes: 16 << 10,
            max_request_bytes: 2 << 20,
            max_request_time: Duration::from_secs(60),
            drain_idle: Duration::from_secs(1),
            drain_deadline: Duration::from_secs(8),
        }
    }
}
