//! Processes the data of a stream in the pool while the I/O thread continues to read.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{batcher::Batch, handler::Incremental, message::Message, reader::Reader};
use crate::{compute::Lane, rpc::Broker, secret::on_wiped_stack, status::CallError};

/// A job takes no further batches after this time, or as soon as other jobs are queued.
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

/// The slot for the batch that follows the one in progress. `slot_free` is notified when a job takes the batch.
#[derive(Default)]
struct Next {
    batch: Mutex<Option<Batch>>,
    slot_free: Notify,
}

impl Next {
    fn take(&self) -> Option<Batch> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        if batch.is_some() {
            self.slot_free.notify_one();
        }
        batch
    }

    /// Stores the batch, or returns it if another one is stored.
    fn put(&self, batch: Batch) -> Option<Batch> {
        let mut slot = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Some(batch);
        }
        *slot = Some(batch);
        None
    }
}

impl<'a, S: Incremental> Worker<'a, S> {
    pub(super) fn new(broker: &'a Broker, connection: u64, deadline: Instant, incremental: S) -> Self {
        Self { broker, connection, deadline, next: Arc::default(), state: State::Idle(incremental) }
    }

    /// Awaits `next` and polls the running job meanwhile.
    pub(super) async fn drive_until<T>(
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

    /// Starts a job for `batch`, or stores it for the running job.
    pub(super) async fn start<M: Message>(
        &mut self,
        mut batch: Batch,
        reader: &mut Reader<M>,
    ) -> Result<(), CallError> {
        loop {
            reader.reset_idle_timer();
            self.deadline = reader.deadline();
            let State::Working(job) = &mut self.state else {
                let incremental = self.wait_idle().await?;
                self.run(incremental, batch);
                return Ok(());
            };
            match self.next.put(batch) {
                Some(rejected) => batch = rejected,
                None => return Ok(()),
            }
            tokio::select! {
                biased;
                done = job => self.done(done)?,
                () = self.next.slot_free.notified() => {}
            }
        }
    }

    /// Waits until no job runs, and returns the incremental operation.
    pub(super) async fn wait_idle(&mut self) -> Result<S, CallError> {
        loop {
            match mem::replace(&mut self.state, State::Failed) {
                State::Idle(incremental) => return Ok(incremental),
                State::Working(job) => {
                    let done = job.await;
                    self.done(done)?;
                }
                State::Failed => return Err(CallError::Internal),
            }
        }
    }

    /// Takes the result of a job, and starts the next one if a batch is stored.
    fn done(&mut self, incremental: Result<S, CallError>) -> Result<(), CallError> {
        self.state = State::Failed;
        let incremental = incremental?;
        match self.next.take() {
            Some(batch) => self.run(incremental, batch),
            None => self.state = State::Idle(incremental),
        }
        Ok(())
    }

    fn run(&mut self, mut incremental: S, batch: Batch) {
        let (state, next) = (Arc::clone(&self.broker.0), Arc::clone(&self.next));
        let job = move || {
            let start = Instant::now();
            let mut batch = Some(batch);
            while let Some(data) = batch.take() {
                if S::DATA_IS_SECRET {
                    on_wiped_stack(|| update_all(&mut incremental, &data))?;
                } else {
                    update_all(&mut incremental, &data)?;
                }
                drop(data);
                if start.elapsed() < MAX_JOB_TIME && state.pool.queued() == 0 {
                    batch = next.take();
                }
            }
            Ok(incremental)
        };
        let (pool, owner, deadline) = (&self.broker.0.pool, self.connection, self.deadline);
        let run = async move { pool.run(Lane::Short, owner, Some(deadline), job).await? };
        self.state = State::Working(Box::pin(run));
    }
}

/// Feeds a batch to the incremental operation.
pub(super) fn update_all<S: Incremental>(incremental: &mut S, batch: &Batch) -> Result<(), CallError> {
    batch.chunks().try_for_each(|chunk| incremental.update(chunk))
}
