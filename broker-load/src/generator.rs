//! Runs a plan: checks the first response of each operation, starts the workers, and adds up what they counted.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use broker_client::{Code, Rejection};
use tokio::{
    net::UnixStream,
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    cpu::{self, Listener},
    error::LoadError,
    options::{ClientKind, Wire},
    plan::{Plan, RunLength},
    prepare::Preparer,
    sample::Sample,
    sender::{G0, G2, G3, Library, Sender, SenderConfig, Stub},
    worker::{Worker, WorkerEvent},
};

/// The interval between updates of an observer.
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);
/// The time for which responses are waited for after an interruption.
const INTERRUPT_GRACE: Duration = Duration::from_secs(1);

/// A source of interruptions, such as signals.
pub trait Interrupt {
    /// Waits for the next interruption. It must be safe to drop the future and call this again.
    fn interrupted(&mut self) -> impl Future<Output = ()>;
}

/// The progress of a run.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The run.
    pub plan: &'a Plan,
    /// The time since the measurement began; `None` during the warm-up.
    pub elapsed: Option<Duration>,
    /// The number of requests that were answered or failed.
    pub requests: u64,
}

/// Something that shows how far a run is.
pub trait Observer {
    /// Reports whether updates are wanted.
    fn is_active(&self) -> bool;
    /// Shows how far the run is.
    fn update(&self, progress: Progress<'_>);
    /// Removes what was shown: the run has ended.
    fn finish(&self);
}

/// A load generator for one broker, and what outlives each of its runs.
#[derive(Debug)]
pub struct Generator<I> {
    socket: PathBuf,
    timeout: Duration,
    listener: Option<Listener>,
    preparer: Preparer,
    interrupt: I,
}

impl<I: Interrupt> Generator<I> {
    /// Returns a generator for the broker behind `socket`, to which `connection` is connected. One call may take `timeout`.
    pub fn new(socket: PathBuf, connection: &UnixStream, timeout: Option<Duration>, interrupt: I) -> Self {
        Self {
            socket,
            timeout: timeout.unwrap_or(broker_client::DEFAULT_TIMEOUT),
            listener: Listener::of(connection),
            preparer: Preparer::default(),
            interrupt,
        }
    }

    /// Returns the path of the broker's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Waits for an interruption.
    pub async fn interrupted(&mut self) {
        self.interrupt.interrupted().await;
    }

    /// Runs the plan. An interruption ends the run; the sample then says so.
    ///
    /// # Errors
    /// Fails where the run cannot be prepared, where a first response is wrong, and with [`LoadError::Interrupted`] where
    /// the interruption comes before the measurement.
    pub async fn run(&mut self, plan: Plan, observer: &impl Observer) -> Result<Sample, LoadError> {
        match (plan.wire, plan.client) {
            (Wire::V1, ClientKind::Library) => self.run_with::<Library>(plan, observer).await,
            (Wire::V1, ClientKind::Stub) => self.run_with::<Stub>(plan, observer).await,
            (Wire::G3, _) => self.run_with::<G3>(plan, observer).await,
            (Wire::G2, _) => self.run_with::<G2>(plan, observer).await,
            (Wire::G0, _) => self.run_with::<G0>(plan, observer).await,
        }
    }

    async fn run_with<S: Sender>(
        &mut self,
        plan: Plan,
        observer: &impl Observer,
    ) -> Result<Sample, LoadError> {
        let plan = Arc::new(plan);
        let config = self.prepare::<S>(&plan).await?;
        let (events, received) = mpsc::unbounded_channel();
        let (start_sender, start) = watch::channel(None);
        let stop = Arc::new(AtomicBool::new(false));
        let template = Worker {
            plan: Arc::clone(&plan),
            config,
            index: 0,
            events,
            start,
            stop: Arc::clone(&stop),
            progress: Arc::default(),
        };
        let mut workers = Workers {
            events: received,
            start: Some(start_sender),
            stop,
            progress: Vec::new(),
            handles: Vec::new(),
        };
        for index in 0..plan.threads {
            workers.spawn::<S>(Worker { index, progress: Arc::default(), ..template.clone() })?;
        }
        drop(template);
        let outcome = self.collect(&plan, &mut workers, observer).await;
        observer.finish();
        workers.join(outcome)
    }

