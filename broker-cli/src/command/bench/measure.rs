//! One run: looks at the first answers, starts the threads, watches them, and adds up what they counted.

use std::{
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
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    cpu::{self, Listener},
    generator::{Brief, Event},
    plan::{Amount, Plan},
    sample::Sample,
    sender::{G0, G2, G3, Library, Sender, Setup, Stub},
    watch::Watch,
    work::Workshop,
};
use crate::{
    args::{Driver, Wire},
    broker::Endpoint,
    error::Failure,
    repeat::Interruption,
};

/// How often a watcher sees news.
const TICK: Duration = Duration::from_millis(100);
/// How long after an interruption answers are waited for.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where the runs go, and what outlives each of them.
pub(super) struct Bench {
    endpoint: Endpoint,
    listener: Option<Listener>,
    workshop: Workshop,
    pub(super) interruption: Interruption,
    pub(super) socket: std::path::PathBuf,
}

impl Bench {
    /// Finds the broker. Inside a runtime.
    pub(super) async fn new(endpoint: &Endpoint, pin: Option<&[usize]>) -> Result<Self, Failure> {
        if let Some(processors) = pin {
            cpu::pin(processors)?;
        }
        let interruption = Interruption::new()?;
        let (socket, stream) = endpoint.find().await?;
        let endpoint = Endpoint { socket: Some(socket.clone()), ..endpoint.clone() };
        Ok(Self {
            endpoint,
            listener: Listener::of(&stream),
            workshop: Workshop::default(),
            interruption,
            socket,
        })
    }

    /// Runs the plan by whom it names.
    pub(super) async fn run(&mut self, plan: Plan, watch: &Watch) -> Result<Sample, Failure> {
        match (plan.wire, plan.client) {
            (Wire::V1, Driver::Library) => self.drive::<Library>(plan, watch).await,
            (Wire::V1, Driver::Stub) => self.drive::<Stub>(plan, watch).await,
            (Wire::G3, _) => self.drive::<G3>(plan, watch).await,
            (Wire::G2, _) => self.drive::<G2>(plan, watch).await,
            (Wire::G0, _) => self.drive::<G0>(plan, watch).await,
        }
    }

    async fn drive<S: Sender>(&mut self, plan: Plan, watch: &Watch) -> Result<Sample, Failure> {
        let plan = Arc::new(plan);
        let setup = self.prepare::<S>(&plan).await?;
        let (events, news) = mpsc::unbounded_channel();
        let (go, start) = watch::channel(None);
        let stop = Arc::new(AtomicBool::new(false));
        let brief = Brief {
            plan: Arc::clone(&plan),
            setup,
            number: 0,
            events,
            start,
            stop: Arc::clone(&stop),
            progress: Arc::default(),
        };
        let mut threads = Threads { news, go: Some(go), stop, progress: Vec::new(), handles: Vec::new() };
        for number in 0..plan.threads {
            threads.spawn::<S>(Brief { number, progress: Arc::default(), ..brief.clone() })?;
        }
        drop(brief);
        let outcome = self.watch(&plan, &mut threads, watch).await;
        watch.clear();
        threads.join(outcome)
    }

    /// Makes what is sent, and checks the first answer to each of it.
    async fn prepare<S: Sender>(&mut self, plan: &Plan) -> Result<Setup, Failure> {
        let mut setup = Setup {
            socket: self.socket.clone(),
            lane: plan.lane,
            timeout: self.endpoint.timeout.unwrap_or(broker_client::DEFAULT_TIMEOUT),
            in_flight: plan.callers() as usize,
            works: Arc::new([]),
        };
        let client = setup.client()?;
        let mut works = Vec::new();
        for item in &plan.items {
            works.push(tokio::select! {
                () = self.interruption.arrived() => return Err(Failure::Interrupted),
                work = self.workshop.prepare(item, &client) => work?,
            });
        }
        setup.works = works.into();
        let check = async {
            let sender = S::connect(&setup).await?;
            for (number, work) in setup.works.iter().enumerate() {
                let answer = tokio::time::timeout(setup.timeout, sender.send(number)).await;
                let answer = answer.map_err(|_| {
                    let message = format!("no answer within {:?}", setup.timeout);
                    broker_client::Error::from(Rejection::new(Code::DeadlineExceeded, message))
                })??;
                answer.check(work, &client).await?;
            }
            Ok::<(), Failure>(())
        };
        tokio::select! {
            () = self.interruption.arrived() => return Err(Failure::Interrupted),
            outcome = check => outcome?,
        }
        Ok(setup)
    }

