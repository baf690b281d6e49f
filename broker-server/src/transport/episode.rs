//! Trouble that comes in floods: one line of the log when it begins and one when it is over.

use std::time::Duration;

use tokio::time::Instant;

/// How long nothing must have happened for an episode to be over.
const CALM: Duration = Duration::from_secs(1);

/// Whether there is an episode now.
#[derive(Debug, Default)]
pub(super) struct Episode(Option<Course>);

#[derive(Debug)]
struct Course {
    since: Instant,
    last: Instant,
    times: u64,
}

/// An episode that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over {
    /// How often it happened, and for how long.
    pub(super) times: u64,
    pub(super) lasted: Duration,
}

impl Episode {
    /// Counts what has happened; true where that is the first of an episode.
    pub(super) fn happens(&mut self, now: Instant) -> bool {
        match &mut self.0 {
            Some(course) => {
                course.last = now;
                course.times += 1;
                false
            }
            none => {
                *none = Some(Course { since: now, last: now, times: 1 });
                true
            }
        }
    }

    /// When the episode will be over unless it goes on.
    pub(super) fn over_at(&self) -> Option<Instant> {
        Some(self.0.as_ref()?.last + CALM)
    }

    /// Ends the episode where it is over.
    pub(super) fn end(&mut self, now: Instant) -> Option<Over> {
        if self.over_at()? > now {
            return None;
        }
        self.0.take().map(|course| Over { times: course.times, lasted: course.last - course.since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flood_begins_once_and_ends_once() {
        let (mut episode, start) = (Episode::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!((episode.over_at(), episode.end(start)), (None, None));
        let begins: Vec<bool> = [0, 10, 900, 1800].map(|time| episode.happens(at(time))).into();
        assert_eq!(begins, [true, false, false, false]);
        assert_eq!((episode.over_at(), episode.end(at(2799))), (Some(at(2800)), None));
        let over = Over { times: 4, lasted: Duration::from_millis(1800) };
        assert_eq!(episode.end(at(2800)), Some(over));
        assert_eq!(episode.end(at(5000)), None);
        assert!(episode.happens(at(6000)));
    }
}
