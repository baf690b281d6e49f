//! Takes connections from the sockets, and deals them.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    os::unix::net::UnixStream,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    net::UnixListener,
    time::{Instant, sleep, timeout_at},
};

use super::{episode::Episode, shard::Dealer};
use crate::caller::Caller;

/// How long to wait when the process has run out of files.
const BACKOFF: Duration = Duration::from_millis(20);

/// Accepts on every socket. One connection is taken at a time, and the socket behind the one that gave it is asked first
/// for the next: a flood on one of them leaves the others their turns.
#[derive(Debug)]
pub(super) struct Acceptor<'a> {
    sockets: Vec<UnixListener>,
    dealer: Dealer<'a>,
    /// The socket that is asked first.
    next: usize,
    /// Connections that could not be accepted, and those for which there was no place.
    failures: Episode,
    refusals: Episode,
}

impl<'a> Acceptor<'a> {
    pub(super) fn new(sockets: Vec<UnixListener>, dealer: Dealer<'a>) -> Self {
        Self { sockets, dealer, next: 0, failures: Episode::default(), refusals: Episode::default() }
    }

    /// Accepts for ever.
    pub(super) async fn accept(&mut self) -> Infallible {
        loop {
            // Each connection that gives way is a file until it has closed.
            self.dealer.peers.closed().await;
            let accepted = match self.over_at() {
                None => poll_fn(|cx| self.poll_next(cx)).await,
                Some(time) => match timeout_at(time, poll_fn(|cx| self.poll_next(cx))).await {
                    Ok(accepted) => accepted,
                    Err(_) => {
                        self.say_what_is_over();
                        continue;
                    }
                },
            };
            self.say_what_is_over();
            if let Err(error) = accepted.and_then(|stream| self.deal(stream)) {
                self.fail(&error);
                sleep(BACKOFF).await;
            }
        }
    }

    /// Accepts the connections that wait, up to `most`, and closes the sockets.
    pub(super) fn accept_rest(mut self, most: usize) {
        let mut left = most;
        for socket in std::mem::take(&mut self.sockets) {
            let Ok(socket) = socket.into_std() else { continue };
            while left > 0 {
                left -= 1;
                let stream = match socket.accept() {
                    Ok((stream, _)) => stream,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                    Err(error) => {
                        self.fail(&error);
                        break;
                    }
                };
                let stream =
                    stream.set_nonblocking(true).and_then(|()| tokio::net::UnixStream::from_std(stream));
                if let Err(error) = stream.and_then(|stream| self.deal(stream)) {
                    self.fail(&error);
                }
            }
        }
    }

    /// Is ready with a connection of the first socket that has one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<tokio::net::UnixStream>> {
        let (before, after) = self.sockets.split_at(self.next.min(self.sockets.len()));
        for (place, socket) in (self.next..).zip(after).chain((0..).zip(before)) {
            if let Poll::Ready(accepted) = socket.poll_accept(cx) {
                self.next = place + 1;
                return Poll::Ready(accepted.map(|(stream, _)| stream));
            }
        }
        Poll::Pending
    }

    fn deal(&mut self, stream: tokio::net::UnixStream) -> io::Result<()> {
        let cred = stream.peer_cred()?;
        let caller = Caller { uid: cred.uid(), gid: cred.gid(), pid: cred.pid() };
        let stream: UnixStream = stream.into_std()?;
        if !self.dealer.deal(stream, caller) && self.refusals.happens(Instant::now()) {
            tracing::warn!(
                uid = caller.uid,
                pid = caller.pid,
                "connections are refused: all places are taken"
            );
        }
        Ok(())
    }

    /// A connection that its client has given up is nobody's trouble; anything else is mostly a lack of files.
    fn fail(&mut self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionAborted {
            return;
        }
        let room = self.dealer.peers.make_room();
        if self.failures.happens(Instant::now()) {
            tracing::warn!(%error, room, "connections cannot be accepted");
        }
    }

    fn over_at(&self) -> Option<Instant> {
        self.failures.over_at().into_iter().chain(self.refusals.over_at()).min()
    }

    fn say_what_is_over(&mut self) {
        if self.over_at().is_none() {
            return;
        }
        let now = Instant::now();
        if let Some(over) = self.failures.end(now) {
            tracing::info!(failures = over.times, lasted = ?over.lasted, "connections can be accepted again");
        }
        if let Some(over) = self.refusals.end(now) {
            tracing::info!(refused = over.times, lasted = ?over.lasted, "connections are refused no longer");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::AtomicU64;

    use super::{super::peer::Peers, *};

    #[tokio::test]
    async fn flood_on_one_socket_leaves_the_others_their_turns() {
        let folder = tempfile::tempdir().unwrap();
        let peers = Peers::new(100, 100);
        let dealer = Dealer { shards: &[], peers: &peers, next_id: AtomicU64::new(1) };
        let (mut sockets, mut waiting) = (Vec::new(), Vec::new());
        for (name, count) in [("a", 20), ("b", 2), ("c", 1)] {
            let path = folder.path().join(name);
            sockets.push(UnixListener::bind(&path).unwrap());
            waiting.extend((0..count).map(|_| UnixStream::connect(&path).unwrap()));
        }
        for socket in &sockets {
            // The runtime has seen that somebody waits.
            let seen = poll_fn(|cx| socket.poll_accept(cx)).await;
            seen.unwrap();
        }
        let mut acceptor = Acceptor::new(sockets, dealer);
        let mut turns = Vec::new();
        for _ in 0..4 {
            poll_fn(|cx| acceptor.poll_next(cx)).await.unwrap();
            turns.push(acceptor.next);
        }
        // Of the third all were taken before.
        assert_eq!(turns, [1, 2, 1, 1]);
    }
}
