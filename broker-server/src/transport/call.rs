//! The state of one call: whether it is in flight, and which secrets it has left in the connection's read buffer.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    connection::Connection,
    phase::{Phase, reached},
};
use crate::rpc::{MethodKind, PipelineObserver};

/// One call. A unary call is in flight from the end of its request to the end of its response; an incomplete request
/// delays no drain. A stream is also in flight from each message until the broker waits for the next one.
#[derive(Debug)]
pub(super) struct TrackedCall {
    pub(super) connection: Arc<Connection>,
    pub(super) kind: MethodKind,
    /// The request contains a secret.
    has_secret: AtomicBool,
    /// The read buffer may still contain the secret of an item that has been read.
    has_unwiped_item: AtomicBool,
    request_complete: AtomicBool,
    in_flight: AtomicBool,
    paused: AtomicBool,
    response_ready: AtomicBool,
    /// A frame of the response has been handed to the connection, and the client has not asked for more yet.
    awaits_client: AtomicBool,
}

impl TrackedCall {
    /// Returns a call that is not in flight yet.
    pub(super) fn new(connection: Arc<Connection>, kind: MethodKind, has_secret: bool) -> Self {
        Self {
            connection,
            kind,
            has_secret: AtomicBool::new(has_secret),
            has_unwiped_item: AtomicBool::new(false),
            request_complete: AtomicBool::new(false),
            in_flight: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            response_ready: AtomicBool::new(false),
            awaits_client: AtomicBool::new(false),
        }
    }

    /// Records that the request has arrived completely.
    pub(super) fn complete_request(&self) {
        self.request_complete.store(true, Ordering::Relaxed);
        if matches!(self.kind, MethodKind::Unary | MethodKind::Stream) {
            self.enter_flight();
        }
    }

    /// Records that data of the request has arrived.
    pub(super) fn receive_data(&self) {
        if self.kind == MethodKind::Stream {
            self.enter_flight();
        }
    }

    /// Records that the broker waits for more of the request.
    pub(super) fn await_data(&self) {
        if self.kind == MethodKind::Stream && !self.paused.swap(true, Ordering::Relaxed) {
            self.connection.load.paused.fetch_add(1, Ordering::AcqRel);
            self.leave_flight();
        }
    }

    /// Records that the response is ready for the client to read.
    pub(super) fn mark_response_ready(&self) {
        if !self.response_ready.swap(true, Ordering::Relaxed) && self.in_flight.load(Ordering::Relaxed) {
            self.connection.end_activity();
        }
    }

    /// Requests a wipe if the request, of which everything that has arrived has been read, contains a secret.
    pub(super) fn scrub(&self) {
        if self.has_secret.load(Ordering::Relaxed) {
            self.connection.scrub.request();
        }
    }

    /// Records that the request body has been dropped. A unary call's secret is wiped now rather than at the end of the
    /// call, which may wait long for a worker or for its audit record.
    pub(super) fn finish_reading(&self) {
        if self.kind == MethodKind::Unary
            && self.request_complete.load(Ordering::Relaxed)
            && self.has_secret.swap(false, Ordering::Relaxed)
        {
            self.connection.scrub.request();
        }
    }

    /// Requests a wipe if an item with a secret has been read since the last one, and no more data has arrived.
    pub(super) fn scrub_items(&self) {
        if self.has_unwiped_item.load(Ordering::Relaxed)
            && self.has_unwiped_item.swap(false, Ordering::Relaxed)
        {
            self.connection.scrub.request();
        }
    }

    fn enter_flight(&self) {
        self.clear_paused();
        let response_ready = self.response_ready.load(Ordering::Relaxed);
        if !response_ready && !self.in_flight.swap(true, Ordering::Relaxed) {
            self.connection.begin_activity();
            self.connection.load.in_flight.fetch_add(1, Ordering::AcqRel);
            self.connection.load.started.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn clear_paused(&self) {
        if self.paused.swap(false, Ordering::Relaxed) {
            self.connection.load.paused.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn leave_flight(&self) {
        if self.in_flight.swap(false, Ordering::Relaxed) {
            if !self.response_ready.load(Ordering::Relaxed)
                && !self.awaits_client.swap(false, Ordering::Relaxed)
            {
                self.connection.end_activity();
            }
            self.connection.load.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl PipelineObserver for TrackedCall {
    fn set_busy(&self) {
        self.enter_flight();
    }

    fn set_idle(&self) {
        self.leave_flight();
    }

    fn chunk_ready(&self) {
        if self.in_flight.load(Ordering::Relaxed) && !self.awaits_client.swap(true, Ordering::Relaxed) {
            self.connection.end_activity();
        }
    }

    fn response_polled(&self) {
        if self.awaits_client.load(Ordering::Relaxed) && self.awaits_client.swap(false, Ordering::Relaxed) {
            self.connection.begin_activity();
        }
    }

    fn secret_received(&self) {
        self.has_secret.store(true, Ordering::Relaxed);
        self.has_unwiped_item.store(true, Ordering::Relaxed);
    }

    fn shutting_down(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut phase = self.connection.phase.clone();
        Box::pin(async move { reached(&mut phase, Phase::GoingAway).await })
    }
}

impl Drop for TrackedCall {
    fn drop(&mut self) {
        let has_secret = *self.has_secret.get_mut();
        if has_secret && *self.request_complete.get_mut() {
            self.connection.scrub.request();
        } else if has_secret {
            self.connection.scrub.request_continuously();
        }
        self.clear_paused();
        self.leave_flight();
    }
}
