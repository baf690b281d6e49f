//! When the requests of a rate are due.
//!
//! The kernel's timer says when, to the microsecond: the runtime's own counts milliseconds. A caller that has an answer
//! takes the next request at once if that is due. The others queue for the timer, and only the first of them sets it.

use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{net::unix::pipe, sync::Mutex};

use crate::error::Failure;

/// Less often than this nobody looks whether the run was stopped.
const LONGEST: Duration = Duration::from_millis(100);

/// One thread's part of a rate: of `threads` it begins every one from its own number on.
pub(super) struct Pace {
    start: Instant,
    rate: u32,
    threads: u32,
    number: u32,
    timer: Mutex<pipe::Receiver>,
}

impl Pace {
    /// From this instant on. Inside a runtime.
    pub(super) fn new(start: Instant, rate: u32, threads: u32, number: u32) -> Result<Self, Failure> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)
            .map_err(|source| Failure::local("cannot make a timer", source))?;
        // To the runtime a timer is a pipe: something to be read once it is readable.
        let timer = pipe::Receiver::from_file_unchecked(timer.into())
            .map_err(|source| Failure::local("cannot make a timer", source))?;
        Ok(Self { start, rate, threads, number, timer: Mutex::new(timer) })
    }

    /// When this thread's request with this number is due.
    pub(super) fn instant(&self, request: u64) -> Instant {
        let place = u128::from(request) * u128::from(self.threads) + u128::from(self.number);
        let nanos = place * 1_000_000_000 / u128::from(self.rate);
        self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many requests of this thread are due within this time.
    pub(super) fn within(&self, time: Duration) -> u64 {
        let all = due(self.rate, time);
        let own = all.saturating_sub(u128::from(self.number)).div_ceil(u128::from(self.threads));
        u64::try_from(own).unwrap_or(u64::MAX)
    }

    /// Waits until the next request is due, whose number `next` knows, or until there is none, or all is over. What time it
    /// is then.
    pub(super) async fn wait(
        &self,
        next: impl Fn() -> Option<u64>,
        is_over: impl Fn(Instant) -> bool,
    ) -> Result<Instant, Failure> {
        let left = |now: Instant| match next() {
            Some(request) if !is_over(now) => self.instant(request).saturating_duration_since(now),
            _ => Duration::ZERO,
        };
        let now = Instant::now();
        if left(now).is_zero() {
            return Ok(now);
        }
        let timer = self.timer.lock().await;
        loop {
            let now = Instant::now();
            let left = left(now);
            if left.is_zero() {
                return Ok(now);
            }
            set(&timer, left.min(LONGEST)).map_err(|source| Failure::local("cannot set a timer", source))?;
            timer.readable().await.map_err(|source| Failure::local("cannot wait for a timer", source))?;
            // The clock says what is due; reading only makes the timer wait again.
            let _ = timer.try_read(&mut [0; 8]);
        }
    }
}

/// How many requests of such a rate are due within this time; the first one at its start.
pub(super) fn due(rate: u32, time: Duration) -> u128 {
    (time.as_nanos() * u128::from(rate)).div_ceil(1_000_000_000)
}

/// Lets it go off once, after this time.
fn set(timer: &pipe::Receiver, time: Duration) -> rustix::io::Result<()> {
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
    async fn threads_share_a_rate_without_a_gap() {
        let start = Instant::now();
        let mut due: Vec<Duration> = Vec::new();
        for number in [0, 1, 2] {
            let pace = Pace::new(start, 10, 3, number).unwrap();
            due.extend((0..pace.within(Duration::from_secs(1))).map(|request| pace.instant(request) - start));
        }
        due.sort();
        let wanted: Vec<Duration> = (0..10).map(|tenth| Duration::from_millis(tenth * 100)).collect();
        assert_eq!(due, wanted);
    }

    #[tokio::test]
    async fn nobody_waits_for_what_is_due_and_nobody_begins_before() {
        let start = Instant::now();
        let pace = Pace::new(start, 100, 1, 0).unwrap();
        for request in 0..3 {
            let now = pace.wait(|| Some(request), |_| false).await.unwrap();
            assert!(now >= pace.instant(request));
        }
        // What is not due for ages is not waited for once there is none, or all is over.
        pace.wait(|| None, |_| false).await.unwrap();
        pace.wait(|| Some(1_000_000), |_| true).await.unwrap();
    }
}
