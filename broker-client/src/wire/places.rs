//! How many calls may be on their way on a connection: as many as the server takes at once. The others wait here and not
//! in HTTP/2, where one that is given up would still open its stream, and be reset.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, Semaphore};

/// As many as are taken for allowed before the server has said how many are.
pub(super) const AT_FIRST: usize = 100;
/// More are not, whatever the server says.
const MOST: usize = 4096;

/// The places of one connection.
#[derive(Debug)]
pub(super) struct Places {
    /// Closed when the connection takes no more calls.
    free: Semaphore,
    count: Mutex<Count>,
    /// Calls that wait for one, in the order in which they came.
    waiting: AtomicUsize,
    waited_for: Notify,
}

#[derive(Debug)]
struct Count {
    /// Places that there are, free or not.
    all: usize,
    /// Places that there may be.
    allowed: usize,
}

/// A call's place. It is free again when the last one who has it is done.
pub(super) type Place = Arc<Taken>;

/// A place that is taken.
#[derive(Debug)]
pub(super) struct Taken(Arc<Places>);

impl Places {
    pub(super) fn new(allowed: usize) -> Arc<Self> {
        let allowed = allowed.clamp(1, MOST);
        Arc::new(Self {
            free: Semaphore::new(allowed),
            count: Mutex::new(Count { all: allowed, allowed }),
            waiting: AtomicUsize::new(0),
            waited_for: Notify::new(),
        })
    }

    /// The server has changed their number to `allowed`. Fewer come to be as places are given back.
    pub(super) fn adjust(&self, allowed: usize) {
        let allowed = allowed.clamp(1, MOST);
        self.count(|count| {
            count.allowed = allowed;
            if allowed > count.all {
                self.free.add_permits(allowed - count.all);
                count.all = allowed;
            } else if allowed < count.all {
                count.all -= self.free.forget_permits(count.all - allowed);
            }
        });
    }

    /// A place, if one is free and nobody waits.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        self.free.try_acquire().ok()?.forget();
        Some(self.taken())
    }

    /// Waits for a place; `None` when the connection takes no more calls.
    pub(super) async fn wait(self: &Arc<Self>) -> Option<Place> {
        let _waiting = Waiting::begin(self);
        self.free.acquire().await.ok()?.forget();
        Some(self.taken())
    }

    /// Whether a call waits for a place.
    pub(super) fn are_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Resolves when one does.
    pub(super) async fn waited_for(&self) {
        while !self.are_waited_for() {
            self.waited_for.notified().await;
        }
    }

    /// Nobody gets a place any more.
    pub(super) fn close(&self) {
        self.free.close();
    }

    fn taken(self: &Arc<Self>) -> Place {
        Arc::new(Taken(Arc::clone(self)))
    }

    fn count<T>(&self, change: impl FnOnce(&mut Count) -> T) -> T {
        // A panic while it is held leaves nothing half done.
        change(&mut self.count.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Self(places) = self;
        places.count(|count| {
            if count.all > count.allowed {
                count.all -= 1;
            } else {
                places.free.add_permits(1);
            }
        });
    }
}

/// One who waits.
struct Waiting<'a>(&'a Places);

impl<'a> Waiting<'a> {
    fn begin(places: &'a Places) -> Self {
        places.waiting.fetch_add(1, Ordering::AcqRel);
        places.waited_for.notify_one();
        Self(places)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn free(places: &Places) -> usize {
        places.free.available_permits()
    }

    #[test]
    fn there_are_as_many_places_as_the_server_allows() {
        let places = Places::new(AT_FIRST);
        places.adjust(256);
        assert_eq!(free(&places), 256);
        let taken: Vec<_> = (0..200).map_while(|_| places.take()).collect();
        // Those that are taken go when they are given back.
        places.adjust(10);
        assert_eq!((taken.len(), free(&places)), (200, 0));
        drop(taken);
        assert_eq!(free(&places), 10);
        places.adjust(usize::MAX);
        assert_eq!(free(&places), MOST);
        places.adjust(0);
        assert_eq!(free(&places), 1);
    }

    #[test]
    fn a_place_is_free_when_the_last_one_who_has_it_is_done() {
        let places = Places::new(1);
        let place = places.take().unwrap();
        let other = Arc::clone(&place);
        drop(place);
        assert!(places.take().is_none());
        drop(other);
        assert!(places.take().is_some());
    }

    #[tokio::test]
    async fn who_waits_is_served_in_turn_and_fewer_places_change_no_turn() {
        let places = Places::new(3);
        let mut held: Vec<_> = (0..3).map_while(|_| places.take()).collect();
        let (served, order) = std::sync::mpsc::channel();
        let waits: Vec<_> = (1..=4)
            .map(|number| {
                let (places, served) = (Arc::clone(&places), served.clone());
                tokio::spawn(async move {
                    let place = places.wait().await.unwrap();
                    served.send(number).unwrap();
                    drop(place);
                })
            })
            .collect();
        places.waited_for().await;
        while places.waiting.load(Ordering::Acquire) < 4 {
            tokio::task::yield_now().await;
        }
        places.adjust(1);
        held.truncate(1);
        assert_eq!((free(&places), order.try_iter().count()), (0, 0));
        held.clear();
        for wait in waits {
            wait.await.unwrap();
        }
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((free(&places), places.are_waited_for()), (1, false));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_connection_that_takes_no_more_calls() {
        let places = Places::new(1);
        let _held = places.take().unwrap();
        let (place, ()) = tokio::join!(places.wait(), async {
            places.waited_for().await;
            places.close();
        });
        assert!(place.is_none() && places.take().is_none() && !places.are_waited_for());
    }
}
