//! The compute pool: OS threads for work that would hold up an I/O shard.
//!
//! Two lanes, so that a proof never starves a signature: of `threads` threads, half (at least one) take long jobs
//! first, and the others take short jobs only. A pool of one thread gets a second one for the long lane alone, which
//! sleeps until there is such a job. Each lane has a bounded queue that is served round-robin between its owners
//! (connections); no owner holds more than its share of the places, and a caller without a place waits for one within
//! its deadline and the pool's bound.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use queue::{Admission, Job, LaneQueue};

mod queue;

/// Which queue a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Up to some milliseconds: signatures, large hashes.
    Short,
    /// Seconds: proofs.
    Long,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// No place in the queue became free within the pool's bound.
    #[error("the queue is full")]
    QueueFull,
    /// The deadline passed before there was a result. A job that had started runs to its end unseen.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// The job panicked. Its thread goes on with the next one.
    #[error("the job failed")]
    Panicked,
    /// The pool is ending.
    #[error("the compute pool is shutting down")]
    ShuttingDown,
}

/// The pool. Dropping it forgets the jobs that have not started and waits for those that have, unless it was
/// [abandoned](Self::abandon).
pub struct Pool {
    shared: Arc<Shared>,
    wait: Duration,
    workers: Vec<thread::JoinHandle<()>>,
    abandoned: atomic::AtomicBool,
}

impl Pool {
    /// A pool as by [`Self::try_new`]. Where no thread can be started every job gets [`ComputeError::ShuttingDown`].
    pub fn new(threads: usize, depth: usize, wait: Duration) -> Arc<Self> {
        Arc::new(Self::build(threads, depth, wait).0)
    }

    /// Starts `threads` threads (at least one) and lanes of `depth` places (at least one) each; `wait` is how long a
    /// caller without a place waits for one.
    pub fn try_new(threads: usize, depth: usize, wait: Duration) -> io::Result<Arc<Self>> {
        let (pool, started) = Self::build(threads, depth, wait);
        started.map(|()| Arc::new(pool))
    }

    fn build(threads: usize, depth: usize, wait: Duration) -> (Self, io::Result<()>) {
        let shared = Arc::new(Shared::new(depth.max(1)));
        let mut workers = Vec::new();
        let mut started = Ok(());
        for (index, takes) in roles(threads.max(1)).into_iter().enumerate() {
            let theirs = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("compute-{index}"));
            match builder.spawn(move || theirs.work(index, takes)) {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    shared.lock().stop();
                    started = Err(error);
                    break;
                }
            }
        }
        (Self { shared, wait, workers, abandoned: atomic::AtomicBool::new(false) }, started)
    }

    /// Runs `job` on a thread of the pool for `owner`, the connection's id. Needs a tokio runtime with a timer.
    ///
    /// A job is dropped unstarted when this future is dropped or `deadline` passes.
    ///
    /// # Errors
    /// Those of [`ComputeError`]; a panic in the job is one of them.
    pub async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        owner: u64,
        deadline: Option<Instant>,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        let now = Instant::now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(ComputeError::DeadlineExceeded);
        }
        let (sender, mut receiver) = oneshot::channel();
        let work = Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(job)).map_err(|_| ComputeError::Panicked);
            // Nobody listens where the caller has gone meanwhile.
            let _ = sender.send(result);
        });
        let (mut ticket, admission) = self.shared.submit(lane, owner, deadline, self.wait, work)?;
        let ended = |result: Result<_, oneshot::error::RecvError>| match result {
            Ok(result) => result,
            // The job was dropped unstarted: by its deadline, or because the pool ends.
            Err(_) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                Err(ComputeError::DeadlineExceeded)
            }
            Err(_) => Err(ComputeError::ShuttingDown),
        };
        if admission == Admission::Waiting {
            let bound = now.checked_add(self.wait);
            let first = [bound, deadline].into_iter().flatten().min();
            tokio::select! {
                biased;
                result = &mut receiver => { ticket.started(); return ended(result) }
                () = until(first) => {}
            }
            if deadline.is_some() && first == deadline {
                return Err(ComputeError::DeadlineExceeded);
            }
            if ticket.withdraw_if_waiting() {
                return Err(ComputeError::QueueFull);
            }
        }
        tokio::select! {
            biased;
            result = &mut receiver => { ticket.started(); ended(result) }
            () = until(deadline) => Err(ComputeError::DeadlineExceeded),
        }
    }

    /// Jobs that have not started, in both lanes, with or without a place.
    pub fn queued(&self) -> usize {
        let state = self.shared.lock();
        state.short.len() + state.long.len()
    }

    /// From here on dropping the pool does not wait for running jobs: for a process that is about to end.
    pub fn abandon(&self) {
        self.abandoned.store(true, atomic::Ordering::Relaxed);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let dropped = self.shared.lock().stop();
        drop(dropped); // outside the lock: a job's own drop may do anything
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A job that holds the last handle of its own pool cannot wait for itself.
            let itself = worker.thread().id() == thread::current().id();
            if !itself && !self.abandoned.load(atomic::Ordering::Relaxed) {
                let _ = worker.join();
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.workers.len()).field("wait", &self.wait).finish()
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// What one thread takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Short,
    LongThenShort,
    Long,
}

