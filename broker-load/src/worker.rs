//! A thread that generates load: its runtime, its connections, its callers.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use broker_client::Code;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    error::LoadError,
    operation::Operation,
    plan::{Plan, RunLength},
    schedule::Schedule,
    sender::{Sender, SenderConfig},
    stats::{ThreadStats, call_order},
};

/// The pause of a caller where the broker cannot be reached.
const UNREACHABLE_PAUSE: Duration = Duration::from_millis(10);
/// The time after the end of a run in which requests of a rate are begun that were due before.
const GRACE: Duration = Duration::from_millis(100);

/// A report of a worker to the generator.
#[derive(Debug)]
pub(crate) enum WorkerEvent {
    /// The worker is connected and has warmed up.
    Ready,
    /// The worker has ended.
    Done(Box<Result<ThreadStats, LoadError>>),
}

/// A worker and what it shares with the generator.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) plan: Arc<Plan>,
    pub(crate) config: SenderConfig,
    pub(crate) index: u32,
    pub(crate) events: mpsc::UnboundedSender<WorkerEvent>,
    /// Holds the instant at which the measurement began. The worker abandons its run when the sender is dropped.
    pub(crate) start: watch::Receiver<Option<Instant>>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) progress: Arc<AtomicU64>,
}

impl Worker {
    /// Runs until all requests were answered, then reports what was counted.
    pub(crate) fn run<S: Sender>(self) {
        let events = self.events.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| LoadError::local("cannot start the runtime", source));
        let outcome = runtime.and_then(|runtime| runtime.block_on(self.generate::<S>()));
        // The generator may have failed and stopped receiving.
        let _ = events.send(WorkerEvent::Done(Box::new(outcome)));
    }

    async fn generate<S: Sender>(mut self) -> Result<ThreadStats, LoadError> {
        let mut senders = Vec::new();
        for _ in (self.index..self.plan.connections).step_by(self.plan.threads as usize) {
            senders.push(S::connect(&self.config).await?);
        }
        if !self.plan.warm_up.is_zero() {
            let end = Instant::now() + self.plan.warm_up;
            self.run_phase(&senders, u64::MAX, Some(end), None).await?;
        }
        let _ = self.events.send(WorkerEvent::Ready);
        let start = match self.start.wait_for(Option::is_some).await {
            Ok(start) => start.unwrap_or_else(Instant::now),
            Err(_) => return Err(LoadError::Interrupted),
        };
        let schedule = self.plan.rate.map(|rate| Schedule::new(start, rate, self.plan.threads, self.index));
        let schedule = schedule.transpose()?;
        let (requests, end) = match (self.plan.length, &schedule) {
            (RunLength::Requests(all), _) => (self.share(all), None),
            (RunLength::Duration(time), None) => (u64::MAX, Some(start + time)),
            (RunLength::Duration(time), Some(schedule)) => {
                (schedule.count_within(time), Some(start + time + GRACE))
            }
        };
        self.run_phase(&senders, requests, end, schedule).await
    }

    /// Returns this worker's part of a number of requests.
    fn share(&self, all: u64) -> u64 {
        let threads = u64::from(self.plan.threads);
        all / threads + u64::from(u64::from(self.index) < all % threads)
    }

    /// Runs all callers of this worker until they are done.
    async fn run_phase<S: Sender>(
        &self,
        senders: &[S],
        requests: u64,
        end: Option<Instant>,
        schedule: Option<Schedule>,
    ) -> Result<ThreadStats, LoadError> {
        let weights: Vec<u32> = self.plan.items.iter().map(|item| item.weight).collect();
        let order: Arc<[usize]> = call_order(&weights).into();
        let makes_proofs = self.plan.items.iter().any(|item| item.operation == Operation::Prove);
        let progress = Arc::clone(&self.progress);
        ThreadStats::new(weights.len(), makes_proofs, order, requests, progress)?.install();
        let phase = Arc::new(Phase { end, schedule, stop: Arc::clone(&self.stop) });
        // To the broker, one caller with a window of N looks the same as N callers that each wait. Long-lived tasks cost less
        // than a set of futures that gets a new one for each request.
        let mut callers = JoinSet::new();
        let own = (self.index..self.plan.max_in_flight()).step_by(self.plan.threads as usize);
        for (_, sender) in own.zip(senders.iter().cycle()) {
            callers.spawn(Arc::clone(&phase).call_repeatedly(sender.clone()));
        }
        let outcome = self.wait_for_callers(&mut callers).await;
        let stats =
            ThreadStats::take().ok_or_else(|| LoadError::local("the load generator", "lost its counts"))?;
        outcome.map(|()| stats)
    }

    /// Waits for the callers. They are aborted where nothing is answered for the timeout of a call, and where the run is
    /// abandoned.
    async fn wait_for_callers(&self, callers: &mut JoinSet<Result<(), LoadError>>) -> Result<(), LoadError> {
        let completed = || ThreadStats::with(|stats| stats.completed()).unwrap_or(0);
        let mut start = self.start.clone();
        let mut abandoned = pin!(async { while start.changed().await.is_ok() {} });
        let mut last_completed = completed();
        // The client library ends a call at its timeout by itself; generated stubs do not.
        let call_timeout = self.config.timeout + GRACE;
        let mut timer = Box::pin(sleep(call_timeout));
        loop {
            tokio::select! {
                ended = callers.join_next() => match ended {
                    None => return Ok(()),
                    Some(Ok(outcome)) => outcome?,
                    Some(Err(source)) => return Err(LoadError::local("the load generator failed", source)),
                },
                () = &mut abandoned => {
                    callers.shutdown().await;
                    ThreadStats::with(|stats| stats.abandon(Code::Cancelled));
                    return Ok(());
                }
                () = &mut timer => {
                    let now_completed = completed();
                    let has_in_flight = ThreadStats::with(|stats| stats.has_in_flight()).unwrap_or(false);
                    if now_completed == last_completed && has_in_flight {
                        callers.shutdown().await;
                        ThreadStats::with(|stats| stats.abandon(Code::DeadlineExceeded));
                        return Ok(());
                    }
                    last_completed = now_completed;
                    timer.set(sleep(call_timeout));
                }
            }
        }
    }
}

/// The state that the callers of a worker share during the warm-up or the measurement.
struct Phase {
    end: Option<Instant>,
    schedule: Option<Schedule>,
    stop: Arc<AtomicBool>,
}

impl Phase {
    /// Sends a request, waits for the response, counts it, and repeats until the phase is over.
    async fn call_repeatedly<S: Sender>(self: Arc<Self>, sender: S) -> Result<(), LoadError> {
        let mut now = Instant::now();
        loop {
            if let Some(schedule) = &self.schedule {
                let next = || ThreadStats::with(|stats| stats.next_request()).flatten();
                now = schedule.wait_until_due(next, |now| self.is_over(now)).await?;
            }
            let begun = if self.is_over(now) {
                None
            } else {
                ThreadStats::with(ThreadStats::begin_request).flatten()
            };
            let Some((request, item)) = begun else { return Ok(()) };
            let since = self.schedule.as_ref().map_or(now, |schedule| schedule.due_at(request));
            let outcome = sender.send(item).await;
            now = Instant::now();
            if ThreadStats::with(|stats| stats.record(item, since, now, &outcome)) == Some(false) {
                sleep(UNREACHABLE_PAUSE).await;
                now = Instant::now();
            }
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.stop.load(Relaxed) || self.end.is_some_and(|end| now >= end)
    }
}
