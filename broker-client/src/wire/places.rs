//! How many calls may be on their way on a connection: as many as the server takes at once. The others wait here and not
//! in HTTP/2, where one that is given up would still open its stream, and be reset.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// As many as are taken for allowed before the server has said how many are.
pub(super) const AT_FIRST: usize = 100;
/// More are not, whatever the server says.
const MOST: usize = 4096;

/// A call's place. It is free again when the last one who has it is done.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    allowed: usize,
}

impl Default for Places {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(AT_FIRST)), all: AT_FIRST, allowed: AT_FIRST }
    }
}

impl Places {
    /// The places, after the server has changed their number to `allowed`. Fewer come to be as places are given back.
    pub(super) fn adjust(&mut self, allowed: usize) -> &Arc<Semaphore> {
        let allowed = allowed.clamp(1, MOST);
        self.allowed = allowed;
        if allowed > self.all {
            self.free.add_permits(allowed - self.all);
            self.all = allowed;
        } else if allowed < self.all {
            self.all -= self.free.forget_permits(self.all - allowed);
        }
        &self.free
    }

    /// Whether it is these.
    pub(super) fn are(&self, places: &Arc<Semaphore>) -> bool {
        Arc::ptr_eq(&self.free, places)
    }

    /// Whether a place that has come free, for one who waited, is one too many. It is then no more, and to be forgotten.
    pub(super) fn surplus(&mut self) -> bool {
        let surplus = self.all > self.allowed;
        self.all -= usize::from(surplus);
        surplus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_are_allowed_while_all_are_taken_and_more_are_waited_for() {
        let mut places = Places::default();
        places.adjust(10);
        places.adjust(12);
        let taken: Vec<_> = (0..12).filter_map(|_| places.free.clone().try_acquire_owned().ok()).collect();
        places.adjust(10);
        let surplus = taken.iter().filter(|_| places.surplus()).count();
        assert_eq!((2, 10), (surplus, places.all));
    }

    #[test]
    fn there_are_as_many_places_as_the_server_allows() {
        let mut places = Places::default();
        assert_eq!(AT_FIRST, places.adjust(AT_FIRST).available_permits());
        assert_eq!(256, places.adjust(256).available_permits());
        let taken: Vec<_> = (0..200).filter_map(|_| places.free.clone().try_acquire_owned().ok()).collect();
        // Those that are taken go when they are given back.
        assert_eq!(0, places.adjust(10).available_permits());
        drop(taken);
        assert_eq!(10, places.adjust(10).available_permits());
        assert_eq!(MOST, places.adjust(usize::MAX).available_permits());
        assert_eq!(1, places.adjust(0).available_permits());
    }
}
