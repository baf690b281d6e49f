//! The numbers of the transport.

use std::{num::NonZeroUsize, time::Duration};

use rustix::process::{Resource, getrlimit};

/// The largest header block of a connection, and the largest list of header fields that one may unfold to, in bytes: what
/// our SETTINGS say (RFC 9113 6.5.2). A larger one ends its connection.
pub const LARGEST_HEADERS: u32 = 64 << 10;

/// How many, how large, how long. Each is an option of the server.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// I/O threads.
    pub shards: NonZeroUsize,
    /// Connections served at once, over all sockets.
    pub max_connections: usize,
    /// Calls open at once on one connection.
    pub max_concurrent_streams: u32,
    /// Size of a request's header fields, in bytes (RFC 9113 6.5.2). A call with more is refused, up to
    /// [`LARGEST_HEADERS`].
    pub max_header_bytes: usize,
    /// How long a connection may take from its beginning to the end of its first header block.
    pub first_call_time: Duration,
    /// How long a header block may take from its first frame to its last.
    pub header_block_time: Duration,
    /// Size of a request message in bytes: what announces more is not waited for.
    pub max_request_bytes: usize,
    /// How long a call without a deadline of its own may take, from its header to its answer.
    pub max_request_time: Duration,
    /// How long no call must have been in flight for a drain to be over.
    pub drain_idle: Duration,
    /// When a drain is over whatever is in flight.
    pub drain_deadline: Duration,
}

/// One connection of this many may be closing beside those that are served, and [`MIN_CLOSING`] in any case.
const CLOSING: usize = 4;
const MIN_CLOSING: usize = 64;
/// Files of each I/O thread, and of each socket; and all others, among them the newcomer that is still to be judged.
const FILES_OF_SHARD: usize = 4;
const FILES_OF_SOCKET: usize = 3;
const FILES_OF_PROCESS: usize = 32;

impl TransportOptions {
    /// Returns how many connections may be closing beside those that are served.
    pub(super) fn max_closing(&self) -> usize {
        (self.max_connections / CLOSING).max(MIN_CLOSING)
    }

    /// Returns how many files the process may have open at once when it serves this many sockets.
    pub fn max_open_files(&self, sockets: usize) -> usize {
        self.max_connections
            .saturating_add(self.max_closing())
            .saturating_add(FILES_OF_SHARD * self.shards.get())
            .saturating_add(FILES_OF_SOCKET * sockets + FILES_OF_PROCESS)
    }

    /// Says where the limit of open files is below what may be needed.
    pub(super) fn warn_of_few_files(&self, sockets: usize) {
        let needed = self.max_open_files(sockets);
        let limit = getrlimit(Resource::Nofile).current;
        if let Some(limit) = limit.filter(|limit| usize::try_from(*limit).is_ok_and(|limit| limit < needed)) {
            let max_connections = self.max_connections;
            tracing::warn!(
                limit,
                needed,
                max_connections,
                "the limit of open files is too low for --max-connections"
            );
        }
    }
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            shards: NonZeroUsize::MIN,
            max_connections: 1024,
            max_concurrent_streams: 256,
            max_header_bytes: 16 << 10,
            first_call_time: Duration::from_secs(60),
            header_block_time: Duration::from_secs(10),
            max_request_bytes: 2 << 20,
            max_request_time: Duration::from_secs(60),
            drain_idle: Duration::from_secs(1),
            drain_deadline: Duration::from_secs(8),
        }
    }
}
