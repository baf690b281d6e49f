//! The compute pool: OS threads for work that would block an I/O shard.
//!
//! There are two lanes, so that long jobs never starve short ones: of `threads` threads, half (at least one) take long jobs
//! first, and the others take short jobs only. A pool of one thread has a second one for the long lane. Each lane has a
//! bounded queue, which is served round-robin between connections. No connection holds more than its share of the slots,
//! and a caller without a slot waits for one until its deadline, but no longer than the pool's `wait`.

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

/// The queue of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Jobs of up to some milliseconds: signatures, large hashes.
    Short,
    /// Jobs of seconds: proofs.
    Long,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// No slot of the queue became free within the pool's `wait`.
    #[error("the queue is full")]
    QueueFull,
    /// The deadline passed before the job had ended. A job that has started runs to its end, and its result is dropped.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// The job panicked. Its thread continues with the next job.
    #[error("the job failed")]
    Panicked,
    /// The pool is shutting down.
    #[error("the compute pool is shutting down")]
    ShuttingDown,
}

/// The pool. Dropping it drops the jobs that have not started and waits for those that have, unless it was
/// [abandoned](Self::abandon).
pub struct Pool {
    shared: Arc<Shared>,
    wait: Duration,
    workers: Vec<thread::JoinHandle<()>>,
    abandoned: atomic::AtomicBool,
}

impl Pool {
    /// Creates a pool as [`Self::try_new`] does. Where a thread cannot be started, every job fails with
    /// [`ComputeError::ShuttingDown`].
    pub fn new(threads: usize, depth: usize, wait: Duration) -> Arc<Self> {
        Arc::new(Self::build(threads, depth, wait).0)
    }

    /// Starts `threads` threads (at least one). Each lane has `depth` slots (at least one); `wait` is how long a caller waits
    /// for a slot.
    ///
    /// # Errors
    /// The system's error where a thread cannot be started.
    pub fn try_new(threads: usize, depth: usize, wait: Duration) -> io::Result<Arc<Self>> {
        let (pool, started) = Self::build(threads, depth, wait);
        started.map(|()| Arc::new(pool))
    }

    fn build(threads: usize, depth: usize, wait: Duration) -> (Self, io::Result<()>) {
        let shared = Arc::new(Shared::new(depth.max(1)));
        let mut workers = Vec::new();
        let mut started = Ok(());
        for (index, role) in roles(threads.max(1)).into_iter().enumerate() {
            let pool = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("compute-{index}"));
            match builder.spawn(move || pool.run_worker(index, role)) {
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

    /// Runs `job` on a thread of the pool; `connection` is the id of the caller's connection. Needs a tokio runtime with a
    /// timer. When this future is dropped or `deadline` passes, a job that has not started is dropped.
    ///
    /// # Errors
    /// [`ComputeError`], which includes a panic in the job.
    pub async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        connection: u64,
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
            // The receiver is gone where the caller has cancelled.
            let _ = sender.send(result);
        });
        let (mut ticket, admission) = self.shared.submit(lane, connection, deadline, self.wait, work)?;
        let outcome = |result: Result<_, oneshot::error::RecvError>| match result {
            Ok(result) => result,
            // The job was dropped before it started: its deadline has passed, or the pool shuts down.
            Err(_) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                Err(ComputeError::DeadlineExceeded)
            }
            Err(_) => Err(ComputeError::ShuttingDown),
        };
        if admission == Admission::Waiting {
            let wait_end = now.checked_add(self.wait);
            let earliest = [wait_end, deadline].into_iter().flatten().min();
            tokio::select! {
                biased;
                result = &mut receiver => { ticket.release(); return outcome(result) }
                () = sleep_until(earliest) => {}
            }
            if deadline.is_some() && earliest == deadline {
                return Err(ComputeError::DeadlineExceeded);
            }
            if ticket.withdraw_if_waiting() {
                return Err(ComputeError::QueueFull);
            }
        }
        tokio::select! {
            biased;
            result = &mut receiver => { ticket.release(); outcome(result) }
            () = sleep_until(deadline) => Err(ComputeError::DeadlineExceeded),
        }
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Returns the number of threads that take long jobs.
    pub fn long_threads(&self) -> usize {
        self.workers.len() / 2
    }

    /// Returns the number of jobs in both lanes that have not started, with or without a slot.
    pub fn queued(&self) -> usize {
        let state = self.shared.lock();
        state.short.len() + state.long.len()
    }

    /// Returns the number of jobs in a lane that have a slot and have not started, and the number of slots.
    pub fn slots(&self, lane: Lane) -> (usize, usize) {
        let mut state = self.shared.lock();
        let queue = state.lane(lane);
        (queue.queued(), queue.depth())
    }

    /// Makes dropping the pool not wait for running jobs, because the process is about to end.
    pub fn abandon(&self) {
        self.abandoned.store(true, atomic::Ordering::Relaxed);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let jobs = self.shared.lock().stop();
        drop(jobs); // outside the lock: dropping a job runs arbitrary code
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A job that holds the last handle to its pool drops the pool on a worker, which cannot join itself.
            let is_current = worker.thread().id() == thread::current().id();
            if !is_current && !self.abandoned.load(atomic::Ordering::Relaxed) {
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

/// Never resolves where there is no instant.
async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// The lanes that a thread takes jobs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Short,
    LongThenShort,
    Long,
}

fn roles(threads: usize) -> Vec<Role> {
    if threads == 1 {
        return vec![Role::Short, Role::Long];
    }
    let long = threads / 2;
    (0..threads).map(|index| if index < threads - long { Role::Short } else { Role::LongThenShort }).collect()
}

struct Shared(Mutex<State>);

struct State {
    short: LaneQueue,
    long: LaneQueue,
    idle: Vec<IdleWorker>,
    next_id: u64,
    stopping: bool,
}

struct IdleWorker {
    index: usize,
    role: Role,
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

    /// A poisoned lock is usable: under the lock only allocations can panic, and they leave the state consistent.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(
        &self,
        lane: Lane,
        connection: u64,
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
        let admission = state
            .lane(lane)
            .push(connection, job, !wait.is_zero())
            .map_err(|_job| ComputeError::QueueFull)?;
        if admission == Admission::Queued {
            state.wake(lane);
        }
        Ok((Ticket { shared: self, lane, connection, id, live: true }, admission))
    }

    /// Runs jobs until the pool shuts down.
    fn run_worker(&self, index: usize, role: Role) {
        loop {
            let mut state = self.lock();
            state.idle.retain(|idle| idle.index != index);
            if state.stopping {
                return;
            }
            match state.take(role) {
                Some(job) => {
                    drop(state);
                    run_one(job);
                }
                None => {
                    state.idle.push(IdleWorker { index, role, thread: thread::current() });
                    drop(state);
                    // Returns at once after an unpark in between. A spurious return only repeats the loop.
                    thread::park();
                }
            }
        }
    }
}

