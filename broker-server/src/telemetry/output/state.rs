//! What waits to be written, and what is known about the file.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{Unwritten, file::OpenFile};

/// Log lines that may wait; those beyond are lost, and counted.
pub(super) const MAX_LOG_LINES: usize = 1024;
/// Records of refusals that may wait; those beyond are lost, and counted.
pub(super) const MAX_REFUSALS: usize = 1024;
/// Records of uses of keys that may wait before no further key is used. Uses that have begun by then still add theirs.
pub(super) const MAX_KEY_USES: usize = 1024;

pub(super) struct State {
    /// `None` while a FIFO has no reader, or its path cannot be opened.
    pub(super) file: Option<Arc<OpenFile>>,
    /// What is not written yet, the oldest first. The writer thread removes a line after it is written.
    pub(super) queue: VecDeque<Line>,
    key_uses: usize,
    log_lines: usize,
    refusals: usize,
    pub(super) lost_log_lines: u64,
    lost_refusals: u64,
    /// The last attempt to write a record, or to open the file, has failed.
    pub(super) failing: bool,
    /// What the audit has been told last.
    pub(super) available: bool,
    /// The file is to be opened anew.
    pub(super) reopen: bool,
    /// Nobody has a handle any more.
    pub(super) closed: bool,
}

/// One line, with a newline before and behind it.
pub(super) struct Line {
    pub(super) bytes: Bytes,
    pub(super) kind: Kind,
    since: Instant,
}

pub(super) enum Kind {
    Log,
    Refusal,
    /// The sender is told of the first attempt's outcome, and is gone then.
    KeyUse(Option<oneshot::Sender<bool>>),
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
            lost_log_lines: 0,
            lost_refusals: 0,
            available: true,
            reopen: false,
            closed: false,
        }
    }

    /// Whether a line may be written past the queue.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.reopen
    }

    /// Queues the line, or counts it as lost.
    pub(super) fn push(&mut self, bytes: Bytes, kind: Kind) -> bool {
        match kind {
            Kind::Log if self.log_lines >= MAX_LOG_LINES => {
                self.lost_log_lines += 1;
                return false;
            }
            Kind::Refusal if self.refusals >= MAX_REFUSALS => {
                self.lost_refusals += 1;
                return false;
            }
            Kind::Log => self.log_lines += 1,
            Kind::Refusal => self.refusals += 1,
            Kind::KeyUse(_) => self.key_uses += 1,
        }
        self.queue.push_back(Line { bytes, kind, since: Instant::now() });
        true
    }

    /// Removes the oldest line, which has been written or is given up.
    pub(super) fn pop(&mut self) -> Option<Line> {
        let line = self.queue.pop_front()?;
        match line.kind {
            Kind::Log => self.log_lines -= 1,
            Kind::Refusal => self.refusals -= 1,
            Kind::KeyUse(_) => self.key_uses -= 1,
        }
        Some(line)
    }

    /// Removes the oldest line, which belongs to the log and cannot be written.
    pub(super) fn lose_log_line(&mut self) {
        self.lost_log_lines += u64::from(self.pop().is_some());
    }

    /// Log lines and records of refusals that were lost since the last call, once there is room again.
    pub(super) fn take_lost(&mut self) -> (u64, u64) {
        let take = |lost: &mut u64, has_room: bool| if has_room { std::mem::take(lost) } else { 0 };
        (
            take(&mut self.lost_log_lines, self.log_lines < MAX_LOG_LINES / 2),
            take(&mut self.lost_refusals, self.refusals < MAX_REFUSALS / 2),
        )
    }

    /// Tells every call that waits for a record that it is not written.
    pub(super) fn fail_waiting(&mut self) {
        for line in &mut self.queue {
            if let Kind::KeyUse(sender) = &mut line.kind
                && let Some(sender) = sender.take()
            {
                // Nobody listens where the caller has gone meanwhile.
                let _ = sender.send(false);
            }
        }
    }

    pub(super) fn has_room_for_key_use(&self) -> bool {
        self.key_uses < MAX_KEY_USES
    }

    /// Whether nothing has waited for so long. A record that comes next waits behind what does, whatever kind that is.
    pub(super) fn oldest_line_is_younger_than(&self, wait: Duration) -> bool {
        self.queue.front().is_none_or(|line| line.since.elapsed() < wait)
    }

    pub(super) fn unwritten(&self) -> Unwritten {
        Unwritten { key_uses: self.key_uses as u64, refusals: self.refusals as u64 + self.lost_refusals }
    }
}
