//! The open files that the log and the audit write to.
//!
//! Each open file has one owner, an [`Output`], with a thread of its own and a bounded queue: that thread alone may wait
//! for a reader or a disk. A caller hands its line over and never waits. Where nothing is queued and the kernel takes the
//! line at once (`RWF_NOWAIT`), it is written on the caller's thread, which saves waking another one.

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

/// How long the writer thread waits before it tries a file again that took nothing, or that could not be opened.
const RETRY: Duration = Duration::from_millis(200);

/// How often the writer thread looks whether an idle pipe still has a reader.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end of the process waits for lines of the log. Only records are waited for longer.
const LOG_PATIENCE: Duration = Duration::from_millis(250);

/// Where lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    #[default]
    Stderr,
    /// A file, appended to; made with mode 0600 where it is missing. A FIFO is taken, too.
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

/// All outputs of the process. Two users of one open file share its owner.
#[derive(Clone, Debug, Default)]
pub struct Outputs(Arc<Mutex<Vec<Arc<Output>>>>);

impl Outputs {
    /// Opens the target, or returns the output that has it open.
    ///
    /// # Errors
    /// Where the file cannot be opened, or there is no thread for it. A FIFO without a reader is no error: it is tried
    /// again.
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

    /// Has every file opened anew by its path: a file that was renamed is left behind whole. Does not wait for it.
    pub fn reopen(&self) {
        for output in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            output.0.lock().reopen = matches!(output.0.target, Target::File(_));
            output.0.work.notify_one();
        }
    }

    /// Waits until every queued line is written, at most until `deadline`, and for lines of the log a quarter of a second at
    /// most. Returns what is not written then.
    pub fn flush(&self, deadline: Instant) -> Unwritten {
        let outputs = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outputs.iter().map(|output| output.flush(deadline)).fold(Unwritten::default(), |sum, output| {
            Unwritten { key_uses: sum.key_uses + output.key_uses, refusals: sum.refusals + output.refusals }
        })
    }
}

/// The audit records that have not been written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// Uses of keys.
    pub key_uses: u64,
    /// Refusals, queued or lost.
    pub refusals: u64,
}

/// The owner of one open file. With the last handle of it, its thread ends once what is queued is written.
pub struct Output(Arc<Shared>);

/// What the callers' threads and the writer thread share.
struct Shared {
    target: Target,
    state: Mutex<State>,
    /// Wakes the writer thread.
    work: Condvar,
    /// Tells that no record waits any more.
    drained: Condvar,
    audit: OnceLock<AuditHooks>,
}

/// Logs that the availability of the audit has changed.
fn announce(change: Option<bool>) {
    match change {
        Some(false) => tracing::error!("the audit cannot be written: no secret key is used until it can"),
        Some(true) => tracing::info!("the audit is written again"),
        None => {}
    }
}

/// What an output tells the audit that writes to it.
pub(super) struct AuditHooks {
    /// How long a record may wait before the audit counts as unavailable.
    pub(super) wait: Duration,
    /// Returns the line that says how many records of refusals were lost.
    pub(super) refusals_lost: fn(u64) -> Bytes,
    /// Is called when the audit becomes unavailable (false) and available again (true). It must not wait.
    pub(super) availability: Box<dyn Fn(bool) + Send + Sync>,
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
        // Nobody waits for the thread's end: it may be inside a `write` that never returns.
        thread::Builder::new().name("output".into()).spawn(move || writer.write_lines())?;
        Ok(Arc::new(Self(shared)))
    }

    /// Makes this the audit's output. Of two audits that share an output the first one is told of its availability.
    pub(super) fn attach_audit(&self, hooks: AuditHooks) {
        let _ = self.0.audit.set(hooks);
        self.review_audit();
    }

    /// Takes a line of the log. The line starts with a newline, which is written only where the file ends in half a line.
    /// A line for which the queue has no room is lost, and counted.
    pub(super) fn log(&self, line: Bytes) {
        self.0.submit(line, Kind::Log);
    }

    /// Takes the record of a refusal; the line is as in [`Self::log`]. A record for which the queue has no room is lost,
    /// and counted.
    pub(super) fn refusal(&self, line: Bytes) {
        self.0.submit(line, Kind::Refusal);
    }

    /// Takes the record of a use of a key; the line is as in [`Self::log`]. The record is never lost: a key may be used only
    /// after [`Self::may_use_key`] has said so.
    pub(super) fn key_use(&self, line: Bytes) -> Written {
        let (sender, receiver) = oneshot::channel();
        if self.0.submit(line, Kind::KeyUse(Some(sender))) { Written::Now } else { Written::Later(receiver) }
    }

    /// Whether a key may be used now: its record would be written in time, as far as can be known.
    pub(super) fn may_use_key(&self) -> bool {
        let mut state = self.0.lock();
        match &state.file {
            Some(file) if file.has_reader() => state.failing &= !state.queue.is_empty(),
            _ => {
                state.failing = true;
                // The writer thread opens a FIFO again.
                self.0.work.notify_one();
            }
        }
        let change = self.0.review(&mut state);
        let may = state.available && state.has_room_for_key_use();
        drop(state);
        announce(change);
        may
    }

    /// Tells the audit whether it is available.
    pub(super) fn tell_availability(&self) {
        let mut state = self.0.lock();
        let change = self.0.review(&mut state);
        if let Some(hooks) = self.0.audit.get() {
            (hooks.availability)(state.available);
        }
        drop(state);
        announce(change);
    }

    /// Looks whether the audit is available, and tells it where that has changed.
    pub(super) fn review_audit(&self) {
        let change = self.0.review(&mut self.0.lock());
        announce(change);
    }

    fn flush(&self, deadline: Instant) -> Unwritten {
        self.0.flush(deadline)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work.notify_one();
    }
}

impl Shared {
    /// Writes the line at once, where nothing is before it and the kernel takes it without waiting; else queues it, or
    /// loses it. Returns whether it is written.
    fn submit(&self, line: Bytes, kind: Kind) -> bool {
        let mut state = self.lock();
        if let Some(file) = state.file.as_deref().filter(|_| state.is_idle())
            && matches!(file.write_now(&line), Attempt::Written)
        {
            return true;
        }
        if state.push(line, kind) {
            self.work.notify_one();
        }
        false
    }

    /// Looks whether the audit is available, and tells it where that has changed. What is returned is for [`announce`],
    /// once the lock is free: the log may be this very output.
    fn review(&self, state: &mut State) -> Option<bool> {
        let hooks = self.audit.get()?;
        let available = !state.failing && state.oldest_line_is_younger_than(hooks.wait);
        if available == state.available {
            return None;
        }
        state.available = available;
        (hooks.availability)(available);
        Some(available)
    }

    fn flush(&self, deadline: Instant) -> Unwritten {
        let log_deadline = deadline.min(Instant::now() + LOG_PATIENCE);
        let mut state = self.lock();
        while !state.queue.is_empty() {
            let records_wait = state.unwritten() != Unwritten::default();
            let until = if records_wait { deadline } else { log_deadline };
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self.drained.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.unwritten()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every statement under the lock leaves a whole state behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("target", &self.0.target).finish_non_exhaustive()
    }
}

/// Resolves when `write(2)` has taken a record.
#[derive(Debug)]
pub(super) enum Written {
    /// It has.
    Now,
    /// The writer thread sends whether it has, as soon as an attempt has succeeded or failed.
    Later(oneshot::Receiver<bool>),
}