/// Runs one job, or drops it after its deadline. A panic in either does not end the thread.
fn run_one(job: Job) {
    let expired = job.deadline.is_some_and(|deadline| deadline <= Instant::now());
    let _ = catch_unwind(AssertUnwindSafe(move || if expired { drop(job.work) } else { (job.work)() }));
}

impl State {
    const fn lane(&mut self, lane: Lane) -> &mut LaneQueue {
        match lane {
            Lane::Short => &mut self.short,
            Lane::Long => &mut self.long,
        }
    }

    fn take(&mut self, role: Role) -> Option<Job> {
        let job = match role {
            Role::Short => self.short.pop(),
            Role::Long => self.long.pop(),
            Role::LongThenShort => self.long.pop().or_else(|| self.short.pop()),
        };
        self.wake_promoted(Lane::Short);
        self.wake_promoted(Lane::Long);
        job
    }

    /// Wakes a thread for each waiting job that has been given a slot.
    fn wake_promoted(&mut self, lane: Lane) {
        for _ in 0..self.lane(lane).take_promoted() {
            self.wake(lane);
        }
    }

    /// Wakes one idle thread that takes jobs from `lane`, preferably one that takes no others.
    fn wake(&mut self, lane: Lane) {
        let dedicated = match lane {
            Lane::Short => Role::Short,
            Lane::Long => Role::Long,
        };
        let position = |role| self.idle.iter().rposition(|idle| idle.role == role);
        if let Some(position) = position(dedicated).or_else(|| position(Role::LongThenShort)) {
            self.idle.swap_remove(position).thread.unpark();
        }
    }

    /// Stops the threads and returns the jobs that have not started.
    fn stop(&mut self) -> Vec<Job> {
        self.stopping = true;
        self.idle.drain(..).for_each(|idle| idle.thread.unpark());
        let mut jobs = self.short.clear();
        jobs.append(&mut self.long.clear());
        jobs
    }
}

/// The handle of a caller to its job. When it is dropped before the job has started, it removes the job from the queue.
struct Ticket<'a> {
    shared: &'a Shared,
    lane: Lane,
    connection: u64,
    id: u64,
    /// The job may still be in the queue.
    live: bool,
}

impl Ticket<'_> {
    const fn release(&mut self) {
        self.live = false;
    }

    /// Removes the job if it still waits for a slot, and returns whether it did.
    fn withdraw_if_waiting(&mut self) -> bool {
        let mut state = self.shared.lock();
        let job = state.lane(self.lane).remove_waiting(self.connection, self.id);
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
            let job = state.lane(self.lane).remove(self.connection, self.id);
            state.wake_promoted(self.lane);
            drop(state);
            drop(job); // outside the lock
        }
    }
}

#[cfg(test)]
mod tests;
