//! The bounded queue of one lane. It is served round-robin between connections, each of which has a share of the slots.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

/// A job that has not started.
pub(super) struct Job {
    /// Greater than the ids of all jobs that were submitted before.
    pub(super) id: u64,
    pub(super) deadline: Option<Instant>,
    pub(super) work: Box<dyn FnOnce() + Send>,
}

/// The state of a job that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The job has a slot.
    Queued,
    /// The job waits for a slot.
    Waiting,
}

/// The queue. The share of a connection is `depth` divided by the number of connections with jobs here, at least one slot.
pub(super) struct LaneQueue {
    depth: usize,
    connections: HashMap<u64, ConnectionJobs>,
    /// Connections with queued jobs, each once, in the order in which they are served.
    queued_order: VecDeque<u64>,
    /// Connections with waiting jobs, each once, in the order in which they are given slots.
    waiting_order: VecDeque<u64>,
    queued: usize,
    waiting: usize,
    promoted: usize,
}

/// The jobs of a connection by their ids, which is the order of their submission. The maps make it cheap to cancel one of
/// thousands.
#[derive(Default)]
struct ConnectionJobs {
    queued: BTreeMap<u64, Job>,
    waiting: BTreeMap<u64, Job>,
}

impl LaneQueue {
    pub(super) fn new(depth: usize) -> Self {
        Self {
            depth,
            connections: HashMap::new(),
            queued_order: VecDeque::new(),
            waiting_order: VecDeque::new(),
            queued: 0,
            waiting: 0,
            promoted: 0,
        }
    }

    /// Returns the number of jobs with a slot.
    pub(super) const fn queued(&self) -> usize {
        self.queued
    }

    /// Returns the number of slots.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the number of waiting jobs that were given a slot since the last call. A thread must be woken for each.
    pub(super) const fn take_promoted(&mut self) -> usize {
        std::mem::replace(&mut self.promoted, 0)
    }

    /// Returns the number of jobs, with and without a slot.
    pub(super) const fn len(&self) -> usize {
        self.queued + self.waiting
    }

    /// Gives the job a slot, or lets it wait for one if `may_wait`, or returns it.
    pub(super) fn push(&mut self, connection: u64, job: Job, may_wait: bool) -> Result<Admission, Job> {
        let is_known = self.connections.contains_key(&connection);
        let share = self.share(self.connections.len() + usize::from(!is_known));
        let entry = self.connections.entry(connection).or_default();
        // A job must not overtake the waiting jobs of its own connection.
        if self.queued < self.depth && entry.queued.len() < share && entry.waiting.is_empty() {
            if entry.queued.is_empty() {
                self.queued_order.push_back(connection);
            }
            entry.queued.insert(job.id, job);
            self.queued += 1;
            return Ok(Admission::Queued);
        }
        if may_wait {
            if entry.waiting.is_empty() {
                self.waiting_order.push_back(connection);
            }
            entry.waiting.insert(job.id, job);
            self.waiting += 1;
            return Ok(Admission::Waiting);
        }
        self.remove_if_empty(connection);
        Err(job)
    }

    /// Removes the next job, round-robin between connections.
    pub(super) fn pop(&mut self) -> Option<Job> {
        let connection = self.queued_order.pop_front()?;
        let entry = self.connections.get_mut(&connection)?;
        let (_, job) = entry.queued.pop_first()?;
        if !entry.queued.is_empty() {
            self.queued_order.push_back(connection);
        }
        self.queued -= 1;
        self.remove_if_empty(connection);
        self.promote();
        Some(job)
    }

    /// Removes a job that still waits for a slot.
    pub(super) fn remove_waiting(&mut self, connection: u64, id: u64) -> Option<Job> {
        let entry = self.connections.get_mut(&connection)?;
        let job = entry.waiting.remove(&id)?;
        self.waiting -= 1;
        if entry.waiting.is_empty() {
            self.waiting_order.retain(|other| *other != connection);
        }
        self.remove_if_empty(connection);
        self.promote();
        Some(job)
    }

    /// Removes a job that has not started.
    pub(super) fn remove(&mut self, connection: u64, id: u64) -> Option<Job> {
        if let Some(job) = self.remove_waiting(connection, id) {
            return Some(job);
        }
        let entry = self.connections.get_mut(&connection)?;
        let job = entry.queued.remove(&id)?;
        self.queued -= 1;
        if entry.queued.is_empty() {
            self.queued_order.retain(|other| *other != connection);
        }
        self.remove_if_empty(connection);
        self.promote();
        Some(job)
    }

    /// Removes all jobs and returns them in no particular order.
    pub(super) fn clear(&mut self) -> Vec<Job> {
        self.queued_order.clear();
        self.waiting_order.clear();
        self.queued = 0;
        self.waiting = 0;
        self.connections
            .drain()
            .flat_map(|(_, jobs)| jobs.queued.into_values().chain(jobs.waiting.into_values()))
            .collect()
    }

    fn share(&self, connections: usize) -> usize {
        (self.depth / connections.max(1)).max(1)
    }

    fn remove_if_empty(&mut self, connection: u64) {
        if let Entry::Occupied(entry) = self.connections.entry(connection)
            && entry.get().queued.is_empty()
            && entry.get().waiting.is_empty()
        {
            entry.remove();
        }
    }

    /// Gives free slots to waiting jobs, round-robin between connections.
    fn promote(&mut self) {
        let share = self.share(self.connections.len());
        let mut skipped = 0;
        while self.queued < self.depth && skipped < self.waiting_order.len() {
            let Some(connection) = self.waiting_order.pop_front() else { return };
            let Some(entry) = self.connections.get_mut(&connection) else { continue };
            if entry.queued.len() >= share {
                self.waiting_order.push_back(connection);
                skipped += 1;
                continue;
            }
            let Some((_, job)) = entry.waiting.pop_first() else { continue };
            if entry.queued.is_empty() {
                self.queued_order.push_back(connection);
            }
            entry.queued.insert(job.id, job);
            if !entry.waiting.is_empty() {
                self.waiting_order.push_back(connection);
            }
            self.queued += 1;
            self.waiting -= 1;
            self.promoted += 1;
            skipped = 0;
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

    /// Cancelling many pipelines removes their jobs in this order. With a linear search for each this would take minutes.
    #[test]
    fn removes_a_hundred_thousand_jobs_one_by_one() {
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
    fn jobs_of_a_connection_are_served_in_order_of_submission() {
        let mut queue = LaneQueue::new(2);
        for id in 1..=6 {
            queue.push(1, job(id), true).ok().unwrap();
        }
        queue.remove(1, 4).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|job| job.id).collect();
        assert_eq!(order, [1, 2, 3, 5, 6]);
    }
}
