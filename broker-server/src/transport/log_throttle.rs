//! Limits log output for events that occur in bursts: one line at the start of a burst, and a summary at its end.

use std::time::Duration;

use tokio::time::Instant;

/// A burst has ended when its event has not recurred for this long.
const QUIET_PERIOD: Duration = Duration::from_secs(1);

/// Groups the occurrences of one event into bursts.
#[derive(Debug, Default)]
pub(super) struct LogThrottle(Option<Burst>);

/// The occurrences in the current burst.
#[derive(Debug)]
struct Burst {
    first: Instant,
    last: Instant,
    count: u64,
}

/// The summary of a burst that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BurstSummary {
    pub(super) count: u64,
    /// The time between the first and the last occurrence.
    pub(super) duration: Duration,
}

impl BurstSummary {
    /// Returns the duration in milliseconds, as a number for the log.
    pub(super) fn duration_ms(&self) -> u64 {
        u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX)
    }
}

impl LogThrottle {
    /// Counts an occurrence and reports whether it begins a burst.
    pub(super) fn record(&mut self, now: Instant) -> bool {
        match &mut self.0 {
            Some(burst) => {
                burst.last = now;
                burst.count += 1;
                false
            }
            none => {
                *none = Some(Burst { first: now, last: now, count: 1 });
                true
            }
        }
    }

    /// Returns when the current burst ends if its event does not recur.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        Some(self.0.as_ref()?.last + QUIET_PERIOD)
    }

    /// Ends the current burst if its quiet period has passed, and returns its summary.
    pub(super) fn take_ended(&mut self, now: Instant) -> Option<BurstSummary> {
        if self.ends_at()? > now {
            return None;
        }
        let Burst { first, last, count } = self.0.take()?;
        Some(BurstSummary { count, duration: last - first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_logs_start_and_summary_once() {
        let (mut throttle, start) = (LogThrottle::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!((throttle.ends_at(), throttle.take_ended(start)), (None, None));
        let begins: Vec<bool> = [0, 10, 900, 1800].map(|time| throttle.record(at(time))).into();
        assert_eq!(begins, [true, false, false, false]);
        assert_eq!((throttle.ends_at(), throttle.take_ended(at(2799))), (Some(at(2800)), None));
        let summary = BurstSummary { count: 4, duration: Duration::from_millis(1800) };
        assert_eq!(throttle.take_ended(at(2800)), Some(summary));
        assert_eq!(summary.duration_ms(), 1800);
        assert_eq!(throttle.take_ended(at(5000)), None);
        assert!(throttle.record(at(6000)));
    }
}
