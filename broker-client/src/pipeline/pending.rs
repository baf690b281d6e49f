//! The future of an item, from sending it to its response.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use prost::Message;
use tokio::time::Instant;

use super::{Pipeline, item::Item, slots::Outcome, stream::Stream};

/// Sends an item when it is first polled, and waits for its response. Dropping it releases its slot.
pub(super) struct PendingItem<'a, M> {
    pipeline: &'a Pipeline,
    item: Item<'a, M>,
    deadline: Instant,
    sent: Option<(Arc<Stream>, u64)>,
}

impl<'a, M> PendingItem<'a, M> {
    pub(super) fn new(pipeline: &'a Pipeline, item: Item<'a, M>, deadline: Instant) -> Self {
        Self { pipeline, item, deadline, sent: None }
    }
}

impl<M: Message> Future for PendingItem<'_, M> {
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
            match stream.send(&self.item, self.deadline, context.waker()) {
                Some(sequence) => break sequence,
                None => stream = self.pipeline.stream(Some(&stream)),
            }
        };
        self.sent = Some((stream, sequence));
        Poll::Pending
    }
}

impl<M> Drop for PendingItem<'_, M> {
    fn drop(&mut self) {
        if let Some((stream, sequence)) = &self.sent {
            stream.release(*sequence);
        }
    }
}
