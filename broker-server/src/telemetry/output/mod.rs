//! The files that the log and the audit write to.
//!
//! Each open file belongs to one [`Output`], which has a thread and a bounded queue: only that thread may block on a reader
//! or a disk. Callers hand over their lines and never wait. Where the queue is empty and the kernel takes the line at once
//! (`RWF_NOWAIT`), the caller's thread writes it, which saves waking the other one.

mod file;
mod state;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use self::{
    file::{Attempt, OpenFile},
    state::{Kind, State},
};

/// How long the writer thread waits before it retries a file that took nothing or could not be opened.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// How often the writer thread checks whether an idle pipe still has a reader.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long [`Outputs::flush`] waits where only lines of the log are queued.
const LOG_FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// Where lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    #[default]
    Stderr,
    /// A file, which is appended to and created with mode 0600 where it does not exist. It may be a FIFO.
    File(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// All outputs of the process. Log and audit share an output where they write to the same file.
#[derive(Clone, Debug, Default)]
pub struct Outputs(Arc<Mutex<Vec<Arc<Output>>>>);

impl Outputs {
    /// Opens the target, or returns the output that has it open.
    ///
    /// # Errors
    /// The system's error where the file cannot be opened or no thread can be started. A FIFO without a reader is not an
    /// error; opening it is retried.
    pub fn open(&self, target: &Target) -> io::Result<Arc<Output>> {
        let mut outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = OpenFile::open(target)?;
        let shared = outputs.iter().find(|output| {
            output.0.target == *target
                || file.as_ref().is_some_and(|file| file.is_same_stream(output.0.lock().file.as_deref()))
        });
        if let Some(output) = shared {
            return Ok(Arc::clone(output));
        }
        let output = Output::start(target.clone(), file)?;
        outputs.push(Arc::clone(&output));
        Ok(output)
    }

    /// Has every file reopened by its path, so that a renamed file ends with a complete line. Does not wait.
    pub fn reopen(&self) {
        for output in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            output.0.lock().reopen = matches!(output.0.target, Target::File(_));
            output.0.work.notify_one();
        }
    }

    /// Waits until every queued line is written, at most until `deadline`; where only lines of the log are left, at most
    /// 250 ms. Returns the numbers of records that are not written by then.
    pub fn flush(&self, deadline: Instant) -> UnwrittenRecords {
        let outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outputs.iter().map(|output| output.0.flush(deadline)).fold(
            UnwrittenRecords::default(),
            |sum, output| UnwrittenRecords {
                key_uses: sum.key_uses + output.key_uses,
                refusals: sum.refusals + output.refusals,
            },
        )
    }
}

/// The numbers of audit records that have not been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnwrittenRecords {
    /// Records of key uses.
    pub key_uses: u64,
    /// Records of refusals, queued or dropped.
    pub refusals: u64,
}

/// Writes the lines of the log or the audit to one open file. When the last handle is dropped, the thread writes what is
/// queued and ends.
pub struct Output(Arc<Shared>);

/// The state that callers share with the writer thread.
struct Shared {
    target: Target,
    state: Mutex<State>,
    /// Wakes the writer thread.
    work: Condvar,
    /// Notified when no record is queued any more.
    drained: Condvar,
    audit: OnceLock<AuditHooks>,
}

/// What an output and the audit that writes to it tell each other.
pub(super) struct AuditHooks {
    /// How long a record may be queued before the audit counts as unavailable.
    pub(super) wait: Duration,
    /// Returns the line that reports the number of dropped refusal records.
    pub(super) dropped_refusals: fn(u64) -> Bytes,
    /// Called with false when the audit becomes unavailable and with true when it becomes available. It must not block.
    pub(super) availability: Box<dyn Fn(bool) + Send + Sync>,
}

/// Whether a key-use record has been written.
#[derive(Debug)]
pub(super) enum WriteState {
    /// `write(2)` has taken it.
    Written,
    /// It is queued. The writer thread sends true once it is written, or false once an attempt has failed.
    Deferred(oneshot::Receiver<bool>),
}

impl Output {
    fn start(target: Target, file: Option<OpenFile>) -> io::Result<Arc<Self>> {
        let shared = Arc::new(Shared {
            target,
            state: Mutex::new(State::new(file)),
            work: Condvar::new(),
            drained: Condvar::new(),
            audit: OnceLock::new(),
        });
        let writer = Arc::clone(&shared);
        // The thread is never joined: it may be inside a `write` that does not return.
        thread::Builder::new().name("output".into()).spawn(move || writer.run())?;
        Ok(Arc::new(Self(shared)))
    }