fn roles(threads: usize) -> Vec<Takes> {
    if threads == 1 {
        return vec![Takes::Short, Takes::Long];
    }
    let long = threads / 2;
    (0..threads)
        .map(|index| if index < threads - long { Takes::Short } else { Takes::LongThenShort })
        .collect()
}

struct Shared(Mutex<State>);

struct State {
    short: LaneQueue,
    long: LaneQueue,
    idle: Vec<Idle>,
    next_id: u64,
    stopping: bool,
}

struct Idle {
    index: usize,
    takes: Takes,
    thread: thread::Thread,
}

impl Shared {
    fn new(depth: usize) -> Self {
        Self(Mutex::new(State {
            short: LaneQueue::new(depth),
            long: LaneQueue::new(depth),
            idle: Vec::new(),
            next_id: 0,
            stopping: false,
        }))
    }

    /// Nothing that can panic runs under the lock except allocation, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(
        &self,
        lane: Lane,
        owner: u64,
        deadline: Option<Instant>,
        wait: Duration,
        work: Box<dyn FnOnce() + Send>,
    ) -> Result<(Ticket<'_>, Admission), ComputeError> {
        let mut state = self.lock();
        if state.stopping {
            return Err(ComputeError::ShuttingDown);
        }
        state.next_id += 1;
        let id = state.next_id;
        let job = Job { id, deadline, work };
        let admission =
            state.lane(lane).push(owner, job, !wait.is_zero()).map_err(|_job| ComputeError::QueueFull)?;
        if admission == Admission::Queued {
            state.wake(lane);
        }
        Ok((Ticket { shared: self, lane, owner, id, live: true }, admission))
    }

    fn work(&self, index: usize, takes: Takes) {
        loop {
            let mut state = self.lock();
            state.idle.retain(|idle| idle.index != index);
            if state.stopping {
                return;
            }
            match state.take(takes) {
                Some(job) => {
                    drop(state);
                    run_one(job);
                }
                None => {
                    state.idle.push(Idle { index, takes, thread: thread::current() });
                    drop(state);
                    // An unpark between the two makes this return at once, and a spurious return only looks again.
                    thread::park();
                }
            }
        }
    }
}

/// Runs or drops one job; neither may take the thread down.
fn run_one(job: Job) {
    let late = job.deadline.is_some_and(|deadline| deadline <= Instant::now());
    let _ = catch_unwind(AssertUnwindSafe(move || if late { drop(job.work) } else { (job.work)() }));
}

impl State {
    const fn lane(&mut self, lane: Lane) -> &mut LaneQueue {
        match lane {
            Lane::Short => &mut self.short,
            Lane::Long => &mut self.long,
        }
    }

    fn take(&mut self, takes: Takes) -> Option<Job> {
        let job = match takes {
            Takes::Short => self.short.pop(),
            Takes::Long => self.long.pop(),
            Takes::LongThenShort => self.long.pop().or_else(|| self.short.pop()),
        };
        self.wake_promoted(Lane::Short);
        self.wake_promoted(Lane::Long);
        job
    }

    /// Wakes a thread for each job that has moved up to a place.
    fn wake_promoted(&mut self, lane: Lane) {
        for _ in 0..self.lane(lane).take_promoted() {
            self.wake(lane);
        }
    }

    /// Wakes one thread that takes from `lane`; for short jobs preferably one that takes nothing else.
    fn wake(&mut self, lane: Lane) {
        let first = match lane {
            Lane::Short => Takes::Short,
            Lane::Long => Takes::Long,
        };
        let position = |takes| self.idle.iter().rposition(|idle| idle.takes == takes);
        if let Some(position) = position(first).or_else(|| position(Takes::LongThenShort)) {
            self.idle.swap_remove(position).thread.unpark();
        }
    }

    /// Stops the threads and hands back what had not started.
    fn stop(&mut self) -> Vec<Job> {
        self.stopping = true;
        self.idle.drain(..).for_each(|idle| idle.thread.unpark());
        let mut jobs = self.short.clear();
        jobs.append(&mut self.long.clear());
        jobs
    }
}

/// A caller's claim on its job: dropped before the job has ended, it takes the job out of the queue.
struct Ticket<'a> {
    shared: &'a Shared,
    lane: Lane,
    owner: u64,
    id: u64,
    live: bool,
}

impl Ticket<'_> {
    const fn started(&mut self) {
        self.live = false;
    }

    /// Gives up unless a place, or a thread, has been found meanwhile.
    fn withdraw_if_waiting(&mut self) -> bool {
        let mut state = self.shared.lock();
        let job = state.lane(self.lane).remove_waiting(self.owner, self.id);
        state.wake_promoted(self.lane);
        drop(state);
        self.live = job.is_none();
        job.is_some()
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.live {
            let mut state = self.shared.lock();
            let job = state.lane(self.lane).remove(self.owner, self.id);
            state.wake_promoted(self.lane);
            drop(state);
            drop(job); // outside the lock
        }
    }
}

#[cfg(test)]
mod tests;
