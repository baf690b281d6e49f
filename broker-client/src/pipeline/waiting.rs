//! A caller, from the sending of its item to the answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use prost::Message;
use tokio::time::Instant;

use super::{Pipeline, item::Item, slots::Outcome, stream::Stream};

/// Sends an item when it is first polled, and waits for its answer. Dropped, it gives its slot back.
pub(super) struct Waiting<'a, M> {
    pipeline: &'a Pipeline,
    item: Item<'a, M>,
    deadline: Instant,
    sent: Option<(Arc<Stream>, u64)>,
}

impl<'a, M> Waiting<'a, M> {
    pub(super) fn new(pipeline: &'a Pipeline, item: Item<'a, M>, deadline: Instant) -> Self {
        Self { pipeline, item, deadline, sent: None }
    }
}

impl<M: Message> Future for Waiting<'_, M> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        if let Some((stream, sequence)) = &self.sent {
            let outcome = stream.poll(*sequence, context.waker());
            if outcome.is_ready() {
                self.sent = None;
            }
            return outcome;
        }
        let mut stream = self.pipeline.stream(None);
        let sequence = loop {
            match stream.put(&self.item, self.deadline, context.waker()) {
                Some(sequence) => break sequence,
                None => stream = self.pipeline.stream(Some(&stream)),
            }
        };
        self.sent = Some((stream, sequence));
        Poll::Pending
    }
}

impl<M> Drop for Waiting<'_, M> {
    fn drop(&mut self) {
        if let Some((stream, sequence)) = &self.sent {
            stream.leave(*sequence);
        }
    }
}
