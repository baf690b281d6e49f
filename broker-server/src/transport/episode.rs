//! Limits log output for events that come in floods: one line when an episode begins and one when it has ended.

use std::time::Duration;

use tokio::time::Instant;

/// An episode has ended when its event has not recurred for this long.
const QUIET_PERIOD: Duration = Duration::from_secs(1);

/// Groups the occurrences of one event into episodes.
#[derive(Debug, Default)]
pub(super) struct Episode(Option<Occurrences>);

/// The occurrences in the current episode.
#[derive(Debug)]
struct Occurrences {
    first: Instant,
    last: Instant,
    count: u64,
}

/// The summary of an episode that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) count: u64,
    /// The time between the first and the last occurrence.
    pub(super) duration: Duration,
}

impl Episode {
    /// Counts an occurrence and reports whether it begins an episode.
    pub(super) fn record(&mut self, now: Instant) -> bool {
        match &mut self.0 {
            Some(occurrences) => {
                occurrences.last = now;
                occurrences.count += 1;
                false
            }
            none => {
                *none = Some(Occurrences { first: now, last: now, count: 1 });
                true
            }
        }
    }

    /// Returns when the current episode ends if its event does not recur.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        Some(self.0.as_ref()?.last + QUIET_PERIOD)
    }

    /// Ends the current episode if its quiet period has passed, and returns its summary.
    pub(super) fn take_ended(&mut self, now: Instant) -> Option<Summary> {
        if self.ends_at()? > now {
            return None;
        }
        let Occurrences { first, last, count } = self.0.take()?;
        Some(Summary { count, duration: last - first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flood_begins_once_and_ends_once() {
        let (mut episode, start) = (Episode::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!((episode.ends_at(), episode.take_ended(start)), (None, None));
        let begins: Vec<bool> = [0, 10, 900, 1800].map(|time| episode.record(at(time))).into();
        assert_eq!(begins, [true, false, false, false]);
        assert_eq!((episode.ends_at(), episode.take_ended(at(2799))), (Some(at(2800)), None));
        let summary = Summary { count: 4, duration: Duration::from_millis(1800) };
        assert_eq!(episode.take_ended(at(2800)), Some(summary));
        assert_eq!(episode.take_ended(at(5000)), None);
        assert!(episode.record(at(6000)));
    }
}
