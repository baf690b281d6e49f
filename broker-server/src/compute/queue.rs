//! One lane's queue: bounded, served round-robin between owners, with a share of the places for each.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

/// A job that has not started.
pub(super) struct Job {
    /// Greater than those of all jobs that were handed in before.
    pub(super) id: u64,
    pub(super) deadline: Option<Instant>,
    pub(super) work: Box<dyn FnOnce() + Send>,
}

/// What became of a job that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It has a place.
    Queued,
    /// It waits for one.
    Waiting,
}

/// The queue. An owner's share is `depth` divided by the number of owners with jobs here, at least one place.
pub(super) struct LaneQueue {
    depth: usize,
    owners: HashMap<u64, Owner>,
    /// Owners with queued jobs, the next to be served first; each once.
    turn: VecDeque<u64>,
    /// Owners with waiting jobs, the next to be given a place first; each once.
    waiting_turn: VecDeque<u64>,
    queued: usize,
    waiting: usize,
    promoted: usize,
}

/// An owner's jobs, by their ids: that is the order in which they came. A caller who cancels thousands of jobs must not have
/// each looked for among all others.
#[derive(Default)]
struct Owner {
    queued: BTreeMap<u64, Job>,
    waiting: BTreeMap<u64, Job>,
}

impl LaneQueue {
    pub(super) fn new(depth: usize) -> Self {
        Self {
            depth,
            owners: HashMap::new(),
            turn: VecDeque::new(),
            waiting_turn: VecDeque::new(),
            queued: 0,
            waiting: 0,
            promoted: 0,
        }
    }

    /// How many waiting jobs have been given a place since the last call: each wants a thread woken.
    pub(super) const fn take_promoted(&mut self) -> usize {
        std::mem::replace(&mut self.promoted, 0)
    }

    /// Jobs here, with and without a place.
    pub(super) const fn len(&self) -> usize {
        self.queued + self.waiting
    }

    /// Gives the job a place, or lets it wait for one where `may_wait`, or hands it back.
    pub(super) fn push(&mut self, owner: u64, job: Job, may_wait: bool) -> Result<Admission, Job> {
        let known = self.owners.contains_key(&owner);
        let share = self.share(self.owners.len() + usize::from(!known));
        let entry = self.owners.entry(owner).or_default();
        // Behind an owner's own waiting jobs there is no overtaking.
        if self.queued < self.depth && entry.queued.len() < share && entry.waiting.is_empty() {
            if entry.queued.is_empty() {
                self.turn.push_back(owner);
            }
            entry.queued.insert(job.id, job);
            self.queued += 1;
            return Ok(Admission::Queued);
        }
        if may_wait {
            if entry.waiting.is_empty() {
                self.waiting_turn.push_back(owner);
            }
            entry.waiting.insert(job.id, job);
            self.waiting += 1;
            return Ok(Admission::Waiting);
        }
        self.forget_if_empty(owner);
        Err(job)
    }

    /// The next job, each owner in its turn.
    pub(super) fn pop(&mut self) -> Option<Job> {
        let owner = self.turn.pop_front()?;
        let entry = self.owners.get_mut(&owner)?;
        let (_, job) = entry.queued.pop_first()?;
        if !entry.queued.is_empty() {
            self.turn.push_back(owner);
        }
        self.queued -= 1;
        self.forget_if_empty(owner);
        self.promote();
        Some(job)
    }

    /// Takes out a job that still waits for a place.
    pub(super) fn remove_waiting(&mut self, owner: u64, id: u64) -> Option<Job> {
        let entry = self.owners.get_mut(&owner)?;
        let job = entry.waiting.remove(&id)?;
        self.waiting -= 1;
        if entry.waiting.is_empty() {
            self.waiting_turn.retain(|other| *other != owner);
        }
        self.forget_if_empty(owner);
        self.promote();
        Some(job)
    }

    /// Takes out a job that has not started.
    pub(super) fn remove(&mut self, owner: u64, id: u64) -> Option<Job> {
        if let Some(job) = self.remove_waiting(owner, id) {
            return Some(job);
        }
        let entry = self.owners.get_mut(&owner)?;
        let job = entry.queued.remove(&id)?;
        self.queued -= 1;
        if entry.queued.is_empty() {
            self.turn.retain(|other| *other != owner);
        }
        self.forget_if_empty(owner);
        self.promote();
        Some(job)
    }

    /// Everything, in no particular order.
    pub(super) fn clear(&mut self) -> Vec<Job> {
        self.turn.clear();
        self.waiting_turn.clear();
        self.queued = 0;
        self.waiting = 0;
        self.owners
            .drain()
            .flat_map(|(_, owner)| owner.queued.into_values().chain(owner.waiting.into_values()))
            .collect()
    }

    fn share(&self, owners: usize) -> usize {
        (self.depth / owners.max(1)).max(1)
    }

    fn forget_if_empty(&mut self, owner: u64) {
        if let Entry::Occupied(entry) = self.owners.entry(owner)
            && entry.get().queued.is_empty()
            && entry.get().waiting.is_empty()
        {
            entry.remove();
        }
    }

    /// Gives free places to waiting jobs, one owner after the other.
    fn promote(&mut self) {
        let share = self.share(self.owners.len());
        let mut passed = 0;
        while self.queued < self.depth && passed < self.waiting_turn.len() {
            let Some(owner) = self.waiting_turn.pop_front() else { return };
            let Some(entry) = self.owners.get_mut(&owner) else { continue };
            if entry.queued.len() >= share {
                self.waiting_turn.push_back(owner);
                passed += 1;
                continue;
            }
            let Some((_, job)) = entry.waiting.pop_first() else { continue };
            if entry.queued.is_empty() {
                self.turn.push_back(owner);
            }
            entry.queued.insert(job.id, job);
            if !entry.waiting.is_empty() {
                self.waiting_turn.push_back(owner);
            }
            self.queued += 1;
            self.waiting -= 1;
            self.promoted += 1;
            passed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn job(id: u64) -> Job {
        Job { id, deadline: None, work: Box::new(|| ()) }
    }

    /// As a caller who breaks off many pipelines does, the last first. Were each looked for among the others, this would take
    /// minutes.
    #[test]
    fn a_hundred_thousand_jobs_are_taken_out_one_by_one() {
        const JOBS: u64 = 100_000;
        let mut queue = LaneQueue::new(1);
        for id in 0..JOBS {
            queue.push(1, job(id), true).ok().unwrap();
        }
        for id in (1..JOBS).rev() {
            assert_eq!(queue.remove(1, id).unwrap().id, id);
        }
        assert_eq!((queue.len(), queue.pop().unwrap().id), (1, 0));
    }

    #[test]
    fn an_owners_jobs_are_served_in_the_order_in_which_they_came() {
        let mut queue = LaneQueue::new(2);
        for id in 1..=6 {
            queue.push(1, job(id), true).ok().unwrap();
        }
        queue.remove(1, 4).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|job| job.id).collect();
        assert_eq!(order, [1, 2, 3, 5, 6]);
    }
}
