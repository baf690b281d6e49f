//! One thread that generates load: its runtime, its connections, its callers.

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

use super::{
    pace::Pace,
    plan::{Amount, Plan},
    sender::{Sender, Setup},
    tally::{Tally, order},
};
use crate::error::Failure;

/// How long a caller waits where nobody is there to answer.
const PAUSE: Duration = Duration::from_millis(10);
/// How long after its end requests of a rate are begun that were due before.
const GRACE: Duration = Duration::from_millis(100);

/// What a thread has to tell.
pub(super) enum Event {
    /// It is connected and warm.
    Ready,
    /// It is done.
    Done(Box<Result<Tally, Failure>>),
}

/// What a thread is given.
#[derive(Clone)]
pub(super) struct Brief {
    pub(super) plan: Arc<Plan>,
    pub(super) setup: Setup,
    pub(super) number: u32,
    pub(super) events: mpsc::UnboundedSender<Event>,
    /// When the measurement began. Whoever says so and then leaves waits for no answer any longer.
    pub(super) start: watch::Receiver<Option<Instant>>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) progress: Arc<AtomicU64>,
}

impl Brief {
    /// The whole life of the thread.
    pub(super) fn work<S: Sender>(self) {
        let events = self.events.clone();
        let outcome = crate::repeat::block_on(self.generate::<S>());
        // Whoever no longer listens has gone without waiting.
        let _ = events.send(Event::Done(Box::new(outcome)));
    }

    async fn generate<S: Sender>(mut self) -> Result<Tally, Failure> {
        let mut senders = Vec::new();
        for _ in (self.number..self.plan.connections).step_by(self.plan.threads as usize) {
            senders.push(S::connect(&self.setup).await?);
        }
        if !self.plan.warm_up.is_zero() {
            let end = Instant::now() + self.plan.warm_up;
            self.phase(&senders, u64::MAX, Some(end), None).await?;
        }
        let _ = self.events.send(Event::Ready);
        let start = match self.start.wait_for(Option::is_some).await {
            Ok(start) => start.unwrap_or_else(Instant::now),
            // The run was given up.
            Err(_) => return Err(Failure::Interrupted),
        };
        let pace = self.plan.rate.map(|rate| Pace::new(start, rate, self.plan.threads, self.number));
        let pace = pace.transpose()?;
        let (left, end) = match (self.plan.amount, &pace) {
            (Amount::Requests(all), _) => (self.share(all), None),
            (Amount::Duration(time), None) => (u64::MAX, Some(start + time)),
            (Amount::Duration(time), Some(pace)) => (pace.within(time), Some(start + time + GRACE)),
        };
        self.phase(&senders, left, end, pace).await
    }

    /// This thread's part of a number.
    fn share(&self, all: u64) -> u64 {
        let threads = u64::from(self.plan.threads);
        all / threads + u64::from(u64::from(self.number) < all % threads)
    }

    /// Runs all callers of this thread until they are done.
    async fn phase<S: Sender>(
        &self,
        senders: &[S],
        left: u64,
        end: Option<Instant>,
        pace: Option<Pace>,
    ) -> Result<Tally, Failure> {
        let weights: Vec<u32> = self.plan.items.iter().map(|item| item.weight).collect();
        let order: Arc<[usize]> = order(&weights).into();
        Tally::new(weights.len(), order, left, Arc::clone(&self.progress))?.install();
        let phase = Arc::new(Phase { end, pace, stop: Arc::clone(&self.stop) });
        // One caller with a window is to the broker what so many callers are that each wait. Tasks that stay cost less than
        // a set of futures of which one is made for each request.
        let mut callers = JoinSet::new();
        let own = (self.number..self.plan.callers()).step_by(self.plan.threads as usize);
        for (_, sender) in own.zip(senders.iter().cycle()) {
            callers.spawn(Arc::clone(&phase).call(sender.clone()));
        }
        let outcome = self.wait(&mut callers).await;
        let tally = Tally::remove().ok_or_else(|| Failure::local("the load generator", "lost its counts"))?;
        outcome.map(|()| tally)
    }

    /// Waits for the callers. Where nothing at all is answered for the time that a call has, or where the run is given up,
    /// they are not waited for.
    async fn wait(&self, callers: &mut JoinSet<Result<(), Failure>>) -> Result<(), Failure> {
        let ended = || Tally::with(|tally| tally.ended()).unwrap_or(0);
        let mut start = self.start.clone();
        let mut given_up = pin!(async { while start.changed().await.is_ok() {} });
        let mut seen = ended();
        // A call by the library ends at that time by itself; this is for the others.
        let patience = self.setup.timeout + GRACE;
        let mut clock = Box::pin(sleep(patience));
        loop {
            tokio::select! {
                ended = callers.join_next() => match ended {
                    None => return Ok(()),
                    Some(Ok(outcome)) => outcome?,
                    Some(Err(source)) => return Err(Failure::local("the load generator failed", source)),
                },
                () = &mut given_up => {
                    callers.shutdown().await;
                    Tally::with(|tally| tally.abandon(Code::Cancelled));
                    return Ok(());
                }
                () = &mut clock => {
                    let now = ended();
                    let waiting = Tally::with(|tally| tally.is_waiting()).unwrap_or(false);
                    if now == seen && waiting {
                        callers.shutdown().await;
                        Tally::with(|tally| tally.abandon(Code::DeadlineExceeded));
                        return Ok(());
                    }
                    seen = now;
                    clock.set(sleep(patience));
                }
            }
        }
    }
}

/// What the callers of a thread have in common.
struct Phase {
    end: Option<Instant>,
    pace: Option<Pace>,
    stop: Arc<AtomicBool>,
}

impl Phase {
    /// One caller: sends, waits, counts, and again.
    async fn call<S: Sender>(self: Arc<Self>, sender: S) -> Result<(), Failure> {
        let mut now = Instant::now();
        loop {
            if let Some(pace) = &self.pace {
                let next = || Tally::with(|tally| tally.next()).flatten();
                now = pace.wait(next, |now| self.is_over(now)).await?;
            }
            let begun = if self.is_over(now) { None } else { Tally::with(Tally::begin).flatten() };
            let Some((request, item)) = begun else { return Ok(()) };
            let since = self.pace.as_ref().map_or(now, |pace| pace.instant(request));
            let outcome = sender.send(item).await;
            now = Instant::now();
            if Tally::with(|tally| tally.end(item, since, now, &outcome)) == Some(false) {
                sleep(PAUSE).await;
                now = Instant::now();
            }
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.stop.load(Relaxed) || self.end.is_some_and(|end| now >= end)
    }
}
