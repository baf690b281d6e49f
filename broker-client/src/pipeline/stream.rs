//! One stream, from its first item to its end.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use prost::Message;
use tokio::{sync::Notify, time::Instant};

use super::{
    item::{self, Item},
    lock,
    outbox::Outbox,
    slots::{Outcome, Slots},
};
use crate::{
    error::{AttemptError, Error},
    retry::MAX_TIMEOUT,
    wire::{InputFailed, Messages},
};

/// The state that the callers, the transport and the reader of the responses share.
#[derive(Default)]
pub(super) struct Stream {
    state: Mutex<State>,
    /// Notified when an item has an earlier deadline than all others.
    timer_changed: Notify,
}

#[derive(Default)]
struct State {
    outbox: Outbox,
    slots: Slots,
    /// The time at which the deadlines are checked next. No item in flight has an earlier deadline.
    timer: Option<Instant>,
    /// Indicates whether the client sends no more items.
    closed: bool,
    /// Indicates whether the broker sends no more responses.
    ended: bool,
}

impl Stream {
    /// Queues an item and returns its sequence number, or `None` after the end of the stream.
    pub(super) fn send<M: Message>(
        &self,
        item: &Item<'_, M>,
        deadline: Instant,
        waker: &Waker,
    ) -> Option<u64> {
        // Encoded before the lock is taken, so that other callers need not wait for it.
        let long = item.encode_long();
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        let sequence = state.slots.next_sequence();
        let chunk = state.outbox.write(item, sequence, long);
        state.slots.occupy(sequence, chunk, deadline, waker);
        let is_earliest = state.timer.is_none_or(|timer| deadline < timer);
        if is_earliest {
            state.timer = Some(deadline);
        }
        let transport = state.outbox.take_waker();
        drop(state);
        if is_earliest {
            self.timer_changed.notify_one();
        }
        transport.into_iter().for_each(Waker::wake);
        Some(sequence)
    }

    /// Polls for the outcome of an item.
    pub(super) fn poll(&self, sequence: u64, waker: &Waker) -> Poll<Outcome> {
        lock(&self.state).slots.poll(sequence, waker).map_or(Poll::Pending, Poll::Ready)
    }

    /// Releases the slot of an item, whose response is then ignored.
    pub(super) fn release(&self, sequence: u64) {
        lock(&self.state).slots.release(sequence);
    }

    /// Passes the responses that have arrived to their callers, and wakes them. `wakers` is a buffer that calls reuse.
    pub(super) fn dispatch(&self, responses: &mut Messages, wakers: &mut Vec<Waker>) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let result = loop {
            match responses.next() {
                Ok(Some(response)) => match item::decode_sequence(&response) {
                    Ok(sequence) => wakers.extend(state.slots.complete(sequence, response)),
                    Err(error) => break Err(error),
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
        result
    }

    /// Ends the sending side: the broker responds to the items that it has, and ends the stream.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let transport = state.outbox.take_waker();
        drop(state);
        transport.into_iter().for_each(Waker::wake);
    }

    /// Ends the stream and fails the items that are left. `error_for` gets whether the item may have left this process.
    pub(super) fn end(&self, error_for: impl Fn(bool) -> AttemptError) {
        let mut state = lock(&self.state);
        let State { outbox, slots, .. } = &mut *state;
        let mut wakers = slots.fail(|_, chunk| Some(error_for(!outbox.is_unsent(chunk))));
        wakers.extend(outbox.take_waker());
        state.ended = true;
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Fails each item when its deadline passes. It never returns.
    pub(super) async fn enforce_deadlines(&self) {
        loop {
            let timer = self.timer().unwrap_or_else(|| Instant::now() + MAX_TIMEOUT);
            tokio::select! {
                () = self.timer_changed.notified() => {}
                () = tokio::time::sleep_until(timer) => self.fail_expired(),
            }
        }
    }

    fn timer(&self) -> Option<Instant> {
        lock(&self.state).timer
    }

    fn fail_expired(&self) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let expired = |deadline, _| (deadline <= now).then_some(AttemptError::DeadlineExceeded);
        let wakers = state.slots.fail(expired);
        state.timer = state.slots.first_deadline();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The request body of the stream, which yields the chunks that callers have filled.
pub(super) struct Requests(pub(super) Arc<Stream>);

impl tokio_stream::Stream for Requests {
    type Item = Result<Bytes, InputFailed>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = lock(&self.0.state);
        if state.ended {
            return Poll::Ready(None);
        }
        match state.outbox.take() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if state.closed => Poll::Ready(None),
            None => {
                state.outbox.set_waker(context.waker());
                Poll::Pending
            }
        }
    }
}
