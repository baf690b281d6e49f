//! How long a filter waits for the peer.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// A timer for what a peer has begun and not ended. There is none until the peer lets us wait.
#[derive(Debug, Default)]
pub(super) struct Patience {
    timer: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Patience {
    /// Is ready once `time` has passed since the first wait for the thing with this number.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, number: u64, time: Duration) -> Poll<()> {
        if self.timer.as_ref().is_none_or(|(known, _)| *known != number) {
            self.timer = Some((number, Box::pin(sleep(time))));
        }
        match &mut self.timer {
            Some((_, timer)) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Nothing is waited for.
    pub(super) fn end(&mut self) {
        self.timer = None;
    }
}