    /// Makes this the output of an audit. Where two audits share an output, only the first one is told its availability.
    pub(super) fn attach_audit(&self, hooks: AuditHooks) {
        let _ = self.0.audit.set(hooks);
        self.update_availability();
    }

    /// Takes a line of the log. The line starts with a newline, which is written only where the file ends in an incomplete
    /// line. The line is dropped and counted where the queue has no room.
    pub(super) fn log(&self, line: Bytes) {
        self.0.submit(line, Kind::Log);
    }

    /// Takes the record of a refusal; for the form of the line see [`Self::log`]. The record is dropped and counted where
    /// the queue has no room.
    pub(super) fn refusal(&self, line: Bytes) {
        self.0.submit(line, Kind::Refusal);
    }

    /// Takes the record of a key use; for the form of the line see [`Self::log`]. The record is never dropped: a key may be
    /// used only where [`Self::may_use_key`] returned true.
    pub(super) fn key_use(&self, line: Bytes) -> WriteState {
        let (sender, receiver) = oneshot::channel();
        if self.0.submit(line, Kind::KeyUse(Some(sender))) {
            WriteState::Written
        } else {
            WriteState::Deferred(receiver)
        }
    }

    /// Reports whether a key may be used now: as far as can be known, its record would be written in time.
    pub(super) fn may_use_key(&self) -> bool {
        let mut state = self.0.lock();
        match &state.file {
            Some(file) if file.has_reader() => state.failing &= !state.queue.is_empty(),
            _ => {
                state.failing = true;
                // Has the writer thread retry opening the FIFO.
                self.0.work.notify_one();
            }
        }
        let change = self.0.update_availability(&mut state);
        let may_use = state.available && state.has_room_for_key_use();
        drop(state);
        log_availability(change);
        may_use
    }

    /// Tells the audit whether it is available.
    pub(super) fn report_availability(&self) {
        let mut state = self.0.lock();
        let change = self.0.update_availability(&mut state);
        if let Some(hooks) = self.0.audit.get() {
            (hooks.availability)(state.available);
        }
        drop(state);
        log_availability(change);
    }

    /// Determines whether the audit is available, and tells it where that has changed.
    pub(super) fn update_availability(&self) {
        let change = self.0.update_availability(&mut self.0.lock());
        log_availability(change);
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work.notify_one();
    }
}

impl Shared {
    /// Writes the line at once where the queue is empty and the kernel takes the line without blocking; otherwise queues or
    /// drops it. Returns whether the line is written.
    fn submit(&self, line: Bytes, kind: Kind) -> bool {
        let mut state = self.lock();
        if let Some(file) = state.file.as_deref().filter(|_| state.is_idle())
            && matches!(file.try_write(&line), Attempt::Written)
        {
            return true;
        }
        let is_queued = state.push(line, kind);
        // Only then the other thread is woken: on the same core it would run at once, and wait for the lock.
        drop(state);
        if is_queued {
            self.work.notify_one();
        }
        false
    }

    /// Determines whether the audit is available, and tells it where that has changed. The caller passes the result to
    /// [`log_availability`] after it has released the lock, because the log may use this output.
    fn update_availability(&self, state: &mut State) -> Option<bool> {
        let hooks = self.audit.get()?;
        let available = !state.failing && state.oldest_line_is_younger_than(hooks.wait);
        if available == state.available {
            return None;
        }
        state.available = available;
        (hooks.availability)(available);
        Some(available)
    }

    fn flush(&self, deadline: Instant) -> UnwrittenRecords {
        let log_deadline = deadline.min(Instant::now() + LOG_FLUSH_TIMEOUT);
        let mut state = self.lock();
        while !state.queue.is_empty() {
            let has_records = state.unwritten() != UnwrittenRecords::default();
            let until = if has_records { deadline } else { log_deadline };
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self.drained.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.unwritten()
    }

    /// A poisoned lock is usable: the state is consistent after every statement.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs a change of the audit's availability.
fn log_availability(change: Option<bool>) {
    match change {
        Some(false) => tracing::error!("the audit cannot be written: no secret key is used until it can"),
        Some(true) => tracing::info!("the audit can be written again"),
        None => {}
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("target", &self.0.target).finish_non_exhaustive()
    }
}
