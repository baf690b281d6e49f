//! One call with a stream, from its header to its answer.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tonic::{Request, Streaming};

use super::{
    feed::Feed,
    message::{Header as _, Message},
    pieces::{Batch, Pieces},
    reader::Reader,
    sink::Sink,
};
use crate::{
    compute::Lane,
    rpc::{
        Broker, BrokerState, CallContext,
        call::{Call, Weight},
    },
    secret::on_wiped_stack,
    status::CallError,
};

/// How long a job goes on with what has come meanwhile. It ends sooner where others wait.
const TURN: Duration = Duration::from_millis(5);

impl Broker {
    /// Serves a client's stream. `open` turns the header into a sink: it parses, decides, and tells the call what it
    /// found, before any data is read. A refusal, there or later, ends the call without waiting for the client.
    pub(super) async fn serve_stream<M: Message, S: Sink>(
        &self,
        request: Request<Streaming<M>>,
        operation: &'static str,
        open: impl FnOnce(&BrokerState, &mut Call, M::Header) -> Result<S, CallError> + Send + 'static,
    ) -> Result<(Call, S::Answer), CallError> {
        // The library's messages are none: it was given an empty body.
        let context = CallContext::of(&request)?;
        let body = request.extensions().get::<Feed>().and_then(Feed::take).ok_or(CallError::Internal)?;
        let mut reader = Reader::<M>::new(body, self.0.max_request_bytes, &self.0.limits, &context);
        let mut header = match reader.header().await {
            Ok(header) => header,
            Err(error) => {
                let call = Call::begin(context, operation, "", None, &self.0.limits)?;
                return call.end_keyless(&self.0, Err(error));
            }
        };
        let metadata = header.take_metadata();
        let call = Call::begin(context, operation, header.profile(), metadata, &self.0.limits)?;
        let mut open_call = Open { parts: &self.0, call: Some(call) };
        match self.feed(&mut open_call, &mut reader, header, open).await {
            Ok(sink) => {
                let mut call = open_call.call.take().ok_or(CallError::Internal)?;
                reader.reset_idle_timer();
                call.context.deadline = reader.deadline();
                self.finish(call, sink).await
            }
            Err(error) => match open_call.call.take() {
                Some(mut call) => call.end(&self.0, Err(error)).recorded(reader.deadline()).await,
                None => Err(error),
            },
        }
    }

    /// Opens the sink and puts all data into it.
    async fn feed<M: Message, S: Sink>(
        &self,
        open_call: &mut Open<'_>,
        reader: &mut Reader<M>,
        header: M::Header,
        open: impl FnOnce(&BrokerState, &mut Call, M::Header) -> Result<S, CallError> + Send + 'static,
    ) -> Result<S, CallError> {
        let connection = open_call.call()?.context.connection;
        let sink = if S::KEYED {
            let (parts, mut call) = (Arc::clone(&self.0), open_call.call()?.clone());
            let job = move || match on_wiped_stack(|| open(&parts, &mut call, header)) {
                Ok(sink) => Ok((call, sink)),
                // Here, so that a caller who hangs up cannot be refused without a record.
                Err(error) => Err(call.end::<S>(&parts, Err(error))),
            };
            let deadline = reader.deadline();
            let opened = self.0.pool.run(Lane::Short, connection, Some(deadline), job).await?;
            open_call.call = None;
            match opened {
                Ok((call, sink)) => {
                    open_call.call = Some(call);
                    sink
                }
                Err(ended) => return ended.recorded(deadline).await,
            }
        } else {
            open(&self.0, open_call.call()?, header)?
        };
        reader.reset_idle_timer();
        let mut worker = Worker::new(self, connection, reader.deadline(), sink);
        let mut pieces = Pieces::default();
        while let Some(part) = worker.beside(reader.data()).await? {
            if let Some(batch) = pieces.push(part) {
                worker.start(batch, reader).await?;
            }
        }
        let rest = pieces.rest();
        if Weight::of_hash(rest.len()) != Weight::Light {
            worker.start(rest, reader).await?;
            return worker.rest().await;
        }
        let mut sink = worker.rest().await?;
        work(&mut sink, &rest)?;
        Ok(sink)
    }

