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
/// one that has been idle longest; if none of its connections is idle, the new connection is closed. So a process that
/// opens thousands of connections evicts its own connections.
///
/// An evicted connection keeps its file descriptor until it has closed, so the number of those is limited too.
#[derive(Debug)]
pub(super) struct ConnectionTable {
    limit: usize,
    max_closing: usize,
    state: Mutex<State>,
    /// Notified when an evicted connection has closed.
    closed: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Arc<Connection>>,
    /// The number of evicted connections that have not closed yet.
    closing: usize,
}

impl ConnectionTable {
    /// Returns a table of at most `limit` open connections and `max_closing` evicted ones that have not closed yet.
    pub(super) fn new(limit: usize, max_closing: usize) -> Self {
        let (state, closed) = (Mutex::default(), Notify::new());
        Self { limit: limit.max(1), max_closing: max_closing.max(1), state, closed }
    }

    /// Adds the connection to the table, and evicts another one if the table is full. Returns false if none can be
    /// evicted.
    pub(super) fn insert_or_evict(&self, connection: &Arc<Connection>) -> bool {
        let mut state = self.lock();
        if state.open.len() >= self.limit && !state.evict(Some(connection.caller), self.max_closing) {
            return false;
        }
        state.open.insert(connection.id, Arc::clone(connection));
        true
    }

    /// Evicts one connection because the process has run out of file descriptors. Returns false if none can be evicted.
    pub(super) fn evict_one(&self) -> bool {
        self.lock().evict(None, self.max_closing)
    }

    /// Waits until another connection may be evicted, at most for [`EVICTION_TIMEOUT`].
    pub(super) async fn await_closing(&self) {
        if self.may_evict() {
            return;
        }
        let closed = async {
            while !self.may_evict() {
                self.closed.notified().await;
            }
        };
        // The evicted connections that remain serve calls that arrived in the meantime. The next connection may be
        // rejected.
        let _closed_or_elapsed = timeout(EVICTION_TIMEOUT, closed).await;
    }

    /// Removes a connection that has closed.
    pub(super) fn remove(&self, id: u64) {
        let mut state = self.lock();
        if state.open.remove(&id).is_none() {
            state.closing = state.closing.saturating_sub(1);
            self.closed.notify_one();
        }
    }

    fn may_evict(&self) -> bool {
        self.lock().closing < self.max_closing
    }

    /// Locks the table. Every change under the lock leaves it consistent, so a poisoned lock is no reason to fail.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Evicts one connection, unless `max_closing` evicted ones have not closed yet. Reports whether one was evicted.
    fn evict(&mut self, new_caller: Option<Caller>, max_closing: usize) -> bool {
        if self.closing >= max_closing {
            return false;
        }
        let mut counts: HashMap<(u32, Option<i32>), usize> = HashMap::new();
        for caller in self.open.values().map(|connection| connection.caller).chain(new_caller) {
            *counts.entry((caller.uid, caller.pid)).or_default() += 1;
        }
        let Some(maximum) = counts.values().copied().max() else { return false };
        let evicted = self
            .open
            .values()
            .filter(|open| counts.get(&(open.caller.uid, open.caller.pid)) == Some(&maximum))
            .filter_map(|open| Some((open.idle_since()?, open.id)))
            .min();
        let Some(connection) = evicted.and_then(|(_, id)| self.open.remove(&id)) else { return false };
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

    fn ids(table: &ConnectionTable) -> Vec<u64> {
        let mut ids: Vec<u64> = table.lock().open.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    fn busy(connection: &Arc<Connection>) -> TrackedCall {
        let call = TrackedCall::new(Arc::clone(connection), MethodKind::Unary, false);
        call.mark_request_complete();
        call
    }

    #[test]
    fn evicts_longest_idle_connection_of_process_with_most_connections() {
        let table = ConnectionTable::new(4, 64);
        for (id, pid) in [(1, 7), (2, 9), (3, 9), (4, 9)] {
            assert!(table.insert_or_evict(&connection(id, pid)));
        }
        assert!(table.insert_or_evict(&connection(5, 8)));
        assert_eq!(ids(&table), [1, 3, 4, 5]);
        assert!(table.insert_or_evict(&connection(6, 9)));
        assert_eq!(ids(&table), [1, 4, 5, 6]);
    }

    #[test]
    fn limits_number_of_closing_connections() {
        let table = ConnectionTable::new(4, 2);
        let admit = |ids: &[u64]| ids.iter().filter(|id| table.insert_or_evict(&connection(**id, 9))).count();
        assert_eq!(admit(&[1, 2, 3, 4]), 4);
        assert_eq!(admit(&[5, 6, 7]), 2);
        assert!(!table.evict_one());
        assert_eq!(ids(&table), [3, 4, 5, 6]);
        // First an evicted connection closes, then one that was not evicted.
        table.remove(1);
        assert_eq!(admit(&[8, 9]), 1);
        table.remove(8);
        assert_eq!(admit(&[10, 11]), 1);
        assert_eq!((ids(&table), table.lock().closing), (vec![4, 5, 6, 10], 2));
    }

    #[tokio::test]
    async fn waits_for_closing_connection_at_limit() {
        let table = ConnectionTable::new(1, 1);
        assert!(table.insert_or_evict(&connection(1, 9)) && table.insert_or_evict(&connection(2, 9)));
        let mut waiting = std::pin::pin!(table.await_closing());
        assert!(futures_util::FutureExt::now_or_never(waiting.as_mut()).is_none());
        table.remove(1);
        assert!(futures_util::FutureExt::now_or_never(waiting).is_some());
    }

    #[test]
    fn keeps_connection_with_call_in_flight() {
        let table = ConnectionTable::new(2, 64);
        let (first, second) = (connection(1, 9), connection(2, 9));
        assert!(table.insert_or_evict(&first) && table.insert_or_evict(&second));
        let call = busy(&first);
        assert!(table.insert_or_evict(&connection(3, 8)));
        assert_eq!(ids(&table), [1, 3]);
        drop(call);
        assert!(first.idle_since().is_some());
    }

    #[test]
    fn rejects_new_connection_if_none_is_idle() {
        let table = ConnectionTable::new(1, 64);
        let first = connection(1, 9);
        assert!(table.insert_or_evict(&first));
        let _call = busy(&first);
        assert!(!table.insert_or_evict(&connection(2, 8)));
        assert_eq!(ids(&table), [1]);
    }

    #[test]
    fn evicts_connection_with_incomplete_request() {
        let table = ConnectionTable::new(1, 64);
        let first = connection(1, 9);
        assert!(table.insert_or_evict(&first));
        let _incomplete = TrackedCall::new(Arc::clone(&first), MethodKind::Unary, false);
        assert!(table.insert_or_evict(&connection(2, 8)));
    }

    #[test]
    fn evicts_connection_with_paused_stream() {
        let table = ConnectionTable::new(1, 64);
        let first = connection(1, 9);
        assert!(table.insert_or_evict(&first));
        let stream = TrackedCall::new(Arc::clone(&first), MethodKind::Stream, false);
        stream.mark_data_received();
        assert!(!table.insert_or_evict(&connection(2, 8)));
        stream.mark_paused();
        assert!(table.insert_or_evict(&connection(2, 8)));
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
                    Data => stream.mark_data_received(),
                    Pause => stream.mark_paused(),
                    Complete => stream.mark_request_complete(),
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
