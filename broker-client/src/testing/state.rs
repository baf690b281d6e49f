//! The answers that a test has set, and the requests that the broker has received.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use prost::Message;

use super::RecordedRequest;
use crate::{error::Rejection, method::Method, status::Code};

/// The state that the test and the server share.
#[derive(Default)]
pub(super) struct State(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    handlers: HashMap<&'static str, Handler>,
    /// The path of the method of each item of a pipeline.
    items: HashMap<u32, &'static str>,
    requests: Vec<RecordedRequest>,
}

#[derive(Clone)]
struct Handler {
    takes_data: bool,
    run: Arc<Mutex<Run>>,
}

/// Answers an encoded message and its data with an encoded message.
type Run = dyn FnMut(Bytes, Bytes) -> Result<Vec<u8>, Box<Rejection>> + Send;

impl State {
    pub(super) fn set<M, R>(
        &self,
        method: &Method,
        takes_data: bool,
        mut answer: impl FnMut(M, Bytes) -> Result<R, Box<Rejection>> + Send + 'static,
    ) where
        M: Message + Default,
        R: Message,
    {
        let run = move |message: Bytes, data| {
            let malformed = |error: prost::DecodeError| Rejection::new(Code::Internal, error.to_string());
            Ok(answer(M::decode(message).map_err(malformed)?, data)?.encode_to_vec())
        };
        let mut inner = lock(&self.0);
        inner.handlers.insert(method.path, Handler { takes_data, run: Arc::new(Mutex::new(run)) });
        inner.items.extend(method.pipeline_item.map(|number| (number, method.path)));
    }

    /// Reports whether the method with this path takes a header and data.
    pub(super) fn takes_data(&self, path: &str) -> bool {
        lock(&self.0).handlers.get(path).is_some_and(|handler| handler.takes_data)
    }

    /// Returns the path of the method that has this number in a pipeline, if its answer was set.
    pub(super) fn path_of_item(&self, number: u32) -> Option<&'static str> {
        lock(&self.0).items.get(&number).copied()
    }

    /// Records a request and returns its answer.
    pub(super) fn answer(&self, request: RecordedRequest) -> Result<Vec<u8>, Box<Rejection>> {
        let RecordedRequest { path, message, data, .. } = request.clone();
        let handler = {
            let mut inner = lock(&self.0);
            inner.requests.push(request);
            inner.handlers.get(&*path).cloned()
        };
        // The state is not locked while the handler runs, so a handler may use the broker.
        match handler {
            Some(handler) => lock(&*handler.run)(message, data),
            None => {
                let message =
                    format!("the test has set no answer to {path}; set one with FakeBroker::answers");
                Err(Rejection::new(Code::Unimplemented, message).into())
            }
        }
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.0).requests.clone()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("requests", &lock(&self.0).requests).finish_non_exhaustive()
    }
}

/// Locks a mutex, poisoned or not: a handler that panicked is still the test's own.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
