//! The messages of a stream, for a program that blocks.

use std::sync::Arc;

use super::runner::Runner;
use crate::error::Error;

/// A stream whose messages are waited for one by one. An error is the last of them.
#[derive(Debug)]
pub(crate) struct Responses<S> {
    // Declared before the runner, so that the stream is dropped before its runtime.
    stream: S,
    runner: Arc<Runner>,
    ended: bool,
}

impl<S> Responses<S> {
    pub(crate) fn new(stream: S, runner: &Arc<Runner>) -> Self {
        Self { stream, runner: Arc::clone(runner), ended: false }
    }

    /// Waits for the message that `next` gets from the stream; `None` at the end and after an error.
    pub(crate) fn next<T>(
        &mut self,
        next: impl AsyncFnOnce(&mut S) -> Result<Option<T>, Error>,
    ) -> Option<Result<T, Error>> {
        if self.ended {
            return None;
        }
        let item = self.runner.block_on(next(&mut self.stream)).transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}
