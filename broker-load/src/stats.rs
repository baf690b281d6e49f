//! The counts of one thread. Only that thread uses them, so they need no lock.

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

use crate::{
    error::LoadError,
    figures::FigureStats,
    histogram::{histogram, saturating_nanos},
    response::Response,
};

/// A thread stops when it has had no success for this long and the broker cannot be reached.
const UNREACHABLE_LIMIT: Duration = Duration::from_secs(1);

/// The counts of one phase of one thread.
#[derive(Debug)]
pub(crate) struct ThreadStats {
    /// Latencies in nanoseconds, one histogram for each item of the plan.
    pub(crate) latencies: Vec<Histogram<u64>>,
    /// The figures of proofs, if the plan has proofs.
    pub(crate) figures: Option<FigureStats>,
    /// Failed requests by the name of their gRPC status.
    pub(crate) errors: BTreeMap<&'static str, u64>,
    /// The first error in full.
    pub(crate) first_error: Option<Error>,
    /// When the last response or error arrived.
    pub(crate) last: Option<Instant>,
    begun: u64,
    completed: u64,
    /// The number of requests that may still be begun.
    remaining: u64,
    /// Indices of items in the order in which they are called.
    order: Arc<[usize]>,
    position: usize,
    last_success: Instant,
    is_stopped: bool,
    /// The number of completed requests, for the observer in another thread.
    progress: Arc<AtomicU64>,
}

thread_local! {
    static STATS: RefCell<Option<ThreadStats>> = const { RefCell::new(None) };
}

impl ThreadStats {
    /// Returns empty counts for `items` items, which are called in this order until `remaining` requests were begun.
    /// `makes_proofs` says whether there are proofs among them.
    ///
    /// # Errors
    /// Fails where a histogram cannot be made.
    pub(crate) fn new(
        items: usize,
        makes_proofs: bool,
        order: Arc<[usize]>,
        remaining: u64,
        progress: Arc<AtomicU64>,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            latencies: (0..items).map(|_| histogram()).collect::<Result<_, _>>()?,
            figures: makes_proofs.then(FigureStats::new).transpose()?,
            errors: BTreeMap::new(),
            first_error: None,
            last: None,
            begun: 0,
            completed: 0,
            remaining,
            order,
            position: 0,
            last_success: Instant::now(),
            is_stopped: false,
            progress,
        })
    }

    /// Makes these the counts of the current thread.
    pub(crate) fn install(self) {
        STATS.set(Some(self));
    }

    /// Takes the counts of the current thread.
    pub(crate) fn take() -> Option<Self> {
        STATS.take()
    }

    /// Runs `work` on the counts of the current thread; returns `None` where none are installed.
    pub(crate) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        STATS.with_borrow_mut(|stats| stats.as_mut().map(work))
    }

    /// Begins the next request. Returns its number and the index of the item to call; `None` when all were begun.
    pub(crate) fn begin_request(&mut self) -> Option<(u64, usize)> {
        if self.remaining == 0 || self.is_stopped {
            return None;
        }
        let item = self.order.get(self.position).copied()?;
        self.position = if self.position + 1 == self.order.len() { 0 } else { self.position + 1 };
        self.remaining -= 1;
        self.begun += 1;
        Some((self.begun - 1, item))
    }

    /// Returns the number of the request that would be begun next, if one would.
    pub(crate) fn next_request(&self) -> Option<u64> {
        (self.remaining > 0 && !self.is_stopped).then_some(self.begun)
    }

    /// Counts the outcome of a request. Returns `false` where the broker cannot be reached, so that the caller should pause
    /// before it tries again.
    pub(crate) fn record(
        &mut self,
        item: usize,
        since: Instant,
        now: Instant,
        outcome: &Result<Response, Error>,
    ) -> bool {
        self.completed += 1;
        self.last = Some(now);
        self.progress.store(self.completed, Relaxed);
        match outcome {
            Ok(response) if response.is_negative() => self.count_error("WRONG_ANSWER", 1),
            Ok(response) => {
                self.last_success = now;
                let latency = now.saturating_duration_since(since);
                if let Some(latencies) = self.latencies.get_mut(item) {
                    latencies.saturating_record(saturating_nanos(latency));
                }
                if let (Some(all), Some(figures)) = (&mut self.figures, response.figures()) {
                    all.record(figures, latency);
                }
            }
            Err(error) => {
                self.count_error(status_name(error), 1);
                self.first_error.get_or_insert_with(|| error.clone());
                let is_unavailable = is_unavailable(error);
                self.is_stopped |=
                    is_unavailable && now.saturating_duration_since(self.last_success) > UNREACHABLE_LIMIT;
                return !is_unavailable;
            }
        }
        true
    }

    /// Returns how many requests were answered or failed.
    pub(crate) fn completed(&self) -> u64 {
        self.completed
    }

    /// Counts every request in flight as failed with this status.
    pub(crate) fn abandon(&mut self, status: Code) {
        let in_flight = self.begun - self.completed;
        self.completed = self.begun;
        if in_flight > 0 {
            self.count_error(status.name(), in_flight);
        }
    }

    /// Reports whether requests are in flight.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.begun > self.completed
    }

    fn count_error(&mut self, name: &'static str, count: u64) {
        *self.errors.entry(name).or_default() += count;
    }
}

fn status_name(error: &Error) -> &'static str {
    match &error.kind {
        ErrorKind::Refused(refusal) => refusal.code.name(),
        ErrorKind::Deadline { .. } => Code::DeadlineExceeded.name(),
        ErrorKind::Protocol { .. } => Code::Internal.name(),
        _ if error.is_unreachable() => Code::Unavailable.name(),
        _ => Code::Unknown.name(),
    }
}

fn is_unavailable(error: &Error) -> bool {
    error.is_unreachable() || error.rejection().is_some_and(|refusal| refusal.code == Code::Unavailable)
}

/// Returns the indices of the weights, each as often as its weight says and as evenly spread as that allows.
pub(crate) fn call_order(weights: &[u32]) -> Vec<usize> {
    let total: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
    let mut credits: Vec<i64> = vec![0; weights.len()];
    (0..total)
        .filter_map(|_| {
            for (credit, &weight) in credits.iter_mut().zip(weights) {
                *credit += i64::from(weight);
            }
            let (index, highest) = credits
                .iter_mut()
                .enumerate()
                .max_by_key(|(index, credit)| (**credit, std::cmp::Reverse(*index)))?;
            *highest -= total;
            Some(index)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_order_spreads_weights_evenly() {
        assert_eq!(call_order(&[1]), [0]);
        assert_eq!(call_order(&[1, 1]), [0, 1]);
        assert_eq!(call_order(&[3, 1]), [0, 0, 1, 0]);
        let order = call_order(&[9, 1]);
        assert_eq!((order.len(), order.iter().filter(|index| **index == 1).count()), (10, 1));
    }
}
