//! The blocking client, whose operations are declared in `operation/`.

mod responses;
mod runner;

use std::{sync::Arc, time::Duration};

pub(crate) use self::{responses::Responses, runner::Runner};
use super::{HealthStatus, Info};
use crate::error::Error;

/// A connection to a broker whose calls block the calling thread. Clones share the connection, from any number of
/// threads.
///
/// Its calls work on every thread: outside a tokio runtime, inside `spawn_blocking`, and on the workers of a
/// runtime. A worker that waits for a response does nothing else, so async code should use [`crate::Client`].
///
/// Outside a runtime no thread runs in the background: the thread that waits for a response drives the connection.
/// The first call from inside a runtime starts one thread that drives the connection from then on, until the last
/// clone of the client is dropped.
#[derive(Debug, Clone)]
pub struct Client {
    // Declared before the runner, so that the connection is dropped before its runtime.
    inner: super::Client,
    runner: Arc<Runner>,
}

impl Client {
    pub(crate) fn new(inner: super::Client, runner: Arc<Runner>) -> Self {
        Self { inner, runner }
    }

    /// Returns a client on the same connection with another timeout for each call except streams.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with_inner(self.inner.with_timeout(timeout))
    }

    /// Returns a client on the same connection with another profile for the requests that name none.
    #[must_use]
    pub fn with_profile(&self, name: impl Into<Arc<str>>) -> Self {
        self.with_inner(self.inner.with_profile(name))
    }

    /// Returns a client on the same connection that sends its operations as items of one stream, like
    /// [`crate::Client::pipeline`]. The calls of all threads that wait at the same time are sent together.
    #[must_use]
    pub fn pipeline(&self) -> Self {
        self.with_inner(self.inner.pipeline())
    }

    /// Returns the version of the broker, its profiles and its operations.
    ///
    /// # Errors
    /// Fails like [`crate::Client::info`].
    pub fn info(&self) -> Result<Info, Error> {
        self.block_on(self.inner.info())
    }

    /// Returns whether a service can be called; `""` stands for the broker as a whole.
    ///
    /// # Errors
    /// Fails like [`crate::Client::health`].
    pub fn health(&self, service: &str) -> Result<HealthStatus, Error> {
        self.block_on(self.inner.health(service))
    }

    /// Watches a service. The watch is an iterator over its current status and each later one.
    ///
    /// # Errors
    /// Fails like [`crate::Client::watch_health`].
    pub fn watch_health(&self, service: &str) -> Result<HealthWatch, Error> {
        let inner = self.block_on(self.inner.watch_health(service))?;
        Ok(HealthWatch(Responses::new(inner, &self.runner)))
    }

    pub(crate) fn inner(&self) -> &super::Client {
        &self.inner
    }

    pub(crate) fn runner(&self) -> &Arc<Runner> {
        &self.runner
    }

    /// Runs a call of the async client on this thread.
    pub(crate) fn block_on<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runner.block_on(call)
    }

    fn with_inner(&self, inner: super::Client) -> Self {
        Self { inner, runner: Arc::clone(&self.runner) }
    }
}

/// A watch of a service's health. Each item is a status, and waiting for it blocks. An error is the last item.
#[derive(Debug)]
pub struct HealthWatch(Responses<super::HealthWatch>);

impl Iterator for HealthWatch {
    type Item = Result<HealthStatus, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(async |watch| watch.next().await)
    }
}
