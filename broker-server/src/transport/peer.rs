//! The table of open connections, and the choice of the one to evict when it is full.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use super::connection::Connection;
use crate::caller::Caller;

/// How long an evicted connection has to close after its GOAWAY.
pub(super) const EVICTION_TIMEOUT: Duration = Duration::from_millis(250);

/// The table of open connections.
///
/// A process is identified by uid and pid. When the table is full, the process that has the most connections loses the
/// one that has been idle longest; if none of its connections is idle, the newcomer is refused. So a process that opens
/// thousands of connections displaces its own.
///
/// An evicted connection keeps its file descriptor until it has closed, so the number of those is limited too.
#[derive(Debug)]
pub(super) struct Peers {
    limit: usize,
    max_closing: usize,
    table: Mutex<Table>,
    /// Notified when an evicted connection has closed.
    has_closed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<u64, Arc<Connection>>,
    /// The number of evicted connections that have not closed yet.
    closing: usize,
}

impl Peers {
    pub(super) fn new(limit: usize, max_closing: usize) -> Self {
        let (table, has_closed) = (Mutex::default(), Notify::new());
        Self { limit: limit.max(1), max_closing: max_closing.max(1), table, has_closed }
    }

    /// Adds the connection to the table, if necessary in place of another. Returns false if there is no slot for it.
    pub(super) fn admit(&self, connection: &Arc<Connection>) -> bool {
        let mut table = self.lock();
        if table.open.len() >= self.limit && !table.evict(Some(connection.caller), self.max_closing) {
            return false;
        }
        table.open.insert(connection.id, Arc::clone(connection));
        true
    }

    /// Evicts one connection because the process has run out of file descriptors. Returns false if none can be evicted.
    pub(super) fn make_room(&self) -> bool {
        self.lock().evict(None, self.max_closing)
    }

    /// Waits until another connection may be evicted, at most for [`EVICTION_TIMEOUT`].
    pub(super) async fn await_closing(&self) {
        if self.may_evict() {
            return;
        }
        let closed = async {
            while !self.may_evict() {
                self.has_closed.notified().await;
            }
        };
        // The evicted connections that remain serve calls that arrived in the meantime. The next newcomer may be refused.
        let _closed_or_elapsed = timeout(EVICTION_TIMEOUT, closed).await;
    }

    /// Removes a connection that has closed.
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

    /// Locks the table. Every change under the lock leaves it consistent, so a poisoned lock is no reason to fail.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Evicts one connection, unless `max_closing` evicted ones have not closed yet. Reports whether one was evicted.
    fn evict(&mut self, newcomer: Option<Caller>, max_closing: usize) -> bool {
        if self.closing >= max_closing {
            return false;
        }
        let mut counts: HashMap<(u32, Option<i32>), usize> = HashMap::new();
        for caller in self.open.values().map(|connection| connection.caller).chain(newcomer) {
            *counts.entry((caller.uid, caller.pid)).or_default() += 1;
        }
        let Some(maximum) = counts.values().copied().max() else { return false };
        let victim = self
            .open
            .values()
            .filter(|open| counts.get(&(open.caller.uid, open.caller.pid)) == Some(&maximum))
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
        rpc::MethodKind,
        transport::{call::TrackedCall, load::Load, phase::Phase},
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

    fn busy(connection: &Arc<Connection>) -> TrackedCall {
        let call = TrackedCall::new(Arc::clone(connection), MethodKind::Unary, false);
        call.complete_request();
        call
    }

    #[test]
    fn evicts_longest_idle_connection_of_process_with_most() {
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
    fn limits_number_of_closing_connections() {
        let peers = Peers::new(4, 2);
        let admit = |ids: &[u64]| ids.iter().filter(|id| peers.admit(&connection(**id, 9))).count();
        assert_eq!(admit(&[1, 2, 3, 4]), 4);
        assert_eq!(admit(&[5, 6, 7]), 2);
        assert!(!peers.make_room());
        assert_eq!(ids(&peers), [3, 4, 5, 6]);
        // First an evicted connection closes, then one that was not evicted.
        peers.remove(1);
        assert_eq!(admit(&[8, 9]), 1);
        peers.remove(8);
        assert_eq!(admit(&[10, 11]), 1);
        assert_eq!((ids(&peers), peers.lock().closing), (vec![4, 5, 6, 10], 2));
    }

    #[tokio::test]
    async fn waits_for_closing_connection_at_limit() {
        let peers = Peers::new(1, 1);
        assert!(peers.admit(&connection(1, 9)) && peers.admit(&connection(2, 9)));
        let mut waiting = std::pin::pin!(peers.await_closing());
        assert!(futures_util::FutureExt::now_or_never(waiting.as_mut()).is_none());
        peers.remove(1);
        assert!(futures_util::FutureExt::now_or_never(waiting).is_some());
    }

    #[test]
    fn keeps_connection_with_call_in_flight() {
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
    fn refuses_newcomer_if_no_connection_is_idle() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _call = busy(&first);
        assert!(!peers.admit(&connection(2, 8)));
        assert_eq!(ids(&peers), [1]);
    }

    #[test]
    fn evicts_connection_with_incomplete_request() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _incomplete = TrackedCall::new(Arc::clone(&first), MethodKind::Unary, false);
        assert!(peers.admit(&connection(2, 8)));
    }

    #[test]
    fn evicts_connection_with_paused_stream() {
        let peers = Peers::new(1, 64);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let stream = TrackedCall::new(Arc::clone(&first), MethodKind::Stream, false);
        stream.receive_data();
        assert!(!peers.admit(&connection(2, 8)));
        stream.await_data();
        assert!(peers.admit(&connection(2, 8)));
        drop(stream);
        assert_eq!((counts(&first), first.idle_since().is_some()), ((0, 0, 1), true));
    }

    #[test]
    fn counters_return_to_zero_after_any_sequence_of_steps() {
        use Step::{Complete, Data, Pause, Ready};
        for steps in [
            &[][..],
            &[Data],
            &[Pause],
            &[Data, Pause],
            &[Data, Pause, Ready],
            &[Pause, Data, Data, Pause, Pause],
            &[Data, Pause, Complete],
            &[Data, Complete, Ready],
            &[Ready, Data, Pause, Complete],
            &[Complete, Ready, Pause],
        ] {
            let first = connection(1, 9);
            let stream = TrackedCall::new(Arc::clone(&first), MethodKind::Stream, false);
            for step in steps {
                match step {
                    Data => stream.receive_data(),
                    Pause => stream.await_data(),
                    Complete => stream.complete_request(),
                    Ready => stream.mark_response_ready(),
                }
            }
            drop(stream);
            let (in_flight, paused, _) = counts(&first);
            assert_eq!((in_flight, paused, first.idle_since().is_some()), (0, 0, true), "{steps:?}");
        }
    }

    #[derive(Debug)]
    enum Step {
        Data,
        Pause,
        Complete,
        Ready,
    }

    fn counts(connection: &Connection) -> (usize, usize, u64) {
        use std::sync::atomic::Ordering::Relaxed;
        let load = &connection.load;
        (load.in_flight.load(Relaxed), load.paused.load(Relaxed), load.started.load(Relaxed))
    }
}
