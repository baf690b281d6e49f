//! The writer thread, which alone may block on the file.

use std::{
    io,
    sync::{Arc, MutexGuard, PoisonError},
    time::Instant,
};

use super::{
    POLL_INTERVAL, RETRY_INTERVAL, Shared, UnwrittenRecords,
    file::{Attempt, OpenFile},
    log_availability,
    state::{Dropped, Kind, State},
};

/// What the writer thread does next.
enum Action {
    Open,
    End,
    Write(Arc<OpenFile>, bytes::Bytes),
}

impl Shared {
    /// Writes queued lines, one after the other, until all handles are dropped.
    pub(super) fn run(&self) {
        loop {
            match self.next_action() {
                Action::Open => self.open(),
                Action::End => return,
                Action::Write(file, line) => self.handle_attempt(file.write(&line, RETRY_INTERVAL)),
            }
        }
    }

    /// Waits until there is something to do.
    fn next_action(&self) -> Action {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            if state.reopen || state.reopen_retry_at.is_some_and(|time| time <= now) {
                return Action::Open;
            }
            if state.closed && (state.failing || state.queue.is_empty()) {
                return Action::End;
            }
            // Opening is retried for a path that could not be opened, and for a FIFO whose reader has gone.
            let Some(file) = state.file.clone().filter(|file| file.has_reader()) else {
                drop(self.wait_before_retry(state));
                return Action::Open;
            };
            if let Some(line) = state.queue.front() {
                return Action::Write(file, line.bytes.clone());
            }
            if std::mem::take(&mut state.failing) {
                let change = self.update_availability(&mut state);
                drop(state);
                log_availability(change);
                state = self.lock();
                continue;
            }
            // The kernel does not notify of a reader that goes.
            let poll = file.is_pipe().then_some(POLL_INTERVAL);
            let retry = state.reopen_retry_at.map(|time| time.saturating_duration_since(now));
            state = match poll.into_iter().chain(retry).min() {
                Some(time) => self.work.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
                None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits before the next attempt. A new line does not shorten the wait.
    fn wait_before_retry<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waits = |state: &mut State| !state.reopen && !state.closed;
        self.work.wait_timeout_while(state, RETRY_INTERVAL, waits).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Opens the file by its path. Where that fails the old file stays in use, and a requested reopening is retried, because
    /// whoever renamed the old file expects it to grow no further. A pipe stays open even without a reader: closing it would
    /// discard what was written and not read, and the next reader gets it.
    fn open(&self) {
        let opened = OpenFile::open(&self.target);
        let mut state = self.lock();
        let requested = std::mem::take(&mut state.reopen);
        let is_retry = state.reopen_retry_at.take().is_some();
        let failure = match opened {
            Ok(Some(file)) => {
                state.failing = false;
                state.file = Some(Arc::new(file));
                None
            }
            Ok(None) => {
                state.file.take_if(|file| !file.is_pipe());
                None
            }
            Err(error) => {
                state.reopen_retry_at = (requested || is_retry).then(|| Instant::now() + RETRY_INTERVAL);
                Some(error)
            }
        };
        state.failing |= state.file.as_ref().is_none_or(|file| !file.has_reader());
        if state.failing {
            state.fail_waiting_calls();
        }
        let change = self.update_availability(&mut state);
        drop(state);
        log_availability(change);
        match failure {
            Some(error) if requested => tracing::error!(
                file = %self.target,
                %error,
                "cannot reopen the file: the old one stays in use, and reopening is retried"
            ),
            None if is_retry => tracing::info!(file = %self.target, "the file is reopened after a failure"),
            _ => {}
        }
    }

    /// Handles the outcome of an attempt to write the oldest line.
    fn handle_attempt(&self, attempt: Attempt) {
        let mut state = self.lock();
        let mut dropped = Dropped::default();
        match attempt {
            Attempt::Written => {
                if let Some(Kind::KeyUse(Some(sender))) = state.pop().map(|line| line.kind) {
                    // The receiver is gone where the caller has cancelled.
                    let _ = sender.send(true);
                }
                state.failing = false;
                // Reported only once lines are written again: otherwise the report would be dropped as well, and be counted
                // in the next one.
                dropped = self.take_dropped(&mut state);
            }
            // The line is not at fault, and a call that waits for it has its own timeout.
            Attempt::WouldBlock => {}
            Attempt::Failed(error) => state = self.handle_failure(state, &error),
        }
        if state.unwritten() == UnwrittenRecords::default() {
            self.drained.notify_all();
        }
        let change = self.update_availability(&mut state);
        drop(state);
        log_availability(change);
        log_dropped(dropped);
    }

    /// Drops a line of the log; keeps a record queued, fails the calls that wait, and waits before the next attempt.
    fn handle_failure<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        error: &io::Error,
    ) -> MutexGuard<'a, State> {
        match state.queue.front().map(|line| &line.kind) {
            Some(Kind::Log) => state.drop_log_line(),
            Some(Kind::KeyUse(_) | Kind::Refusal) => state.failing = true,
            None => {}
        }
        if !state.failing {
            return state;
        }
        state.fail_waiting_calls();
        let change = self.update_availability(&mut state);
        drop(state);
        if change.is_some() {
            tracing::error!(%error, "an audit record cannot be written; the attempt is repeated");
        }
        log_availability(change);
        self.wait_before_retry(self.lock())
    }

    /// Takes the counts of dropped lines, and queues the record about dropped refusals.
    fn take_dropped(&self, state: &mut State) -> Dropped {
        let dropped = state.take_dropped();
        if let (1.., Some(hooks)) = (dropped.refusals, self.audit.get()) {
            // The queue has room: the count is taken only then.
            state.push((hooks.dropped_refusals)(dropped.refusals), Kind::Refusal);
        }
        dropped
    }
}

/// Logs the numbers of dropped lines. The log may use the same output, so the caller must not hold its lock.
fn log_dropped(Dropped { log_lines, refusals }: Dropped) {
    if log_lines > 0 {
        tracing::warn!(log_lines, "log lines were dropped: they could not be written, or not fast enough");
    }
    if refusals > 0 {
        tracing::error!(refusals, "records of refusals were dropped: they could not be written fast enough");
    }
}
