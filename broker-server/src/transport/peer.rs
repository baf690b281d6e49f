//! Which connections there are, and which of them gives way when there are too many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::connection::Connection;
use crate::caller::Caller;

/// The open connections.
///
/// A process is known by uid and pid. When the table is full, the process that has the most connections gives up the
/// one that has been idle longest; where it has none idle, the newcomer is refused. So a process that opens thousands
/// takes them from itself.
#[derive(Debug)]
pub(super) struct Peers {
    limit: usize,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

impl Peers {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), open: Mutex::new(HashMap::new()) }
    }

    /// Whether the connection may stay.
    pub(super) fn admit(&self, connection: &Arc<Connection>) -> bool {
        let mut open = self.lock();
        if open.len() >= self.limit && !evict(&mut open, Some(connection.caller)) {
            return false;
        }
        open.insert(connection.id, Arc::clone(connection));
        true
    }

    /// Gives up one connection because the process has run out of files. False where none can go.
    pub(super) fn make_room(&self) -> bool {
        evict(&mut self.lock(), None)
    }

    pub(super) fn remove(&self, id: u64) {
        self.lock().remove(&id);
    }

    /// Every change under the lock is a single one of the map's, so a poisoned lock says nothing.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn evict(open: &mut HashMap<u64, Arc<Connection>>, newcomer: Option<Caller>) -> bool {
    let mut counts: HashMap<(u32, Option<i32>), usize> = HashMap::new();
    for caller in open.values().map(|connection| connection.caller).chain(newcomer) {
        *counts.entry((caller.uid, caller.pid)).or_default() += 1;
    }
    let Some(most) = counts.values().copied().max() else { return false };
    let victim = open
        .values()
        .filter(|open| counts.get(&(open.caller.uid, open.caller.pid)) == Some(&most))
        .filter_map(|open| Some((open.idle_since()?, open.id)))
        .min();
    let Some(connection) = victim.and_then(|(_, id)| open.remove(&id)) else { return false };
    connection.evicted.notify_one();
    true
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
        let mut ids: Vec<u64> = peers.lock().keys().copied().collect();
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
        let peers = Peers::new(4);
        for (id, pid) in [(1, 7), (2, 9), (3, 9), (4, 9)] {
            assert!(peers.admit(&connection(id, pid)));
        }
        assert!(peers.admit(&connection(5, 8)));
        assert_eq!(ids(&peers), [1, 3, 4, 5]);
        assert!(peers.admit(&connection(6, 9)));
        assert_eq!(ids(&peers), [1, 4, 5, 6]);
    }

    #[test]
    fn a_connection_with_a_call_in_flight_stays() {
        let peers = Peers::new(2);
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
        let peers = Peers::new(1);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _call = busy(&first);
        assert!(!peers.admit(&connection(2, 8)));
        assert_eq!(ids(&peers), [1]);
    }

    #[test]
    fn half_a_request_holds_no_place() {
        let peers = Peers::new(1);
        let first = connection(1, 9);
        assert!(peers.admit(&first));
        let _half = Call::new(Arc::clone(&first), Kind::Unary, false);
        assert!(peers.admit(&connection(2, 8)));
    }

    #[test]
    fn a_stream_that_waits_for_its_client_holds_no_place() {
        let peers = Peers::new(1);
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
