//! Which connections there are, and which of them gives way when there are too many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::timeout};

use super::{connection::Connection, shard::EVICTION};
use crate::caller::Caller;

/// The open connections.
///
/// A process is known by uid and pid. When the table is full, the process that has the most connections gives up the
/// one that has been idle longest; where it has none idle, the newcomer is refused. So a process that opens thousands
/// takes them from itself.
///
/// A connection that has given way is a file until it has closed, so their number is bounded too.
#[derive(Debug)]
pub(super) struct Peers {
    limit: usize,
    max_closing: usize,
    table: Mutex<Table>,
    /// Wakes the accept loop when a connection has closed.
    has_closed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<u64, Arc<Connection>>,
    /// Connections that have given way and have not closed.
    closing: usize,
}

impl Peers {
    pub(super) fn new(limit: usize, max_closing: usize) -> Self {
        let (table, has_closed) = (Mutex::default(), Notify::new());
        Self { limit: limit.max(1), max_closing: max_closing.max(1), table, has_closed }
    }

    /// Whether the connection may stay.
    pub(super) fn admit(&self, connection: &Arc<Connection>) -> bool {
        let mut table = self.lock();
        if table.open.len() >= self.limit && !table.evict(Some(connection.caller), self.max_closing) {
            return false;
        }
        table.open.insert(connection.id, Arc::clone(connection));
        true
    }

    /// Gives up one connection because the process has run out of files. False where none can go.
    pub(super) fn make_room(&self) -> bool {
        self.lock().evict(None, self.max_closing)
    }

    /// Waits until another connection may give way, for as long as one has to close.
    pub(super) async fn closed(&self) {
        if self.may_evict() {
            return;
        }
        let closed = async {
            while !self.may_evict() {
                self.has_closed.notified().await;
            }
        };
        // Those that are still there serve calls that came in the meantime, and the newcomer is judged without them.
        let _either_way = timeout(EVICTION, closed).await;
    }

    /// Takes a connection that has closed off the table.
    pub(super) fn remove(&self, id: u64) {
        let mut table = self.lock();
        if table.open.remove(&id).is_none() {
            table.closing = table.closing.saturating_sub(1);
            self.has_closed.notify_one();
        }
    }

    fn may_evict(&self) -> bool {
        self.lock().closing < self.max_closing
    }

