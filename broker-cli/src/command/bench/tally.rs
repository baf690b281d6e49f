//! What one thread counts. It belongs to that thread alone, so nothing is locked and nothing shared.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use broker_client::{Code, Error, ErrorKind};
use hdrhistogram::Histogram;

use super::answer::Answer;
use crate::error::Failure;

/// Without an answer for so long, and with nobody there to answer, a thread gives up.
const PATIENCE: Duration = Duration::from_secs(1);

/// The counts of one phase.
pub(super) struct Tally {
    /// Latencies in nanoseconds, one histogram for each item of the plan.
    pub(super) latencies: Vec<Histogram<u64>>,
    /// By the name of the gRPC status.
    pub(super) errors: BTreeMap<&'static str, u64>,
    /// The first one in full.
    pub(super) first_error: Option<Error>,
    /// When the last answer came.
    pub(super) last: Option<Instant>,
    begun: u64,
    ended: u64,
    /// How many requests may still be begun.
    pub(super) left: u64,
    /// Numbers of items in the order in which they are called.
    order: Arc<[usize]>,
    place: usize,
    last_success: Instant,
    given_up: bool,
    /// What the watcher sees.
    progress: Arc<AtomicU64>,
}

thread_local! {
    static TALLY: RefCell<Option<Tally>> = const { RefCell::new(None) };
}

impl Tally {
    /// For so many items, called in this order, and as many requests as there may be.
    pub(super) fn new(
        items: usize,
        order: Arc<[usize]>,
        left: u64,
        progress: Arc<AtomicU64>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            latencies: (0..items).map(|_| histogram()).collect::<Result<_, _>>()?,
            errors: BTreeMap::new(),
            first_error: None,
            last: None,
            begun: 0,
            ended: 0,
            left,
            order,
            place: 0,
            last_success: Instant::now(),
            given_up: false,
            progress,
        })
    }

    /// Makes this the tally of the thread.
    pub(super) fn install(self) {
        TALLY.set(Some(self));
    }

    /// Ends its time.
    pub(super) fn remove() -> Option<Self> {
        TALLY.take()
    }

    /// Works with the thread's tally; `None` where the thread has none.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        TALLY.with_borrow_mut(|tally| tally.as_mut().map(work))
    }

    /// The number of this request and that of the item which is called next, unless all were begun.
    pub(super) fn begin(&mut self) -> Option<(u64, usize)> {
        if self.left == 0 || self.given_up {
            return None;
        }
        let item = self.order.get(self.place).copied()?;
        self.place = if self.place + 1 == self.order.len() { 0 } else { self.place + 1 };
        self.left -= 1;
        self.begun += 1;
        Some((self.begun - 1, item))
    }

    /// The number of the request that is begun next, if one is.
    pub(super) fn next(&self) -> Option<u64> {
        (self.left > 0 && !self.given_up).then_some(self.begun)
    }

    /// Counts what came of it. `false` where nobody is there to answer, and asking again at once is of no use.
    pub(super) fn end(
        &mut self,
        item: usize,
        since: Instant,
        now: Instant,
        outcome: &Result<Answer, Error>,
    ) -> bool {
        self.ended += 1;
        self.last = Some(now);
        self.progress.store(self.ended, Relaxed);
        match outcome {
            Ok(answer) if answer.says_no() => self.fail("WRONG_ANSWER", 1),
            Ok(_) => {
                self.last_success = now;
                let latency =
                    u64::try_from(now.saturating_duration_since(since).as_nanos()).unwrap_or(u64::MAX);
                if let Some(latencies) = self.latencies.get_mut(item) {
                    latencies.saturating_record(latency);
                }
            }
            Err(error) => {
                self.fail(name(error), 1);
                self.first_error.get_or_insert_with(|| error.clone());
                let nobody = is_nobody(error);
                self.given_up |= nobody && now.saturating_duration_since(self.last_success) > PATIENCE;
                return !nobody;
            }
        }
        true
    }

    /// How many were answered or failed.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// Counts what is under way as failed, with this status: nobody waits for it any longer.
    pub(super) fn abandon(&mut self, status: Code) {
        let open = self.begun - self.ended;
        self.ended = self.begun;
        if open > 0 {
            self.fail(status.name(), open);
        }
    }

    /// Whether requests are under way.
    pub(super) fn is_waiting(&self) -> bool {
        self.begun > self.ended
    }

    fn fail(&mut self, name: &'static str, count: u64) {
        *self.errors.entry(name).or_default() += count;
    }
}

/// From a nanosecond to an hour, three digits of each.
pub(super) fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
        .map_err(|source| Failure::local("cannot make a histogram", source))
}

fn name(error: &Error) -> &'static str {
    match &error.kind {
        ErrorKind::Refused(refusal) => refusal.code.name(),
        ErrorKind::Deadline { .. } => Code::DeadlineExceeded.name(),
        ErrorKind::Protocol { .. } => Code::Internal.name(),
        _ if error.is_unreachable() => Code::Unavailable.name(),
        _ => Code::Unknown.name(),
    }
}

fn is_nobody(error: &Error) -> bool {
    error.is_unreachable() || error.rejection().is_some_and(|refusal| refusal.code == Code::Unavailable)
}

/// The items by their numbers, each as often as its weight says and as evenly spread as that allows.
pub(super) fn order(weights: &[u32]) -> Vec<usize> {
    let total: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
    let mut credit: Vec<i64> = vec![0; weights.len()];
    (0..total)
        .filter_map(|_| {
            for (credit, &weight) in credit.iter_mut().zip(weights) {
                *credit += i64::from(weight);
            }
            let (number, most) = credit
                .iter_mut()
                .enumerate()
                .max_by_key(|(number, credit)| (**credit, std::cmp::Reverse(*number)))?;
            *most -= total;
            Some(number)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_spread_evenly() {
        assert_eq!(order(&[1]), [0]);
        assert_eq!(order(&[1, 1]), [0, 1]);
        assert_eq!(order(&[3, 1]), [0, 0, 1, 0]);
        let long = order(&[9, 1]);
        assert_eq!((long.len(), long.iter().filter(|number| **number == 1).count()), (10, 1));
    }
}
