//! One stream, from its opening to its end.

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
    error::Error,
    retry::{Failure, LONGEST},
    wire::{Messages, Unreadable},
};

/// What callers, the transport and the reader of the answers share.
#[derive(Default)]
pub(super) struct Stream {
    state: Mutex<State>,
    /// Rings when an item has less time than all before it.
    earlier: Notify,
}

#[derive(Default)]
struct State {
    outbox: Outbox,
    slots: Slots,
    /// When somebody looks who is out of time: no item on its way has less time.
    look: Option<Instant>,
    /// Nothing more is asked.
    closed: bool,
    /// Nothing more is answered.
    ended: bool,
}

impl Stream {
    /// Sends an item, and begins to wait for its answer. `None` after the end of the stream.
    pub(super) fn put<M: Message>(
        &self,
        item: &Item<'_, M>,
        deadline: Instant,
        waker: &Waker,
    ) -> Option<u64> {
        // Before the others are held up.
        let long = item.long();
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        let sequence = state.slots.next();
        let chunk = state.outbox.write(item, sequence, long);
        state.slots.wait(sequence, chunk, deadline, waker);
        let earlier = state.look.is_none_or(|look| deadline < look);
        if earlier {
            state.look = Some(deadline);
        }
        let transport = state.outbox.wake();
        drop(state);
        if earlier {
            self.earlier.notify_one();
        }
        transport.into_iter().for_each(Waker::wake);
        Some(sequence)
    }

    /// What has become of an item.
    pub(super) fn poll(&self, sequence: u64, waker: &Waker) -> Poll<Outcome> {
        lock(&self.state).slots.poll(sequence, waker).map_or(Poll::Pending, Poll::Ready)
    }

    /// Ends the waiting for an item. Its answer is for nobody.
    pub(super) fn leave(&self, sequence: u64) {
        lock(&self.state).slots.leave(sequence);
    }

    /// Hands out the responses that are there, and wakes who waits for them.
    pub(super) fn answer(&self, responses: &mut Messages, woken: &mut Vec<Waker>) -> Result<(), Error> {
        let mut state = lock(&self.state);
        let done = loop {
            match responses.next() {
                Ok(Some(response)) => match item::sequence(&response) {
                    Ok(sequence) => woken.extend(state.slots.answer(sequence, response)),
                    Err(error) => break Err(error),
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(state);
        woken.drain(..).for_each(Waker::wake);
        done
    }

    /// Nothing more is asked: the broker answers what it has and ends the stream.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let transport = state.outbox.wake();
        drop(state);
        transport.into_iter().for_each(Waker::wake);
    }

    /// Ends the stream. Who waits gets what `failure` has for an item that may have left this process, or has not.
    pub(super) fn end(&self, failure: impl Fn(bool) -> Failure) {
        let mut state = lock(&self.state);
        let State { outbox, slots, .. } = &mut *state;
        let mut woken = slots.fail(|_, chunk| Some(failure(!outbox.is_here(chunk))));
        woken.extend(outbox.wake());
        state.ended = true;
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Ends the waiting for each item whose time is over, as it comes to that.
    pub(super) async fn watch_deadlines(&self) {
        loop {
            let next = self.next_deadline();
            // A clock that nobody set.
            let next = next.unwrap_or_else(|| Instant::now() + LONGEST);
            tokio::select! {
                () = self.earlier.notified() => {}
                () = tokio::time::sleep_until(next) => self.expire(),
            }
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        lock(&self.state).look
    }

    fn expire(&self) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let woken = state.slots.fail(|deadline, _| (deadline <= now).then_some(Failure::Late));
        state.look = state.slots.first_deadline();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// The body of the call: what callers write, as the transport takes it.
pub(super) struct Requests(pub(super) Arc<Stream>);

impl tokio_stream::Stream for Requests {
    type Item = Result<Bytes, Unreadable>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = lock(&self.0.state);
        if state.ended {
            return Poll::Ready(None);
        }
        match state.outbox.take() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if state.closed => Poll::Ready(None),
            None => {
                state.outbox.sleep(context.waker());
                Poll::Pending
            }
        }
    }
}
