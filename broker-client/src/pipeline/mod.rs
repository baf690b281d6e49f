//! Many calls on one stream (`PipelineService.Execute`): each is an item with a number, answered in whatever order.
//!
//! A caller writes its item straight into the buffer that leaves next, so what many callers write at the same time
//! leaves together. One task reads the answers; of each it looks at the number only, and hands the rest to who waits.

mod item;
mod outbox;
mod reader;
mod slots;
mod stream;
mod waiting;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use prost::Message;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use self::{item::Item, slots::Outcome, stream::Stream, waiting::Waiting};
use crate::{
    error::Error,
    retry::{Attempt, Failure},
    wire::Connection,
};

/// The stream of a client and its clones. It is opened by the first item, and again after it ended.
pub(crate) struct Pipeline {
    connection: Connection,
    /// A place for each item that may be on its way. Whoever waits longest gets the next one.
    places: Semaphore,
    stream: Mutex<Option<Arc<Stream>>>,
}

impl Pipeline {
    pub(crate) fn new(connection: Connection, in_flight: usize) -> Self {
        let places = Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS));
        Self { connection, places, stream: Mutex::default() }
    }

    /// Makes one attempt at the operation of the given number: a field of `PipelineRequest` and of its response.
    pub(crate) async fn call<M: Message>(
        &self,
        operation: u32,
        message: &M,
        mut attempt: Attempt,
    ) -> Result<Bytes, Failure> {
        let _place = match self.places.try_acquire() {
            Ok(place) => place,
            Err(_) => Box::pin(self.wait_for_place(&mut attempt)).await?,
        };
        let item = Item::new(operation, message, attempt.left);
        match Waiting::new(self, item, attempt.deadline).await {
            Outcome::Answer(response) => item::answer(response, operation),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    /// A place among the items on their way, when there was none.
    async fn wait_for_place(&self, attempt: &mut Attempt) -> Result<SemaphorePermit<'_>, Failure> {
        let closed = |_| Error::runtime("the pipeline is closed").into();
        let place = attempt.limit(async { self.places.acquire().await.map_err(closed) }).await?;
        attempt.left = attempt.deadline.saturating_duration_since(Instant::now());
        Ok(place)
    }

    /// The stream that takes items now. `ended` is one that does not.
    fn stream(&self, ended: Option<&Arc<Stream>>) -> Arc<Stream> {
        let mut current = lock(&self.stream);
        match &*current {
            Some(stream) if !ended.is_some_and(|ended| Arc::ptr_eq(stream, ended)) => Arc::clone(stream),
            _ => {
                let stream = Arc::new(Stream::default());
                let reader = reader::run(Arc::clone(&stream), self.connection.clone());
                self.connection.runtime().spawn(reader);
                *current = Some(Arc::clone(&stream));
                stream
            }
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if let Some(stream) = &*lock(&self.stream) {
            stream.close();
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("places", &self.places).finish_non_exhaustive()
    }
}

/// A panic while it is held is nobody's but the one's who panics: nothing here is left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
