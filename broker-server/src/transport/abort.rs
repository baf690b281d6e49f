//! The events that end a waiting call early: its deadline and the shutdown.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{
    call::TrackedCall,
    phase::{Phase, reached},
};
use crate::{rpc::MethodKind, status::CallError};

/// The deadline and the shutdown as one event, which aborts a call that has to wait. Most calls never wait, so the
/// timer is not set up before the first poll.
pub(super) struct AbortSignal {
    call: Arc<TrackedCall>,
    deadline: Option<Instant>,
    waiting: Option<Pin<Box<dyn Future<Output = CallError> + Send>>>,
}

impl AbortSignal {
    /// Returns the signal of a call, without a deadline if the call's handler keeps the deadline itself.
    pub(super) fn new(call: Arc<TrackedCall>, deadline: Option<Instant>) -> Self {
        Self { call, deadline, waiting: None }
    }

    /// Polls for the reason to end the call.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CallError> {
        let (call, deadline) = (&self.call, self.deadline);
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(aborted(Arc::clone(call), deadline)));
        waiting.as_mut().poll(cx)
    }
}

async fn aborted(call: Arc<TrackedCall>, deadline: Option<Instant>) -> CallError {
    // A health watch has no end of its own, so the drain does not wait for it.
    let last = if call.kind == MethodKind::LongLived { Phase::GoingAway } else { Phase::Closed };
    let mut phase = call.connection.phase.clone();
    let deadline_passed = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = deadline_passed => CallError::DeadlineExceeded,
        () = reached(&mut phase, last) => match last {
            Phase::Closed => CallError::DrainDeadlineExceeded,
            _ => CallError::ShuttingDown,
        },
    }
}
