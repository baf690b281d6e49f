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
    /// The read buffer may still contain the secret of a pipeline item that has been read.
    has_unwiped_item: AtomicBool,
    request_complete: AtomicBool,
    in_flight: AtomicBool,
    paused: AtomicBool,
    response_ready: AtomicBool,
    /// A chunk of the response has been given to h2, which has not polled for more since. It waits for flow control.
    awaits_flow_control: AtomicBool,
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
            awaits_flow_control: AtomicBool::new(false),
        }
    }

    /// Records that the request has arrived completely.
    pub(super) fn mark_request_complete(&self) {
        self.request_complete.store(true, Ordering::Relaxed);
        if self.kind == MethodKind::Unary || self.kind.is_stream() {
            self.begin_flight();
        }
    }

    /// Records that data of the request has arrived.
    pub(super) fn mark_data_received(&self) {
        if self.kind.is_stream() {
            self.begin_flight();
        }
    }

    /// Records that the handler has polled the request body and waits for more data.
    pub(super) fn mark_paused(&self) {
        if self.kind.is_stream() && !self.paused.swap(true, Ordering::Relaxed) {
            self.connection.load.paused.fetch_add(1, Ordering::AcqRel);
            self.end_flight();
        }
    }

    /// Records that the response is ready for the client to read.
    pub(super) fn mark_response_ready(&self) {
        if !self.response_ready.swap(true, Ordering::Relaxed) && self.in_flight.load(Ordering::Relaxed) {
            self.connection.unblock_eviction();
        }
    }

    /// Requests a wipe if the request contains a secret. The caller has read everything that has arrived of it.
    pub(super) fn request_wipe(&self) {
        if self.has_secret.load(Ordering::Relaxed) {
            self.connection.wipe.request();
        }
    }

    /// Records that the request body has been dropped. A unary call's secret is wiped now rather than at the end of the
    /// call, which may wait long for a worker or for its audit record.
    pub(super) fn on_body_dropped(&self) {
        if self.kind == MethodKind::Unary
            && self.request_complete.load(Ordering::Relaxed)
            && self.has_secret.swap(false, Ordering::Relaxed)
        {
            self.connection.wipe.request();
        }
    }

    /// Requests a wipe if a pipeline item with a secret has been read since the last wipe, and no more data has arrived.
    pub(super) fn request_wipe_after_items(&self) {
        if self.has_unwiped_item.load(Ordering::Relaxed)
            && self.has_unwiped_item.swap(false, Ordering::Relaxed)
        {
            self.connection.wipe.request();
        }
    }

    fn begin_flight(&self) {
        self.clear_paused();
        let response_ready = self.response_ready.load(Ordering::Relaxed);
        if !response_ready && !self.in_flight.swap(true, Ordering::Relaxed) {
            self.connection.block_eviction();
            self.connection.load.in_flight.fetch_add(1, Ordering::AcqRel);
            self.connection.load.started.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn clear_paused(&self) {
        if self.paused.swap(false, Ordering::Relaxed) {
            self.connection.load.paused.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn end_flight(&self) {
        if self.in_flight.swap(false, Ordering::Relaxed) {
            if !self.response_ready.load(Ordering::Relaxed)
                && !self.awaits_flow_control.swap(false, Ordering::Relaxed)
            {
                self.connection.unblock_eviction();
            }
            self.connection.load.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl PipelineObserver for TrackedCall {
    fn set_busy(&self) {
        self.begin_flight();
    }

    fn set_idle(&self) {
        self.end_flight();
    }

    fn chunk_ready(&self) {
        if self.in_flight.load(Ordering::Relaxed) && !self.awaits_flow_control.swap(true, Ordering::Relaxed) {
            self.connection.unblock_eviction();
        }
    }

    fn response_polled(&self) {
        if self.awaits_flow_control.load(Ordering::Relaxed)
            && self.awaits_flow_control.swap(false, Ordering::Relaxed)
        {
            self.connection.block_eviction();
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
            self.connection.wipe.request();
        } else if has_secret {
            self.connection.wipe.request_on_every_pause();
        }
        self.clear_paused();
        self.end_flight();
    }
}
