//! Works on the data of a stream in the pool while the I/O thread reads on.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{handler::Sink, message::Message, pieces::Batch, reader::Reader};
use crate::{compute::Lane, rpc::Broker, status::CallError};

/// How long a job goes on with the batches that arrive meanwhile. It ends sooner where others wait for the pool.
const MAX_JOB_TIME: Duration = Duration::from_millis(5);

/// Hands batches of data to the pool. A job continues with the batch in `next`, so that its thread need not be woken for each.
pub(super) struct Worker<'a, S> {
    broker: &'a Broker,
    connection: u64,
    deadline: Instant,
    next: Arc<Next>,
    state: State<'a, S>,
}

enum State<'a, S> {
    Idle(S),
    Working(Pin<Box<dyn Future<Output = Result<S, CallError>> + Send + 'a>>),
    /// An error has ended the call.
    Failed,
}

/// The batch after the one that is being worked on.
#[derive(Default)]
struct Next {
    batch: Mutex<Option<Batch>>,
    taken: Notify,
}

impl Next {
    fn take(&self) -> Option<Batch> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        if batch.is_some() {
            self.taken.notify_one();
        }
        batch
    }

    /// Stores the batch, or returns it where another one is stored.
    fn put(&self, batch: Batch) -> Option<Batch> {
        let mut slot = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Some(batch);
        }
        *slot = Some(batch);
        None
    }
}

impl<'a, S: Sink> Worker<'a, S> {
    pub(super) fn new(broker: &'a Broker, connection: u64, deadline: Instant, sink: S) -> Self {
        Self { broker, connection, deadline, next: Arc::default(), state: State::Idle(sink) }
    }

    /// Waits for `next` and drives the job meanwhile.
    pub(super) async fn beside<T>(
        &mut self,
        next: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        tokio::pin!(next);
        loop {
            let State::Working(job) = &mut self.state else { return next.await };
            tokio::select! {
                biased;
                done = job => self.done(done)?,
                next = &mut next => return next,
            }
        }
    }

    /// Begins to work on `batch`, or stores it for the job that runs.
    pub(super) async fn start<M: Message>(
        &mut self,
        mut batch: Batch,
        reader: &mut Reader<M>,
    ) -> Result<(), CallError> {
        loop {
            reader.reset_idle_timer();
            self.deadline = reader.deadline();
            let State::Working(job) = &mut self.state else {
                let sink = self.rest().await?;
                self.run(sink, batch);
                return Ok(());
            };
            match self.next.put(batch) {
                Some(back) => batch = back,
                None => return Ok(()),
            }
            tokio::select! {
                biased;
                done = job => self.done(done)?,
                () = self.next.taken.notified() => {}
            }
        }
    }

    /// Waits until no job runs, and returns the sink.
    pub(super) async fn rest(&mut self) -> Result<S, CallError> {
        loop {
            match mem::replace(&mut self.state, State::Failed) {
                State::Idle(sink) => return Ok(sink),
                State::Working(job) => {
                    let done = job.await;
                    self.done(done)?;
                }
                State::Failed => return Err(CallError::Internal),
            }
        }
    }

    /// Takes the result of a job, and begins the next one where a batch is stored.
    fn done(&mut self, sink: Result<S, CallError>) -> Result<(), CallError> {
        self.state = State::Failed;
        let sink = sink?;
        match self.next.take() {
            Some(batch) => self.run(sink, batch),
            None => self.state = State::Idle(sink),
        }
        Ok(())
    }

    fn run(&mut self, mut sink: S, batch: Batch) {
        let (state, next) = (Arc::clone(&self.broker.0), Arc::clone(&self.next));
        let job = move || {
            let start = Instant::now();
            let mut batch = Some(batch);
            while let Some(data) = batch.take() {
                work(&mut sink, &data)?;
                drop(data);
                if start.elapsed() < MAX_JOB_TIME && state.pool.queued() == 0 {
                    batch = next.take();
                }
            }
            Ok(sink)
        };
        let (pool, owner, deadline) = (&self.broker.0.pool, self.connection, self.deadline);
        let run = async move { pool.run(Lane::Short, owner, Some(deadline), job).await? };
        self.state = State::Working(Box::pin(run));
    }
}

pub(super) fn work<S: Sink>(sink: &mut S, batch: &Batch) -> Result<(), CallError> {
    batch.pieces().try_for_each(|piece| sink.update(piece))
}
