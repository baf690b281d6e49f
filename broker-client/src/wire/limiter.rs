//! Limits the calls that are in flight on a connection to the number that the server accepts
//! (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 6.5.2). The others wait here and not in h2, where a cancelled call
//! would still open its stream, only to reset it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, Semaphore};

/// The limit until the settings of the server arrive.
pub(super) const INITIAL_CONCURRENT_STREAMS: usize = 100;

/// The highest limit, whatever the server allows.
const MAX_CONCURRENT_STREAMS: usize = 4096;

/// The permits of one connection.
#[derive(Debug)]
pub(super) struct StreamLimiter {
    /// The permits that are available. The semaphore serves waiting calls in the order of their arrival, and is
    /// closed when the connection accepts no more calls.
    available: Semaphore,
    count: Mutex<Count>,
    /// The number of calls that wait for a permit.
    waiting: AtomicUsize,
    wait_began: Notify,
}

#[derive(Debug)]
struct Count {
    /// The number of permits, available or held.
    total: usize,
    /// The number of permits that the server allows. It is below `total` while excess permits are still held.
    limit: usize,
}

/// A permit with several holders. It is released when the last of them drops it.
pub(super) type SharedPermit = Arc<StreamPermit>;

/// The permit of a call to be in flight, which is released when it is dropped.
#[derive(Debug)]
pub(super) struct StreamPermit(Arc<StreamLimiter>);

impl StreamLimiter {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        let limit = limit.clamp(1, MAX_CONCURRENT_STREAMS);
        Arc::new(Self {
            available: Semaphore::new(limit),
            count: Mutex::new(Count { total: limit, limit }),
            waiting: AtomicUsize::new(0),
            wait_began: Notify::new(),
        })
    }

    /// Changes the limit to what the server allows now. Excess permits that are held disappear when they are released.
    pub(super) fn set_limit(&self, limit: usize) {
        let limit = limit.clamp(1, MAX_CONCURRENT_STREAMS);
        self.with_count(|count| {
            count.limit = limit;
            if limit > count.total {
                self.available.add_permits(limit - count.total);
                count.total = limit;
            } else if limit < count.total {
                count.total -= self.available.forget_permits(count.total - limit);
            }
        });
    }

    /// Returns a permit, if one is available and no call waits.
    pub(super) fn try_acquire(self: &Arc<Self>) -> Option<SharedPermit> {
        self.available.try_acquire().ok()?.forget();
        Some(self.permit())
    }

    /// Waits for a permit. Returns `None` when the connection accepts no more calls.
    pub(super) async fn acquire(self: &Arc<Self>) -> Option<SharedPermit> {
        let _waiting = Waiting::new(self);
        self.available.acquire().await.ok()?.forget();
        Some(self.permit())
    }

    /// Reports whether a call waits for a permit.
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Waits until a call waits for a permit.
    pub(super) async fn until_waiting(&self) {
        while !self.has_waiting() {
            self.wait_began.notified().await;
        }
    }

    /// Ends all waits, since the connection accepts no more calls.
    pub(super) fn close(&self) {
        self.available.close();
    }

    fn permit(self: &Arc<Self>) -> SharedPermit {
        Arc::new(StreamPermit(Arc::clone(self)))
    }

    fn with_count<T>(&self, change: impl FnOnce(&mut Count) -> T) -> T {
        // No change can panic between its steps, so a poisoned count is still consistent.
        change(&mut self.count.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let Self(limiter) = self;
        limiter.with_count(|count| {
            if count.total > count.limit {
                count.total -= 1;
            } else {
                limiter.available.add_permits(1);
            }
        });
    }
}

/// Counts a waiting call until it is dropped.
struct Waiting<'a>(&'a StreamLimiter);

impl<'a> Waiting<'a> {
    fn new(limiter: &'a StreamLimiter) -> Self {
        limiter.waiting.fetch_add(1, Ordering::AcqRel);
        limiter.wait_began.notify_one();
        Self(limiter)
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

    fn available(limiter: &StreamLimiter) -> usize {
        limiter.available.available_permits()
    }

    #[test]
    fn permits_follow_the_limit_of_the_server() {
        let limiter = StreamLimiter::new(INITIAL_CONCURRENT_STREAMS);
        limiter.set_limit(256);
        assert_eq!(available(&limiter), 256);
        let held: Vec<_> = (0..200).map_while(|_| limiter.try_acquire()).collect();
        // Excess permits disappear when they are released.
        limiter.set_limit(10);
        assert_eq!((held.len(), available(&limiter)), (200, 0));
        drop(held);
        assert_eq!(available(&limiter), 10);
        limiter.set_limit(usize::MAX);
        assert_eq!(available(&limiter), MAX_CONCURRENT_STREAMS);
        limiter.set_limit(0);
        assert_eq!(available(&limiter), 1);
    }

    #[test]
    fn permit_is_released_by_its_last_holder() {
        let limiter = StreamLimiter::new(1);
        let permit = limiter.try_acquire().unwrap();
        let other = Arc::clone(&permit);
        drop(permit);
        assert!(limiter.try_acquire().is_none());
        drop(other);
        assert!(limiter.try_acquire().is_some());
    }

    #[tokio::test]
    async fn waiting_calls_are_served_in_order_when_limit_shrinks() {
        let limiter = StreamLimiter::new(3);
        let mut held: Vec<_> = (0..3).map_while(|_| limiter.try_acquire()).collect();
        let (served, order) = std::sync::mpsc::channel();
        let waits: Vec<_> = (1..=4)
            .map(|number| {
                let (limiter, served) = (Arc::clone(&limiter), served.clone());
                tokio::spawn(async move {
                    let permit = limiter.acquire().await.unwrap();
                    served.send(number).unwrap();
                    drop(permit);
                })
            })
            .collect();
        limiter.until_waiting().await;
        while limiter.waiting.load(Ordering::Acquire) < 4 {
            tokio::task::yield_now().await;
        }
        limiter.set_limit(1);
        held.truncate(1);
        assert_eq!((available(&limiter), order.try_iter().count()), (0, 0));
        held.clear();
        for wait in waits {
            wait.await.unwrap();
        }
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((available(&limiter), limiter.has_waiting()), (1, false));
    }

    #[tokio::test]
    async fn close_ends_all_waits() {
        let limiter = StreamLimiter::new(1);
        let _held = limiter.try_acquire().unwrap();
        let (permit, ()) = tokio::join!(limiter.acquire(), async {
            limiter.until_waiting().await;
            limiter.close();
        });
        assert!(permit.is_none() && limiter.try_acquire().is_none() && !limiter.has_waiting());
    }
}