    /// Prepares the calls, and verifies the first response to each of them.
    async fn prepare<S: Sender>(&mut self, plan: &Plan) -> Result<SenderConfig, LoadError> {
        let mut config = SenderConfig {
            socket: self.socket.clone(),
            lane: plan.lane,
            timeout: self.timeout,
            in_flight: plan.max_in_flight() as usize,
            calls: Arc::new([]),
        };
        let client = config.client()?;
        let mut calls = Vec::new();
        for item in &plan.items {
            calls.push(tokio::select! {
                () = self.interrupt.interrupted() => return Err(LoadError::Interrupted),
                call = self.preparer.prepare(item, &client) => call?,
            });
        }
        config.calls = calls.into();
        let check = async {
            let sender = S::connect(&config).await?;
            for (index, call) in config.calls.iter().enumerate() {
                let response = tokio::time::timeout(config.timeout, sender.send(index)).await;
                let response = response.map_err(|_| {
                    let message = format!("no answer within {:?}", config.timeout);
                    broker_client::Error::from(Rejection::new(Code::DeadlineExceeded, message))
                })??;
                response.verify(call, &client).await?;
            }
            Ok::<(), LoadError>(())
        };
        tokio::select! {
            () = self.interrupt.interrupted() => return Err(LoadError::Interrupted),
            outcome = check => outcome?,
        }
        Ok(config)
    }

    /// Begins the measurement once all workers are ready, and collects what they counted until the last one is done.
    async fn collect(
        &mut self,
        plan: &Arc<Plan>,
        workers: &mut Workers,
        observer: &impl Observer,
    ) -> Result<Sample, LoadError> {
        let server_time = |listener: Option<Listener>| listener.and_then(Listener::processor_time);
        let mut sample = Sample::new(Arc::clone(plan))?;
        let (mut ready, mut done) = (0, 0);
        let mut began: Option<(Instant, Option<Duration>, Duration)> = None;
        let mut ticks = interval(UPDATE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut grace_period = pin!(sleep(INTERRUPT_GRACE));
        while done < plan.threads {
            let event = tokio::select! {
                () = self.interrupt.interrupted() => {
                    workers.stop.store(true, Relaxed);
                    if began.is_none() {
                        return Err(LoadError::Interrupted);
                    }
                    if sample.interrupted {
                        workers.abandon();
                    } else {
                        sample.interrupted = true;
                        grace_period.set(sleep(INTERRUPT_GRACE));
                    }
                    continue;
                }
                () = &mut grace_period, if sample.interrupted && !workers.are_abandoned() => {
                    workers.abandon();
                    continue;
                }
                _ = ticks.tick(), if observer.is_active() => {
                    let elapsed = began.map(|(start, ..)| start.elapsed());
                    observer.update(Progress { plan, elapsed, requests: workers.progress() });
                    continue;
                }
                event = workers.events.recv() => event,
            };
            match event {
                Some(WorkerEvent::Ready) => ready += 1,
                Some(WorkerEvent::Done(outcome)) => {
                    done += 1;
                    sample.add((*outcome)?)?;
                }
                // A worker reports before it ends, so this happens only where one panicked.
                None => return Err(LoadError::local("the load generator", "a thread has ended early")),
            }
            if ready == plan.threads && began.is_none() {
                let server = server_time(self.listener);
                let (start, own) = (Instant::now(), cpu::own_time());
                began = Some((start, server, own));
                workers.begin(start);
            }
        }
        if let Some((start, server, own)) = began {
            let server = server.zip(server_time(self.listener));
            sample.set_times(
                start,
                server.map(|(before, after)| after.saturating_sub(before)),
                cpu::own_time() - own,
            );
        }
        if let (Some(_), RunLength::Duration(time)) = (plan.rate, plan.length) {
            sample.set_requests_due(time);
        }
        Ok(sample)
    }
}

/// The threads that generate load.
struct Workers {
    events: mpsc::UnboundedReceiver<WorkerEvent>,
    /// `None` once the run is abandoned.
    start: Option<watch::Sender<Option<Instant>>>,
    stop: Arc<AtomicBool>,
    progress: Vec<Arc<AtomicU64>>,
    handles: Vec<JoinHandle<()>>,
}

impl Workers {
    fn spawn<S: Sender>(&mut self, worker: Worker) -> Result<(), LoadError> {
        self.progress.push(Arc::clone(&worker.progress));
        let thread = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(|| worker.run::<S>())
            .map_err(|source| LoadError::local("cannot start a thread", source))?;
        self.handles.push(thread);
        Ok(())
    }

    fn progress(&self) -> u64 {
        self.progress.iter().map(|count| count.load(Relaxed)).sum()
    }

    fn begin(&self, start: Instant) {
        if let Some(sender) = &self.start {
            sender.send_replace(Some(start));
        }
    }

    /// Makes the workers stop waiting for the start and for responses.
    fn abandon(&mut self) {
        self.start = None;
    }

    fn are_abandoned(&self) -> bool {
        self.start.is_none()
    }

    /// Ends the workers that still run, and waits for all of them.
    fn join(mut self, outcome: Result<Sample, LoadError>) -> Result<Sample, LoadError> {
        self.stop.store(true, Relaxed);
        self.abandon();
        for handle in self.handles {
            if handle.join().is_err() {
                return outcome.and(Err(LoadError::local("the load generator failed", "a thread panicked")));
            }
        }
        outcome
    }
}
