//! Who waits for which answer.

use std::{mem, task::Waker};

use bytes::Bytes;
use tokio::time::Instant;

use super::outbox::Number;
use crate::retry::Failure;

/// How many bits of a sequence number say which slot it is; the others say which of its items.
const INDEX_BITS: u32 = 24;

/// A slot for each item on its way. Slots are used again, sequence numbers are not.
#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
    turn: u64,
}

struct Slot {
    sequence: u64,
    deadline: Instant,
    /// Where the item ends.
    chunk: Number,
    state: State,
}

enum State {
    Free,
    Waiting(Waker),
    Done(Outcome),
}

/// What an item comes to.
pub(super) enum Outcome {
    /// The response, which is the item's.
    Answer(Bytes),
    Failed(Failure),
}

impl Slots {
    /// The sequence number of a new item.
    pub(super) fn next(&mut self) -> u64 {
        let index = self.free.last().copied().unwrap_or(self.slots.len());
        self.turn += 1;
        self.turn << INDEX_BITS | index as u64
    }

    /// Begins to wait for the item that got the last number.
    pub(super) fn wait(&mut self, sequence: u64, chunk: Number, deadline: Instant, waker: &Waker) {
        let slot = Slot { sequence, deadline, chunk, state: State::Waiting(waker.clone()) };
        match self.free.pop().and_then(|index| self.slots.get_mut(index)) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
    }

    /// Gives an item its answer. Nobody is woken where nobody waits any longer.
    pub(super) fn answer(&mut self, sequence: u64, response: Bytes) -> Option<Waker> {
        self.slot(sequence)?.finish(Outcome::Answer(response))
    }

    /// What has become of an item, which then has no slot any longer.
    pub(super) fn poll(&mut self, sequence: u64, waker: &Waker) -> Option<Outcome> {
        match &mut self.slot(sequence)?.state {
            State::Waiting(last) => {
                last.clone_from(waker);
                None
            }
            state => match mem::replace(state, State::Free) {
                State::Done(outcome) => {
                    self.leave(sequence);
                    Some(outcome)
                }
                _ => None,
            },
        }
    }

    /// Ends the waiting for an item.
    pub(super) fn leave(&mut self, sequence: u64) {
        let Some(slot) = self.slot(sequence) else { return };
        // No item has this number.
        slot.sequence = 0;
        slot.state = State::Free;
        self.free.push(index(sequence));
    }

    /// Ends the waiting for each item that `failed` has something for.
    pub(super) fn fail(&mut self, mut failed: impl FnMut(Instant, Number) -> Option<Failure>) -> Vec<Waker> {
        let waiting = self.slots.iter_mut().filter(|slot| matches!(slot.state, State::Waiting(_)));
        waiting
            .filter_map(|slot| {
                let failure = failed(slot.deadline, slot.chunk)?;
                slot.finish(Outcome::Failed(failure))
            })
            .collect()
    }

    /// When the first of those that wait is out of time.
    pub(super) fn first_deadline(&self) -> Option<Instant> {
        let waiting = self.slots.iter().filter(|slot| matches!(slot.state, State::Waiting(_)));
        waiting.map(|slot| slot.deadline).min()
    }

    fn slot(&mut self, sequence: u64) -> Option<&mut Slot> {
        self.slots.get_mut(index(sequence)).filter(|slot| slot.sequence == sequence)
    }
}

impl Slot {
    fn finish(&mut self, outcome: Outcome) -> Option<Waker> {
        match mem::replace(&mut self.state, State::Free) {
            State::Waiting(waker) => {
                self.state = State::Done(outcome);
                Some(waker)
            }
            // The first answer counts.
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

    fn put(slots: &mut Slots, chunk: Number, deadline: Instant) -> u64 {
        let sequence = slots.next();
        slots.wait(sequence, chunk, deadline, Waker::noop());
        sequence
    }

    fn answered(slots: &mut Slots, sequence: u64) -> Option<Bytes> {
        match slots.poll(sequence, Waker::noop())? {
            Outcome::Answer(bytes) => Some(bytes),
            Outcome::Failed(failure) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn each_gets_its_own_answer_and_only_the_first() {
        let mut slots = Slots::default();
        let [a, b] = [1, 1].map(|chunk| put(&mut slots, chunk, Instant::now()));
        assert!(answered(&mut slots, a).is_none());
        assert!(slots.answer(b, "for b".into()).is_some());
        assert!(slots.answer(a, "for a".into()).is_some());
        assert!(slots.answer(a, "again".into()).is_none());
        assert_eq!(Some("for a".into()), answered(&mut slots, a));
        assert_eq!(Some("for b".into()), answered(&mut slots, b));
    }

    #[test]
    fn slots_are_used_again_and_late_answers_find_nobody() {
        let mut slots = Slots::default();
        let left = put(&mut slots, 1, Instant::now());
        slots.leave(left);
        slots.leave(left);
        let next = put(&mut slots, 1, Instant::now());
        assert!(left != next && slots.slots.len() == 1 && slots.free.is_empty());
        for nobody in [left, 0, 1, u64::MAX] {
            assert!(slots.answer(nobody, "late".into()).is_none());
        }
        assert!(answered(&mut slots, next).is_none());
    }

    #[test]
    fn who_is_out_of_time_fails_and_the_next_deadline_is_that_of_the_others() {
        let mut slots = Slots::default();
        let now = Instant::now();
        let [soon, later] = [1, 2].map(|seconds| put(&mut slots, 0, now + Duration::from_secs(seconds)));
        let out = |deadline, _| (deadline <= now + Duration::from_secs(1)).then_some(Failure::Late);
        assert_eq!(1, slots.fail(out).len());
        assert_eq!(Some(now + Duration::from_secs(2)), slots.first_deadline());
        assert!(matches!(slots.poll(soon, Waker::noop()), Some(Outcome::Failed(Failure::Late))));
        assert!(answered(&mut slots, later).is_none());
    }
}
