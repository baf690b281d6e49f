//! When the requests of a fixed rate are due.
//!
//! A kernel timer wakes callers with microsecond precision; the runtime's own timer has millisecond precision. A caller that
//! has an answer takes the next request at once if that is due. The others queue for the timer, and only the first of them
//! sets it.

use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{net::unix::pipe, sync::Mutex};

use crate::error::LoadError;

/// The longest wait without a check whether the run was stopped.
const MAX_WAIT: Duration = Duration::from_millis(100);

/// One thread's share of a rate: of `threads` threads, thread `index` begins requests `index`, `index + threads`, ….
#[derive(Debug)]
pub(crate) struct Schedule {
    start: Instant,
    rate: u32,
    threads: u32,
    index: u32,
    timer: Mutex<pipe::Receiver>,
}

impl Schedule {
    /// Returns the schedule of a thread. The first request is due at `start`. It must be called inside a runtime.
    ///
    /// # Errors
    /// Fails where the kernel has no timer to give.
    pub(crate) fn new(start: Instant, rate: u32, threads: u32, index: u32) -> Result<Self, LoadError> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)
            .map_err(|source| LoadError::local("cannot make a timer", source))?;
        // To the runtime a timer is a pipe: it becomes readable.
        let timer = pipe::Receiver::from_file_unchecked(timer.into())
            .map_err(|source| LoadError::local("cannot make a timer", source))?;
        Ok(Self { start, rate, threads, index, timer: Mutex::new(timer) })
    }

    /// Returns when this thread's request with this number is due.
    pub(crate) fn due_at(&self, request: u64) -> Instant {
        let position = u128::from(request) * u128::from(self.threads) + u128::from(self.index);
        let nanos = position * 1_000_000_000 / u128::from(self.rate);
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Returns how many requests of this thread are due within this time.
    pub(crate) fn count_within(&self, time: Duration) -> u64 {
        let all = requests_due(self.rate, time);
        let own = all.saturating_sub(u128::from(self.index)).div_ceil(u128::from(self.threads));
        u64::try_from(own).unwrap_or(u64::MAX)
    }

    /// Waits until the request that `next` names is due, until `next` names none, or until the run is over. Returns the time
    /// at which it stopped waiting.
    ///
    /// # Errors
    /// Fails where the timer cannot be set or read.
    pub(crate) async fn wait_until_due(
        &self,
        next: impl Fn() -> Option<u64>,
        is_over: impl Fn(Instant) -> bool,
    ) -> Result<Instant, LoadError> {
        let remaining = |now: Instant| match next() {
            Some(request) if !is_over(now) => self.due_at(request).saturating_duration_since(now),
            _ => Duration::ZERO,
        };
        let now = Instant::now();
        if remaining(now).is_zero() {
            return Ok(now);
        }
        let timer = self.timer.lock().await;
        loop {
            let now = Instant::now();
            let remaining = remaining(now);
            if remaining.is_zero() {
                return Ok(now);
            }
            set_timer(&timer, remaining.min(MAX_WAIT))
                .map_err(|source| LoadError::local("cannot set a timer", source))?;
            timer.readable().await.map_err(|source| LoadError::local("cannot wait for a timer", source))?;
            // The clock says what is due; reading only rearms the timer.
            let _ = timer.try_read(&mut [0; 8]);
        }
    }
}

/// Returns how many requests of a rate are due within this time. The first one is due at its start.
pub(crate) fn requests_due(rate: u32, time: Duration) -> u128 {
    (time.as_nanos() * u128::from(rate)).div_ceil(1_000_000_000)
}

/// Lets the timer expire once, after this time.
fn set_timer(timer: &pipe::Receiver, time: Duration) -> rustix::io::Result<()> {
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        },
    };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn threads_share_a_rate_without_gaps() {
        let start = Instant::now();
        let mut due: Vec<Duration> = Vec::new();
        for index in [0, 1, 2] {
            let schedule = Schedule::new(start, 10, 3, index).unwrap();
            let own = 0..schedule.count_within(Duration::from_secs(1));
            due.extend(own.map(|request| schedule.due_at(request) - start));
        }
        due.sort();
        let expected: Vec<Duration> = (0..10).map(|tenth| Duration::from_millis(tenth * 100)).collect();
        assert_eq!(due, expected);
    }

    #[tokio::test]
    async fn waits_until_a_request_is_due_and_no_longer() {
        let start = Instant::now();
        let schedule = Schedule::new(start, 100, 1, 0).unwrap();
        for request in 0..3 {
            let now = schedule.wait_until_due(|| Some(request), |_| false).await.unwrap();
            assert!(now >= schedule.due_at(request));
        }
        // A distant request is not waited for once no request is left, or the run is over.
        schedule.wait_until_due(|| None, |_| false).await.unwrap();
        schedule.wait_until_due(|| Some(1_000_000), |_| true).await.unwrap();
    }
}
