//! The state of one accepted connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};

use super::{load::Load, phase::Phase, wipe::WipeSignal};
use crate::caller::Caller;

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) caller: Caller,
    pub(super) load: Arc<Load>,
    pub(super) phase: watch::Receiver<Phase>,
    /// Notified when the connection has to make room for another.
    pub(super) evicted: Notify,
    /// Requests a wipe of the read buffer after a call that carried a secret.
    pub(super) wipe: WipeSignal,
    /// The number of calls that protect the connection from eviction: their request is complete and their response is not
    /// ready. A response that the client does not read does not count.
    calls_blocking_eviction: AtomicUsize,
    opened: Instant,
    /// Milliseconds from `opened` until a call last stopped blocking the eviction.
    last_unblocked: AtomicU64,
    /// The connection still counts in [`Load::not_yet_polled`].
    not_yet_polled: AtomicBool,
}

impl Connection {
    /// Returns a new connection and counts it in `load` until it is dropped.
    pub(super) fn new(id: u64, caller: Caller, load: Arc<Load>, phase: watch::Receiver<Phase>) -> Self {
        load.connections.fetch_add(1, Ordering::Relaxed);
        load.not_yet_polled.fetch_add(1, Ordering::AcqRel);
        Self {
            id,
            caller,
            load,
            phase,
            evicted: Notify::new(),
            wipe: WipeSignal::default(),
            calls_blocking_eviction: AtomicUsize::new(0),
            opened: Instant::now(),
            last_unblocked: AtomicU64::new(0),
            not_yet_polled: AtomicBool::new(true),
        }
    }

    /// Records that the bytes that arrived with the connection have been read. The calls in them are counted by now.
    pub(super) fn mark_polled(&self) {
        if self.not_yet_polled.swap(false, Ordering::AcqRel) {
            self.load.not_yet_polled.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns when a call last stopped blocking the eviction, or `None` while one does. A response that the client
    /// does not read does not block it: otherwise a client could occupy the whole table without limit.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if self.calls_blocking_eviction.load(Ordering::Acquire) > 0 {
            return None;
        }
        Some(self.opened + Duration::from_millis(self.last_unblocked.load(Ordering::Relaxed)))
    }

    /// Counts a call that protects the connection from eviction.
    pub(super) fn block_eviction(&self) {
        self.calls_blocking_eviction.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends the protection by one call that [`Self::block_eviction`] counted.
    pub(super) fn unblock_eviction(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_unblocked.store(now, Ordering::Relaxed);
        self.calls_blocking_eviction.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.mark_polled();
        self.load.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
