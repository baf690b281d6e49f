//! Many operations on one stream (`PipelineService.Execute`). Each is an item with a sequence number; responses may
//! arrive in any order.
//!
//! A caller writes its item directly into the buffer that is sent next, so items of concurrent callers are sent
//! together. One task reads the responses. It decodes only their sequence numbers, and passes each response to the
//! caller that waits for it.

mod item;
mod outbox;
mod pending;
mod reader;
mod slots;
mod stream;

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

use self::{item::Item, pending::PendingItem, slots::Outcome, stream::Stream};
use crate::{
    error::{AttemptError, Error},
    retry::Attempt,
    wire::Connection,
};

/// The stream of a client and its clones. The first item opens it, and the next item opens it again after it ended.
pub(crate) struct Pipeline {
    connection: Connection,
    /// A permit for each item that may be in flight, served in the order of arrival.
    permits: Semaphore,
    stream: Mutex<Option<Arc<Stream>>>,
}

impl Pipeline {
    pub(crate) fn new(connection: Connection, in_flight: usize) -> Self {
        let permits = Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS));
        Self { connection, permits, stream: Mutex::default() }
    }

    /// Makes one attempt at an operation, and returns its response message. `number` is the number of the
    /// operation's field in `PipelineRequest` and `PipelineResponse`.
    pub(crate) async fn call<M: Message>(
        &self,
        number: u32,
        message: &M,
        mut attempt: Attempt,
    ) -> Result<Bytes, AttemptError> {
        let _permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            // Boxed, since the future of every call would reserve space for this wait.
            Err(_) => Box::pin(self.acquire(&mut attempt)).await?,
        };
        let item = Item::new(number, message, attempt.timeout);
        match PendingItem::new(self, item, attempt.deadline).await {
            Outcome::Response(response) => item::decode_result(response, number),
            Outcome::Failed(error) => Err(error),
        }
    }

    /// Waits for a permit until the deadline, and shortens the timeout of the attempt by the wait.
    async fn acquire(&self, attempt: &mut Attempt) -> Result<SemaphorePermit<'_>, AttemptError> {
        let closed = |_| Error::runtime("the pipeline is closed").into();
        let permit = attempt.limit(async { self.permits.acquire().await.map_err(closed) }).await?;
        attempt.timeout = attempt.deadline.saturating_duration_since(Instant::now());
        Ok(permit)
    }

    /// Returns the current stream, and opens a new one where there is none or where `ended` is the current one.
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
        f.debug_struct("Pipeline").field("permits", &self.permits).finish_non_exhaustive()
    }
}

/// Locks a mutex, poisoned or not: no critical section here can panic between the steps of a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
