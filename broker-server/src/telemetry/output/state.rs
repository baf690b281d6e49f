//! The queue of an output, and the state of its file.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{UnwrittenRecords, file::OpenFile};

/// The number of log lines that can be queued. Further ones are dropped and counted.
pub(super) const MAX_LOG_LINES: usize = 1024;
/// The number of refusal records that can be queued. Further ones are dropped and counted.
pub(super) const MAX_REFUSALS: usize = 1024;
/// The number of queued key-use records from which on no further key is used. Uses that have begun before still add theirs.
pub(super) const MAX_KEY_USES: usize = 1024;

pub(super) struct State {
    /// `None` while a FIFO has no reader, or its path cannot be opened.
    pub(super) file: Option<Arc<OpenFile>>,
    /// The lines that are not written yet, oldest first. The writer thread removes a line after it is written.
    pub(super) queue: VecDeque<Line>,
    key_uses: usize,
    log_lines: usize,
    refusals: usize,
    pub(super) dropped_log_lines: u64,
    dropped_refusals: u64,
    /// The last attempt to write a record, or to open the file, has failed.
    pub(super) failing: bool,
    /// The availability that the audit was told last.
    pub(super) available: bool,
    /// The file is to be reopened.
    pub(super) reopen: bool,
    /// The time of the next attempt to reopen the file after one has failed. The old file is in use until then.
    pub(super) reopen_retry_at: Option<Instant>,
    /// The last handle to the output has been dropped.
    pub(super) closed: bool,
}

/// One line, with a newline before and after it.
pub(super) struct Line {
    pub(super) bytes: Bytes,
    pub(super) kind: Kind,
    queued_at: Instant,
}

pub(super) enum Kind {
    Log,
    Refusal,
    /// The sender receives the outcome of the first attempt, and is taken then.
    KeyUse(Option<oneshot::Sender<bool>>),
}

/// The numbers of lines that were dropped for lack of room.
#[derive(Clone, Copy, Default)]
pub(super) struct Dropped {
    pub(super) log_lines: u64,
    pub(super) refusals: u64,
}

impl State {
    pub(super) fn new(file: Option<OpenFile>) -> Self {
        Self {
            failing: file.is_none(),
            file: file.map(Arc::new),
            queue: VecDeque::new(),
            key_uses: 0,
            log_lines: 0,
            refusals: 0,
            dropped_log_lines: 0,
            dropped_refusals: 0,
            available: true,
            reopen: false,
            reopen_retry_at: None,
            closed: false,
        }
    }

    /// Reports whether a line may be written without going through the queue.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.reopen
    }

    /// Queues the line and returns true, or drops it and counts it.
    pub(super) fn push(&mut self, bytes: Bytes, kind: Kind) -> bool {
        match kind {
            Kind::Log if self.log_lines >= MAX_LOG_LINES => {
                self.dropped_log_lines += 1;
                return false;
            }
            Kind::Refusal if self.refusals >= MAX_REFUSALS => {
                self.dropped_refusals += 1;
                return false;
            }
            Kind::Log => self.log_lines += 1,
            Kind::Refusal => self.refusals += 1,
            Kind::KeyUse(_) => self.key_uses += 1,
        }
        self.queue.push_back(Line { bytes, kind, queued_at: Instant::now() });
        true
    }

    /// Removes the oldest line, which was written or is dropped.
    pub(super) fn pop(&mut self) -> Option<Line> {
        let line = self.queue.pop_front()?;
        match line.kind {
            Kind::Log => self.log_lines -= 1,
            Kind::Refusal => self.refusals -= 1,
            Kind::KeyUse(_) => self.key_uses -= 1,
        }
        Some(line)
    }

    /// Drops the oldest line, which belongs to the log and cannot be written.
    pub(super) fn drop_log_line(&mut self) {
        self.dropped_log_lines += u64::from(self.pop().is_some());
    }

    /// Returns and resets the counts of dropped lines, each once the queue is less than half full again.
    pub(super) fn take_dropped(&mut self) -> Dropped {
        let take = |dropped: &mut u64, has_room: bool| if has_room { std::mem::take(dropped) } else { 0 };
        Dropped {
            log_lines: take(&mut self.dropped_log_lines, self.log_lines < MAX_LOG_LINES / 2),
            refusals: take(&mut self.dropped_refusals, self.refusals < MAX_REFUSALS / 2),
        }
    }

    /// Tells each call that waits for a queued record that the record is not written.
    pub(super) fn fail_waiting_calls(&mut self) {
        for line in &mut self.queue {
            if let Kind::KeyUse(sender) = &mut line.kind
                && let Some(sender) = sender.take()
            {
                // The receiver is gone where the caller has cancelled.
                let _ = sender.send(false);
            }
        }
    }

    pub(super) fn has_room_for_key_use(&self) -> bool {
        self.key_uses < MAX_KEY_USES
    }

    /// Reports whether no line has been queued for `wait`. The kind of the line does not matter: the next record is queued
    /// behind it.
    pub(super) fn oldest_line_is_younger_than(&self, wait: Duration) -> bool {
        self.queue.front().is_none_or(|line| line.queued_at.elapsed() < wait)
    }

    pub(super) fn unwritten(&self) -> UnwrittenRecords {
        UnwrittenRecords {
            key_uses: self.key_uses as u64,
            refusals: self.refusals as u64 + self.dropped_refusals,
        }
    }
}
