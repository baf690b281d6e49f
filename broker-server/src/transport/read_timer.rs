//! A timer for an I/O layer that waits for its peer.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// Limits how long a peer may take to finish something that it has begun. The timer is not set up before the first wait.
#[derive(Debug, Default)]
pub(super) struct ReadTimer {
    timer: Option<(u64, Pin<Box<Sleep>>)>,
}

impl ReadTimer {
    /// Polls for the end of `limit` since the first poll for this `block`, the number of a header block. Another number
    /// restarts the timer.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, block: u64, limit: Duration) -> Poll<()> {
        if self.timer.as_ref().is_none_or(|(current, _)| *current != block) {
            self.timer = Some((block, Box::pin(sleep(limit))));
        }
        match &mut self.timer {
            Some((_, timer)) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Stops the timer.
    pub(super) fn stop(&mut self) {
        self.timer = None;
    }
}
