//! What is known about one connection, and how many calls it has in flight.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Notify, watch};

use super::{
    drain::{Phase, reached},
    scrub::Scrub,
};
use crate::{
    caller::Caller,
    rpc::{CallTracker, Kind},
};

/// Counters of one shard. Each shard has its own, so that calls do not fight over a cache line.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Connections dealt to the shard and not closed yet.
    pub(super) connections: AtomicUsize,
    /// Calls whose request is complete and whose answer is not, and streams of which there is something to work on.
    pub(super) in_flight: AtomicUsize,
    /// Streams that have begun and wait for their client.
    pub(super) paused: AtomicUsize,
    /// How often a call or a stream has come to be in flight.
    pub(super) started: AtomicU64,
    /// Connections of which nobody has read yet what came with them.
    pub(super) fresh: AtomicUsize,
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) caller: Caller,
    pub(super) load: Arc<Load>,
    pub(super) phase: watch::Receiver<Phase>,
    /// Wakes the connection when it has to make room for another.
    pub(super) evicted: Notify,
    /// Wiped after each call that carried a secret.
    pub(super) scrub: Scrub,
    /// Calls whose request is complete and whose answer has not begun: what a client does not fetch is its own doing.
    working: AtomicUsize,
    opened: Instant,
    /// Milliseconds from `opened` to the last answer.
    last_call: AtomicU64,
    fresh: AtomicBool,
}

impl Connection {
    pub(super) fn new(id: u64, caller: Caller, load: Arc<Load>, phase: watch::Receiver<Phase>) -> Self {
        load.connections.fetch_add(1, Ordering::Relaxed);
        load.fresh.fetch_add(1, Ordering::AcqRel);
        Self {
            id,
            caller,
            load,
            phase,
            evicted: Notify::new(),
            scrub: Scrub::default(),
            working: AtomicUsize::new(0),
            opened: Instant::now(),
            last_call: AtomicU64::new(0),
            fresh: AtomicBool::new(true),
        }
    }

    /// What came with the connection has been read: the calls among it are counted.
    pub(super) fn begun(&self) {
        if self.fresh.swap(false, Ordering::AcqRel) {
            self.load.fresh.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Since when no call has been worked on; `None` while one is. An answer that its client does not fetch keeps no
    /// connection busy, or a client could hold every place for ever.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if self.working.load(Ordering::Acquire) > 0 {
            return None;
        }
        let last = std::time::Duration::from_millis(self.last_call.load(Ordering::Relaxed));
        Some(self.opened + last)
    }

    fn rest(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_call.store(now, Ordering::Relaxed);
        self.working.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.begun();
        self.load.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One call. It is in flight from the end of its request to the end of its answer: half a request holds nothing up.
/// A stream is so, too, from each of its messages until the broker waits for the next.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) connection: Arc<Connection>,
    pub(super) kind: Kind,
    /// Its request has a secret in it.
    secret: AtomicBool,
    /// An item has been read whose secret may still be where it was read into.
    unwiped: AtomicBool,
    /// Its request has arrived whole.
    whole: AtomicBool,
    in_flight: AtomicBool,
    paused: AtomicBool,
    answered: AtomicBool,
    /// A part of its answer is with the client, and it has not been asked for more.
    handed_out: AtomicBool,
}

impl Call {
    pub(super) fn new(connection: Arc<Connection>, kind: Kind, secret: bool) -> Self {
        Self {
            connection,
            kind,
            secret: AtomicBool::new(secret),
            unwiped: AtomicBool::new(false),
            whole: AtomicBool::new(false),
            in_flight: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            handed_out: AtomicBool::new(false),
        }
    }

    /// The whole request has arrived.
    pub(super) fn complete(&self) {
        self.whole.store(true, Ordering::Relaxed);
        if matches!(self.kind, Kind::Unary | Kind::Stream) {
            self.work();
        }
    }

    /// A message has arrived.
    pub(super) fn message(&self) {
        if self.kind == Kind::Stream {
            self.work();
        }
    }

    /// The next message has not arrived.
    pub(super) fn pause(&self) {
        if self.kind == Kind::Stream && !self.paused.swap(true, Ordering::Relaxed) {
            self.connection.load.paused.fetch_add(1, Ordering::AcqRel);
            self.rest();
        }
    }

    /// The answer is ready to be fetched.
    pub(super) fn answered(&self) {
        if !self.answered.swap(true, Ordering::Relaxed) && self.in_flight.load(Ordering::Relaxed) {
            self.connection.rest();
        }
    }

    /// What has come of the request has been read, and has its secret in it.
    pub(super) fn scrub(&self) {
        if self.secret.load(Ordering::Relaxed) {
            self.connection.scrub.request();
        }
    }

    /// The request of a unary call has been read, and its message is out of the connection's buffer. Its secret is wiped there
    /// now: the call may wait for long, for its turn or for its record.
    pub(super) fn read(&self) {
        if self.kind == Kind::Unary
            && self.whole.load(Ordering::Relaxed)
            && self.secret.swap(false, Ordering::Relaxed)
        {
            self.connection.scrub.request();
        }
    }

    /// Nothing more has come; the items that have are read, and some had a secret in them.
    pub(super) fn scrub_items(&self) {
        if self.unwiped.load(Ordering::Relaxed) && self.unwiped.swap(false, Ordering::Relaxed) {
            self.connection.scrub.request();
        }
    }

    fn work(&self) {
        self.resume();
        let over = self.answered.load(Ordering::Relaxed);
        if !over && !self.in_flight.swap(true, Ordering::Relaxed) {
            self.connection.working.fetch_add(1, Ordering::AcqRel);
            self.connection.load.in_flight.fetch_add(1, Ordering::AcqRel);
            self.connection.load.started.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn resume(&self) {
        if self.paused.swap(false, Ordering::Relaxed) {
            self.connection.load.paused.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn rest(&self) {
        if self.in_flight.swap(false, Ordering::Relaxed) {
            if !self.answered.load(Ordering::Relaxed) && !self.handed_out.swap(false, Ordering::Relaxed) {
                self.connection.rest();
            }
            self.connection.load.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl CallTracker for Call {
    fn set_busy(&self) {
        self.work();
    }

    fn set_idle(&self) {
        self.rest();
    }

    fn frame_ready(&self) {
        if self.in_flight.load(Ordering::Relaxed) && !self.handed_out.swap(true, Ordering::Relaxed) {
            self.connection.rest();
        }
    }

    fn client_ready(&self) {
        if self.handed_out.load(Ordering::Relaxed) && self.handed_out.swap(false, Ordering::Relaxed) {
            self.connection.working.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn mark_secret(&self) {
        self.secret.store(true, Ordering::Relaxed);
        self.unwiped.store(true, Ordering::Relaxed);
    }

    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut phase = self.connection.phase.clone();
        Box::pin(async move { reached(&mut phase, Phase::Leaving).await })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let secret = *self.secret.get_mut();
        if secret && self.whole.load(Ordering::Relaxed) {
            self.connection.scrub.request();
        } else if secret {
            self.connection.scrub.request_always();
        }
        self.resume();
        self.rest();
    }
}
