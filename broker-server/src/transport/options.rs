//! The limits and timeouts of the transport.

use std::{num::NonZeroUsize, time::Duration};

use rustix::process::{Resource, getrlimit};

/// The maximum size of a header block and of the list of header fields that it decodes to, in bytes: the
/// SETTINGS_MAX_HEADER_LIST_SIZE of a connection (RFC 9113 6.5.2). A larger one ends the connection.
pub const MAX_HEADER_LIST_SIZE: u32 = 64 << 10;

/// The limits and timeouts of the transport.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// The number of I/O threads.
    pub shards: NonZeroUsize,
    /// The maximum number of open connections, on all sockets together.
    pub max_connections: usize,
    /// The maximum number of open calls on one connection.
    pub max_concurrent_streams: u32,
    /// The maximum size of a request's header fields, in bytes (RFC 9113 6.5.2). A call with more fails; one with more
    /// than [`MAX_HEADER_LIST_SIZE`] ends its connection.
    pub max_metadata_bytes: usize,
    /// The time limit of a connection's first call, from the start of the connection to the end of its header block.
    pub first_call_timeout: Duration,
    /// The time limit of a header block, from its first frame to its last.
    pub header_block_timeout: Duration,
    /// The maximum size of a request message in bytes. A call whose message announces more fails at once.
    pub max_request_bytes: usize,
    /// The time limit of a call without `grpc-timeout`, from its header to its response. It is also the idle timeout of
    /// streams and pipelines, and the time limit of pipeline items.
    pub default_timeout: Duration,
    /// A drain ends when no call has been in flight for this long.
    pub drain_idle: Duration,
    /// The time limit of a drain, after which calls in flight are ended.
    pub drain_deadline: Duration,
}

/// The lowest maximum of evicted connections that have not closed yet.
const MIN_CLOSING: usize = 64;
/// The number of file descriptors of each I/O thread, of each socket, and of everything else. The last includes the
/// connection that has been accepted and is not in the table yet.
const FILES_PER_SHARD: usize = 4;
const FILES_PER_SOCKET: usize = 3;
const OTHER_FILES: usize = 32;

impl TransportOptions {
    /// Returns the maximum number of evicted connections that have not closed yet: a quarter of the open ones.
    pub(super) fn max_closing(&self) -> usize {
        (self.max_connections / 4).max(MIN_CLOSING)
    }

    /// Returns the maximum number of open file descriptors of a process that serves this many sockets.
    pub fn max_open_files(&self, sockets: usize) -> usize {
        self.max_connections
            .saturating_add(self.max_closing())
            .saturating_add(FILES_PER_SHARD * self.shards.get())
            .saturating_add(FILES_PER_SOCKET * sockets + OTHER_FILES)
    }

    /// Logs a warning if the process may need more file descriptors than its limit allows.
    pub(super) fn warn_of_low_file_limit(&self, sockets: usize) {
        let needed = self.max_open_files(sockets);
        let limit = getrlimit(Resource::Nofile).current;
        if let Some(limit) = limit.filter(|limit| usize::try_from(*limit).is_ok_and(|limit| limit < needed)) {
            let max_connections = self.max_connections;
            tracing::warn!(
                limit,
                needed,
                max_connections,
                "the limit of open files is too low for --max-connections; raise it (ulimit -n) or lower --max-connections"
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
            max_metadata_bytes: 16 << 10,
            first_call_timeout: Duration::from_secs(60),
            header_block_timeout: Duration::from_secs(10),
            max_request_bytes: 2 << 20,
            default_timeout: Duration::from_secs(60),
            drain_idle: Duration::from_secs(1),
            drain_deadline: Duration::from_secs(8),
        }
    }
}