    /// From the first thread that is ready to the last that is done.
    async fn watch(
        &mut self,
        plan: &Arc<Plan>,
        threads: &mut Threads,
        watch: &Watch,
    ) -> Result<Sample, Failure> {
        let server_time = |listener: Option<Listener>| listener.and_then(Listener::processor_time);
        let mut sample = Sample::new(Arc::clone(plan))?;
        let (mut ready, mut done) = (0, 0);
        let mut began: Option<(Instant, Option<Duration>, Duration)> = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut farewell = pin!(sleep(FAREWELL));
        while done < plan.threads {
            let event = tokio::select! {
                () = self.interruption.arrived() => {
                    threads.stop.store(true, Relaxed);
                    if began.is_none() {
                        return Err(Failure::Interrupted);
                    }
                    if sample.interrupted {
                        threads.give_up();
                    } else {
                        sample.interrupted = true;
                        farewell.set(sleep(FAREWELL));
                    }
                    continue;
                }
                () = &mut farewell, if sample.interrupted && !threads.are_given_up() => {
                    threads.give_up();
                    continue;
                }
                _ = ticks.tick(), if watch.is_watched() => {
                    watch.show(plan, began.map(|(start, ..)| start), threads.progress());
                    continue;
                }
                event = threads.news.recv() => event,
            };
            match event {
                Some(Event::Ready) => ready += 1,
                Some(Event::Done(outcome)) => {
                    done += 1;
                    sample.add((*outcome)?)?;
                }
                // The threads tell before they go.
                None => return Err(Failure::local("the load generator", "a thread has gone")),
            }
            if ready == plan.threads && began.is_none() {
                let server = server_time(self.listener);
                let (start, own) = (Instant::now(), cpu::own_time());
                began = Some((start, server, own));
                threads.begin(start);
            }
        }
        if let Some((start, server, own)) = began {
            let server = server.zip(server_time(self.listener));
            sample.time(
                start,
                server.map(|(before, after)| after.saturating_sub(before)),
                cpu::own_time() - own,
            );
        }
        if let (Some(_), Amount::Duration(time)) = (plan.rate, plan.amount) {
            sample.expect(time);
        }
        Ok(sample)
    }
}

/// The threads that generate load.
struct Threads {
    news: mpsc::UnboundedReceiver<Event>,
    /// `None` once the run is given up.
    go: Option<watch::Sender<Option<Instant>>>,
    stop: Arc<AtomicBool>,
    progress: Vec<Arc<AtomicU64>>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    fn spawn<S: Sender>(&mut self, brief: Brief) -> Result<(), Failure> {
        self.progress.push(Arc::clone(&brief.progress));
        let thread = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(|| brief.work::<S>())
            .map_err(|source| Failure::local("cannot start a thread", source))?;
        self.handles.push(thread);
        Ok(())
    }

    fn progress(&self) -> u64 {
        self.progress.iter().map(|count| count.load(Relaxed)).sum()
    }

    fn begin(&self, start: Instant) {
        if let Some(go) = &self.go {
            go.send_replace(Some(start));
        }
    }

    /// Whoever waits for the start learns that there will be none, and whoever waits for an answer that nobody wants it.
    fn give_up(&mut self) {
        self.go = None;
    }

    fn are_given_up(&self) -> bool {
        self.go.is_none()
    }

    /// Ends what still runs, and waits for it.
    fn join(mut self, outcome: Result<Sample, Failure>) -> Result<Sample, Failure> {
        self.stop.store(true, Relaxed);
        self.give_up();
        for handle in self.handles {
            if handle.join().is_err() {
                return outcome.and(Err(Failure::local("the load generator failed", "a thread panicked")));
            }
        }
        outcome
    }
}
