//! The table of the items in flight and of the callers that wait for their responses.

use std::{mem, task::Waker};

use bytes::Bytes;
use tokio::time::Instant;

use super::outbox::ChunkNumber;
use crate::error::AttemptError;

/// The number of bits of a sequence number that hold the index of its slot. The others make it unique.
const INDEX_BITS: u32 = 24;

/// A slot for each item in flight. Slots are reused, sequence numbers are not.
#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
    generation: u64,
}

struct Slot {
    sequence: u64,
    deadline: Instant,
    /// The chunk in which the item ends.
    chunk: ChunkNumber,
    state: State,
}

enum State {
    Free,
    Waiting(Waker),
    Complete(Outcome),
}

/// The outcome of an item.
pub(super) enum Outcome {
    /// The encoded `PipelineResponse` of the item.
    Response(Bytes),
    Failed(AttemptError),
}

impl Slots {
    /// Returns the sequence number of a new item.
    pub(super) fn next_sequence(&mut self) -> u64 {
        let index = self.free.last().copied().unwrap_or(self.slots.len());
        self.generation += 1;
        self.generation << INDEX_BITS | index as u64
    }

    /// Occupies the slot of the last sequence number.
    pub(super) fn occupy(&mut self, sequence: u64, chunk: ChunkNumber, deadline: Instant, waker: &Waker) {
        let slot = Slot { sequence, deadline, chunk, state: State::Waiting(waker.clone()) };
        match self.free.pop().and_then(|index| self.slots.get_mut(index)) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
    }

    /// Completes an item with its response. Returns the waker of its caller, unless the caller no longer waits.
    pub(super) fn complete(&mut self, sequence: u64, response: Bytes) -> Option<Waker> {
        self.slot(sequence)?.complete(Outcome::Response(response))
    }

    /// Returns the outcome of an item and frees its slot, or stores the waker where there is no outcome yet.
    pub(super) fn poll(&mut self, sequence: u64, waker: &Waker) -> Option<Outcome> {
        match &mut self.slot(sequence)?.state {
            State::Waiting(last) => {
                last.clone_from(waker);
                None
            }
            state => match mem::replace(state, State::Free) {
                State::Complete(outcome) => {
                    self.release(sequence);
                    Some(outcome)
                }
                _ => None,
            },
        }
    }

    /// Frees the slot of an item, whose response is then ignored.
    pub(super) fn release(&mut self, sequence: u64) {
        let Some(slot) = self.slot(sequence) else { return };
        // No item has the sequence number 0.
        slot.sequence = 0;
        slot.state = State::Free;
        self.free.push(index(sequence));
    }

    /// Completes each waiting item for which `error_for` returns an error, and returns the wakers of their callers.
    pub(super) fn fail(
        &mut self,
        mut error_for: impl FnMut(Instant, ChunkNumber) -> Option<AttemptError>,
    ) -> Vec<Waker> {
        let waiting = self.slots.iter_mut().filter(|slot| matches!(slot.state, State::Waiting(_)));
        waiting
            .filter_map(|slot| {
                let error = error_for(slot.deadline, slot.chunk)?;
                slot.complete(Outcome::Failed(error))
            })
            .collect()
    }

    /// Returns the earliest deadline of the waiting items.
    pub(super) fn first_deadline(&self) -> Option<Instant> {
        let waiting = self.slots.iter().filter(|slot| matches!(slot.state, State::Waiting(_)));
        waiting.map(|slot| slot.deadline).min()
    }

    fn slot(&mut self, sequence: u64) -> Option<&mut Slot> {
        self.slots.get_mut(index(sequence)).filter(|slot| slot.sequence == sequence)
    }
}

impl Slot {
    fn complete(&mut self, outcome: Outcome) -> Option<Waker> {
        match mem::replace(&mut self.state, State::Free) {
            State::Waiting(waker) => {
                self.state = State::Complete(outcome);
                Some(waker)
            }
            // Later responses to the same item are ignored.
            state => {
                self.state = state;
                None
            }
        }
    }
}

fn index(sequence: u64) -> usize {
    (sequence & ((1 << INDEX_BITS) - 1)) as usize
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::time::Duration;

    use super::*;

    fn occupy(slots: &mut Slots, chunk: ChunkNumber, deadline: Instant) -> u64 {
        let sequence = slots.next_sequence();
        slots.occupy(sequence, chunk, deadline, Waker::noop());
        sequence
    }

    fn poll_response(slots: &mut Slots, sequence: u64) -> Option<Bytes> {
        match slots.poll(sequence, Waker::noop())? {
            Outcome::Response(bytes) => Some(bytes),
            Outcome::Failed(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn each_item_gets_its_first_response() {
        let mut slots = Slots::default();
        let [a, b] = [1, 1].map(|chunk| occupy(&mut slots, chunk, Instant::now()));
        assert!(poll_response(&mut slots, a).is_none());
        assert!(slots.complete(b, "for b".into()).is_some());
        assert!(slots.complete(a, "for a".into()).is_some());
        assert!(slots.complete(a, "again".into()).is_none());
        assert_eq!(Some("for a".into()), poll_response(&mut slots, a));
        assert_eq!(Some("for b".into()), poll_response(&mut slots, b));
    }

    #[test]
    fn reuses_slots_and_ignores_late_responses() {
        let mut slots = Slots::default();
        let released = occupy(&mut slots, 1, Instant::now());
        slots.release(released);
        slots.release(released);
        let next = occupy(&mut slots, 1, Instant::now());
        assert!(released != next && slots.slots.len() == 1 && slots.free.is_empty());
        for unknown in [released, 0, 1, u64::MAX] {
            assert!(slots.complete(unknown, "late".into()).is_none());
        }
        assert!(poll_response(&mut slots, next).is_none());
    }

    #[test]
    fn fails_expired_items_and_keeps_next_deadline() {
        let mut slots = Slots::default();
        let now = Instant::now();
        let [soon, later] = [1, 2].map(|seconds| occupy(&mut slots, 0, now + Duration::from_secs(seconds)));
        let expired = |deadline, _| {
            (deadline <= now + Duration::from_secs(1)).then_some(AttemptError::DeadlineExceeded)
        };
        assert_eq!(1, slots.fail(expired).len());
        assert_eq!(Some(now + Duration::from_secs(2)), slots.first_deadline());
        assert!(matches!(
            slots.poll(soon, Waker::noop()),
            Some(Outcome::Failed(AttemptError::DeadlineExceeded))
        ));
        assert!(poll_response(&mut slots, later).is_none());
    }
}
