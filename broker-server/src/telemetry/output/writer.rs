//! The thread that may wait.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{
    LOOK, RETRY, Shared, Unwritten, announce,
    file::{Attempt, OpenFile},
    state::{Kind, State},
};

/// What the writer thread does next.
enum Next {
    Open,
    End,
    Write(Arc<OpenFile>, bytes::Bytes),
}

impl Shared {
    /// Writes what is queued, one line after the other, until all handles are gone.
    pub(super) fn write_lines(&self) {
        loop {
            match self.next() {
                Next::Open => self.open_again(),
                Next::End => return,
                Next::Write(file, line) => self.written(file.write(&line, RETRY)),
            }
        }
    }

    /// Waits until there is something to do.
    fn next(&self) -> Next {
        let mut state = self.lock();
        loop {
            if state.reopen {
                return Next::Open;
            }
            if state.closed && (state.failing || state.queue.is_empty()) {
                return Next::End;
            }
            // A FIFO whose reader has gone is tried again, and so is a path that could not be opened.
            let Some(file) = state.file.clone().filter(|file| file.has_reader()) else {
                drop(self.pause(state));
                return Next::Open;
            };
            if let Some(line) = state.queue.front() {
                return Next::Write(file, line.bytes.clone());
            }
            if std::mem::take(&mut state.failing) {
                let change = self.review(&mut state);
                drop(state);
                announce(change);
                state = self.lock();
                continue;
            }
            state = if file.is_pipe() {
                // Nothing tells when a reader goes.
                self.work.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.work.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Waits before the next attempt; a line that comes meanwhile is no reason to try sooner.
    fn pause<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let paused = |state: &mut State| !state.reopen && !state.closed;
        self.work.wait_timeout_while(state, RETRY, paused).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Opens the file by its path. Where that fails the old one stays in use. A pipe stays open also without a reader: what
    /// has been written to it and not read would be gone with it, and the next reader gets it.
    fn open_again(&self) {
        let opened = OpenFile::open(&self.target);
        let mut state = self.lock();
        let asked = std::mem::take(&mut state.reopen);
        let failed = match opened {
            Ok(Some(file)) => {
                state.failing = false;
                state.file = Some(Arc::new(file));
                None
            }
            Ok(None) => {
                state.file.take_if(|file| !file.is_pipe());
                None
            }
            Err(error) => Some(error),
        };
        state.failing |= state.file.as_ref().is_none_or(|file| !file.has_reader());
        if state.failing {
            state.fail_waiting();
        }
        let change = self.review(&mut state);
        drop(state);
        announce(change);
        if let Some(error) = failed.filter(|_| asked) {
            tracing::error!(target = ?self.target, %error, "cannot open the file anew; the old one stays in use");
        }
    }

    /// Notes what became of the oldest line.
    fn written(&self, attempt: Attempt) {
        let mut state = self.lock();
        let mut lost = Lost::default();
        match attempt {
            Attempt::Written => {
                if let Some(Kind::KeyUse(Some(sender))) = state.pop().map(|line| line.kind) {
                    // Nobody listens where the caller has gone meanwhile.
                    let _ = sender.send(true);
                }
                state.failing = false;
                // Said only now that lines are taken again: a line about lost lines would be lost as they were, and would be
                // the next one to speak of.
                lost = self.take_lost(&mut state);
            }
            // Not this line's fault; who waits for it looks at the clock.
            Attempt::WouldBlock => {}
            Attempt::Failed(error) => {
                match state.queue.front().map(|line| &line.kind) {
                    Some(Kind::Log) => state.lose_log_line(),
                    Some(Kind::KeyUse(_) | Kind::Refusal) => state.failing = true,
                    None => {}
                }
                if state.failing {
                    // The record and those behind it stay queued; their calls need not wait for the next attempt.
                    state.fail_waiting();
                    let change = self.review(&mut state);
                    drop(state);
                    if change.is_some() {
                        tracing::error!(%error, "an audit record cannot be written, and is tried again");
                    }
                    announce(change);
                    state = self.pause(self.lock());
                }
            }
        }
        if state.unwritten() == Unwritten::default() {
            self.drained.notify_all();
        }
        let change = self.review(&mut state);
        drop(state);
        announce(change);
        lost.announce();
    }

    /// Takes the numbers of what was lost, and queues the record of them.
    fn take_lost(&self, state: &mut State) -> Lost {
        let (log_lines, refusals) = state.take_lost();
        if let (1.., Some(hooks)) = (refusals, self.audit.get()) {
            // There is room for it: that is when they are taken.
            state.push((hooks.refusals_lost)(refusals), Kind::Refusal);
        }
        Lost { log_lines, refusals }
    }
}

/// Lines and records that were lost, which the log has not said yet.
#[derive(Default)]
struct Lost {
    log_lines: u64,
    refusals: u64,
}

impl Lost {
    /// Says so in the log, which may be this very output.
    fn announce(&self) {
        let Self { log_lines, refusals } = *self;
        if log_lines > 0 {
            tracing::warn!(
                log_lines,
                "log lines were lost: they could not be written, or not as fast as they came"
            );
        }
        if refusals > 0 {
            tracing::error!(
                refusals,
                "records of refusals were lost: they came faster than they could be written"
            );
        }
    }
}