    async fn finish<S: Sink>(&self, mut call: Call, sink: S) -> Result<(Call, S::Answer), CallError> {
        if S::KEYED {
            // The audit may have become unavailable since the key was loaded: nothing is signed then.
            if let Err(unavailable) = self.0.audit.available() {
                let error = unavailable.into();
                call.fail(&error);
                return Err(error);
            }
            return self.compute(call, Weight::Short, |parts, call| sink.finish(parts, call)).await;
        }
        let answer = sink.finish(&self.0, &mut call);
        call.end_keyless(&self.0, answer).map(|answer| (call, answer))
    }
}

/// A call whose stream has not ended. Where it is dropped the client has gone, or its time is up, or there is a bug: the
/// log and the audit say so.
struct Open<'a> {
    parts: &'a BrokerState,
    call: Option<Call>,
}

impl Open<'_> {
    fn call(&mut self) -> Result<&mut Call, CallError> {
        self.call.as_mut().ok_or(CallError::Internal)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(mut call) = self.call.take() {
            let error = if thread::panicking() { CallError::Internal } else { CallError::Cancelled };
            // Nobody is left to wait for the record.
            drop(call.end::<()>(self.parts, Err(error)));
        }
    }
}

/// Works on the data in the pool while the shard reads on. A job goes on with the batch that lies in `next`, so that
/// its thread need not be woken for each.
struct Worker<'a, S> {
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
    Gone,
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

    /// Gives the batch back where there is one already.
    fn put(&self, batch: Batch) -> Option<Batch> {
        let mut place = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_some() {
            return Some(batch);
        }
        *place = Some(batch);
        None
    }
}

impl<'a, S: Sink> Worker<'a, S> {
    fn new(broker: &'a Broker, connection: u64, deadline: Instant, sink: S) -> Self {
        Self { broker, connection, deadline, next: Arc::default(), state: State::Idle(sink) }
    }

    /// Waits for `next` and sees to it that the work goes on meanwhile.
    async fn beside<T>(&mut self, next: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
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

    /// Begins to work on `batch`, or lays it ready.
    async fn start<M: Message>(&mut self, mut batch: Batch, reader: &mut Reader<M>) -> Result<(), CallError> {
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

    /// Waits until nothing is being worked on; the sink is the caller's then.
    async fn rest(&mut self) -> Result<S, CallError> {
        loop {
            match std::mem::replace(&mut self.state, State::Gone) {
                State::Idle(sink) => return Ok(sink),
                State::Working(job) => {
                    let done = job.await;
                    self.done(done)?;
                }
                State::Gone => return Err(CallError::Internal),
            }
        }
    }

    /// A job has ended. What lies ready is the next one's.
    fn done(&mut self, sink: Result<S, CallError>) -> Result<(), CallError> {
        self.state = State::Gone;
        let sink = sink?;
        match self.next.take() {
            Some(batch) => self.run(sink, batch),
            None => self.state = State::Idle(sink),
        }
        Ok(())
    }

    fn run(&mut self, mut sink: S, batch: Batch) {
        let (parts, next) = (Arc::clone(&self.broker.0), Arc::clone(&self.next));
        let job = move || {
            let start = Instant::now();
            let mut batch = Some(batch);
            while let Some(data) = batch.take() {
                work(&mut sink, &data)?;
                drop(data);
                if start.elapsed() < TURN && parts.pool.queued() == 0 {
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

fn work<S: Sink>(sink: &mut S, batch: &Batch) -> Result<(), CallError> {
    batch.pieces().try_for_each(|piece| sink.update(piece))
}