    /// Every change under the lock leaves the table whole, so a poisoned lock says nothing.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Lets one connection give way, where fewer than `max_closing` do so already.
    fn evict(&mut self, newcomer: Option<Caller>, max_closing: usize) -> bool {
        if self.closing >= max_closing {
            return false;
        }
        let mut counts: HashMap<(u32, Option<i32>), usize> = HashMap::new();
        for caller in self.open.values().map(|connection| connection.caller).chain(newcomer) {
            *counts.entry((caller.uid, caller.pid)).or_default() += 1;
        }
        let Some(most) = counts.values().copied().max() else { return false };
        let victim = self
            .open
            .values()
            .filter(|open| counts.get(&(open.caller.uid, open.caller.pid)) == Some(&most))
            .filter_map(|open| Some((open.idle_since()?, open.id)))
            .min();
        let Some(connection) = victim.and_then(|(_, id)| self.open.remove(&id)) else { return false };
        self.closing += 1;
        connection.evicted.notify_one();
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::sync::watch;

    use super::*;
    use crate::{
        rpc::Kind,
        transport::{
            connection::{Call, Load},
            drain::Phase,
        },
    };

    fn connection(id: u64, pid: i32) -> Arc<Connection> {
        let (_, phase) = watch::channel(Phase::Serving);
        let caller = Caller { uid: 1, gid: 1, pid: Some(pid) };
        Arc::new(Connection::new(id, caller, Arc::new(Load::default()), phase))
    }

    fn ids(peers: &Peers) -> Vec<u64> {
        let mut ids: Vec<u64> = peers.lock().open.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    fn busy(connection: &Arc<Connection>) -> Call {
        let call = Call::new(Arc::clone(connection), Kind::Unary, false);
        call.complete();
        call
    }

    #[test]
    fn the_process_with_most_connections_gives_up_its_longest_idle() {
        let peers = Peers::new(4, 64);
        for (id, pid) in [(1, 7), (2, 9), (3, 9), (4, 9)] {
            assert!(peers.admit(&connection(id, pid)));
        }
        assert!(peers.admit(&connection(5, 8)));
        assert_eq!(ids(&peers), [1, 3, 4, 5]);
        assert!(peers.admit(&connection(6, 9)));
        assert_eq!(ids(&peers), [1, 4, 5, 6]);
    }

    #[test]
    fn no_more_connections_close_than_the_bound_allows() {
        let peers = Peers::new(4, 2);
        let admit = |ids: &[u64]| ids.iter().filter(|id| peers.admit(&connection(**id, 9))).count();
        assert_eq!(admit(&[1, 2, 3, 4]), 4);
        assert_eq!(admit(&[5, 6, 7]), 2);
        assert!(!peers.make_room());
        assert_eq!(ids(&peers), [3, 4, 5, 6]);
        // One of those that gave way has closed, and then one that had not.
        peers.remove(1);
        assert_eq!(admit(&[8, 9]), 1);
        peers.remove(8);
        assert_eq!(admit(&[10, 11]), 1);
        assert_eq!((ids(&peers), peers.lock().closing), (vec![4, 5, 6, 10], 2));
    }

    #[tokio::test]
    async fn newcomers_wait_until_one_has_closed() {
        let peers = Peers::new(1, 1);
        assert!(peers.admit(&connection(1, 9)) && peers.admit(&connection(2, 9)));
        let mut waiting = std::pin::pin!(peers.closed());
        assert!(futures_util::FutureExt::now_or_never(waiting.as_mut()).is_none());
        peers.remove(1);
        assert!(futures_util::FutureExt::now_or_never(waiting).is_some());
    }

    #[test]
    fn a_connection_with_a_call_in_flight_stays() {
        let peers = Peers::new(2, 64);
        let (first, second) = (connection(1, 9), connection(2, 9));
        assert!(peers.admit(&first) && peers.admit(&second));
        let call = busy(&first);
        assert!(peers.admit(&connection(3, 8)));
        assert_eq!(ids(&peers), [1, 3]);
        drop(call);
        assert!(first.idle_since().is_some());
    }

    #[test]
    fn where_none_is_idle_the_newcomer_goes() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _call = busy(&first);
        assert!(!peers.admit(&connection(2, 8)));
        assert_eq!(ids(&peers), [1]);
    }

    #[test]
    fn half_a_request_holds_no_place() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _half = Call::new(Arc::clone(&first), Kind::Unary, false);
        assert!(peers.admit(&connection(2, 8)));
    }

    #[test]
    fn a_stream_that_waits_for_its_client_holds_no_place() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let stream = Call::new(Arc::clone(&first), Kind::Stream, false);
        stream.message();
        assert!(!peers.admit(&connection(2, 8)));
        stream.pause();
        assert!(peers.admit(&connection(2, 8)));
        drop(stream);
        assert_eq!((counts(&first), first.idle_since().is_some()), ((0, 0, 1), true));
    }

    #[test]
    fn a_call_is_counted_once_whatever_its_course() {
        use Step::{Answered, Complete, Message, Pause};
        for steps in [
            &[][..],
            &[Message],
            &[Pause],
            &[Message, Pause],
            &[Message, Pause, Answered],
            &[Pause, Message, Message, Pause, Pause],
            &[Message, Pause, Complete],
            &[Message, Complete, Answered],
            &[Answered, Message, Pause, Complete],
            &[Complete, Answered, Pause],
        ] {
            let first = connection(1, 9);
            let stream = Call::new(Arc::clone(&first), Kind::Stream, false);
            for step in steps {
                match step {
                    Message => stream.message(),
                    Pause => stream.pause(),
                    Complete => stream.complete(),
                    Answered => stream.answered(),
                }
            }
            drop(stream);
            let (in_flight, paused, _) = counts(&first);
            assert_eq!((in_flight, paused, first.idle_since().is_some()), (0, 0, true), "{steps:?}");
        }
    }

    #[derive(Debug)]
    enum Step {
        Message,
        Pause,
        Complete,
        Answered,
    }

    fn counts(connection: &Connection) -> (usize, usize, u64) {
        use std::sync::atomic::Ordering::Relaxed;
        let load = &connection.load;
        (load.in_flight.load(Relaxed), load.paused.load(Relaxed), load.started.load(Relaxed))
    }
}
