//! Accepts connections and assigns them to shards.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    sync::atomic::Ordering,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    net::{UnixListener, UnixStream},
    time::{Instant, sleep, timeout_at},
};

use super::{connection_table::ConnectionTable, log_throttle::LogThrottle, shard::Shard};
use crate::caller::Caller;

/// How long the acceptor pauses after a failure, which is mostly a lack of file descriptors.
const BACKOFF: Duration = Duration::from_millis(20);

/// Accepts on every socket, one connection at a time. The socket after the one that yielded the last connection is polled
/// first, so that a flood on one socket does not starve the others.
#[derive(Debug)]
pub(super) struct Acceptor<'a> {
    sockets: Vec<UnixListener>,
    shards: &'a [Shard],
    table: &'a ConnectionTable,
    /// The identifier of the next connection.
    next_id: u64,
    /// The socket that is polled first.
    next_socket: usize,
    /// Connections that could not be accepted.
    failures: LogThrottle,
    /// Connections that were closed because the connection limit was reached.
    rejections: LogThrottle,
}

impl<'a> Acceptor<'a> {
    pub(super) fn new(sockets: Vec<UnixListener>, shards: &'a [Shard], table: &'a ConnectionTable) -> Self {
        let (failures, rejections) = (LogThrottle::default(), LogThrottle::default());
        Self { sockets, shards, table, next_id: 1, next_socket: 0, failures, rejections }
    }

    /// Accepts connections for ever.
    pub(super) async fn accept(&mut self) -> Infallible {
        loop {
            // Each evicted connection keeps a file descriptor until it has closed.
            self.table.await_closing().await;
            let accepted = match self.next_burst_end() {
                None => poll_fn(|cx| self.poll_next(cx)).await,
                Some(time) => match timeout_at(time, poll_fn(|cx| self.poll_next(cx))).await {
                    Ok(accepted) => accepted,
                    Err(_) => {
                        self.log_ended_bursts();
                        continue;
                    }
                },
            };
            self.log_ended_bursts();
            if let Err(error) = accepted.and_then(|stream| self.assign(stream)) {
                self.handle_failure(&error);
                sleep(BACKOFF).await;
            }
        }
    }

    /// Accepts the connections in the backlogs, at most `limit` of them, and closes the sockets.
    pub(super) fn accept_pending(mut self, limit: usize) {
        let mut remaining = limit;
        for socket in std::mem::take(&mut self.sockets) {
            let Ok(socket) = socket.into_std() else { continue };
            while remaining > 0 {
                remaining -= 1;
                let stream = match socket.accept() {
                    Ok((stream, _)) => stream,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                    Err(error) => {
                        self.handle_failure(&error);
                        break;
                    }
                };
                let stream = stream.set_nonblocking(true).and_then(|()| UnixStream::from_std(stream));
                if let Err(error) = stream.and_then(|stream| self.assign(stream)) {
                    self.handle_failure(&error);
                }
            }
        }
    }

    /// Polls the sockets for a connection, and returns that of the first socket that has one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        let (before, after) = self.sockets.split_at(self.next_socket.min(self.sockets.len()));
        for (index, socket) in (self.next_socket..).zip(after).chain((0..).zip(before)) {
            if let Poll::Ready(accepted) = socket.poll_accept(cx) {
                self.next_socket = index + 1;
                return Poll::Ready(accepted.map(|(stream, _)| stream));
            }
        }
        Poll::Pending
    }

    /// Assigns the connection to the shard that has the fewest, or closes it if the connection limit is reached.
    fn assign(&mut self, stream: UnixStream) -> io::Result<()> {
        let cred = stream.peer_cred()?;
        let caller = Caller { uid: cred.uid(), gid: cred.gid(), pid: cred.pid() };
        let stream = stream.into_std()?;
        let connections = |shard: &&Shard| shard.load.connections.load(Ordering::Relaxed);
        let Some(shard) = self.shards.iter().min_by_key(connections) else { return Ok(()) };
        let connection = shard.connection(self.next_id, caller);
        self.next_id += 1;
        if self.table.insert_or_evict(&connection) {
            shard.serve(stream, connection, self.table);
        } else if self.rejections.record(Instant::now()) {
            tracing::warn!(
                uid = caller.uid,
                pid = caller.pid,
                "refusing connections: the limit --max-connections is reached and no connection is idle"
            );
        }
        Ok(())
    }

    /// Logs the failure and evicts a connection, because most failures are a lack of file descriptors. A connection
    /// that the client has closed again is ignored.
    fn handle_failure(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionAborted {
            return;
        }
        let evicted = self.table.evict_one();
        if self.failures.record(Instant::now()) {
            tracing::warn!(%error, evicted, "cannot accept connections");
        }
    }

    fn next_burst_end(&self) -> Option<Instant> {
        self.failures.ends_at().into_iter().chain(self.rejections.ends_at()).min()
    }

    fn log_ended_bursts(&mut self) {
        if self.next_burst_end().is_none() {
            return;
        }
        let now = Instant::now();
        if let Some(summary) = self.failures.take_ended(now) {
            tracing::info!(
                failures = summary.count,
                duration_ms = summary.duration_ms(),
                "accepting connections again"
            );
        }
        if let Some(summary) = self.rejections.take_ended(now) {
            tracing::info!(
                refused = summary.count,
                duration_ms = summary.duration_ms(),
                "no longer refusing connections"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::net::UnixStream as StdStream;

    use super::*;

    #[tokio::test]
    async fn flood_on_one_socket_does_not_starve_others() {
        let folder = tempfile::tempdir().unwrap();
        let table = ConnectionTable::new(100, 100);
        let (mut sockets, mut waiting) = (Vec::new(), Vec::new());
        for (name, count) in [("a", 20), ("b", 2), ("c", 1)] {
            let path = folder.path().join(name);
            sockets.push(UnixListener::bind(&path).unwrap());
            waiting.extend((0..count).map(|_| StdStream::connect(&path).unwrap()));
        }
        for socket in &sockets {
            // The runtime learns that the socket is readable. This takes one connection of each.
            poll_fn(|cx| socket.poll_accept(cx)).await.unwrap();
        }
        let mut acceptor = Acceptor::new(sockets, &[], &table);
        let mut turns = Vec::new();
        for _ in 0..4 {
            poll_fn(|cx| acceptor.poll_next(cx)).await.unwrap();
            turns.push(acceptor.next_socket);
        }
        assert_eq!(turns, [1, 2, 1, 1]);
    }
}
