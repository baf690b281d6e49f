//! When the requests of a rate are due.
//!
//! The kernel's timer says when, to the nanosecond: the runtime's own counts milliseconds.

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{net::unix::pipe, sync::Semaphore, time::timeout};

use crate::error::Failure;

/// More often than this the timer does not go off; what is due meanwhile is due together.
const SHORTEST: Duration = Duration::from_micros(5);
/// Less often than this nobody looks whether the run was stopped.
const LONGEST: Duration = Duration::from_millis(100);

/// One thread's part of a rate: of `threads` it begins every one from its own number on.
pub(super) struct Pace {
    start: Instant,
    rate: u32,
    threads: u32,
    number: u32,
    due: Semaphore,
}

impl Pace {
    /// From this instant on.
    pub(super) fn new(start: Instant, rate: u32, threads: u32, number: u32) -> Self {
        Self { start, rate, threads, number, due: Semaphore::new(0) }
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

    /// Waits until another request is due. `false` when there will be none.
    pub(super) async fn wait(&self) -> bool {
        match self.due.acquire().await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_) => false,
        }
    }

    /// Lets everybody know that there will be none.
    pub(super) fn close(&self) {
        self.due.close();
    }

    /// Releases requests as they become due, until `is_over`.
    pub(super) async fn run(&self, is_over: impl Fn() -> bool) -> Result<(), Failure> {
        let timer = self.timer().map_err(|source| Failure::local("cannot set a timer", source))?;
        let mut released = 0;
        let failed = |source| Failure::local("cannot wait for a timer", source);
        // To the runtime a timer is a pipe: something to be read once it is readable.
        let timer = pipe::Receiver::from_file_unchecked(timer.into()).map_err(failed)?;
        while !is_over() && !self.due.is_closed() {
            if let Ok(ready) = timeout(LONGEST, timer.readable()).await {
                ready.map_err(failed)?;
                // What is due is computed from the clock; reading only arms the timer again.
                let _ = timer.try_read(&mut [0; 8]);
            }
            let now = self.due_at(Instant::now());
            self.due.add_permits(usize::try_from(now.saturating_sub(released)).unwrap_or(0));
            released = released.max(now);
        }
        self.close();
        Ok(())
    }

    /// How many requests of this thread were due until then.
    fn due_at(&self, now: Instant) -> u64 {
        match now.checked_duration_since(self.start) {
            // The one at the start itself is due, too.
            Some(time) => self.within(time + Duration::from_nanos(1)),
            None => 0,
        }
    }

    fn timer(&self) -> Result<OwnedFd, rustix::io::Errno> {
        let period = Duration::from_secs(1).mul_f64(f64::from(self.threads) / f64::from(self.rate));
        let period = timespec(period.max(SHORTEST));
        let first = self.instant(0).saturating_duration_since(Instant::now());
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let first = timespec(first.max(Duration::from_nanos(1)));
        timerfd_settime(
            &timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: period, it_value: first },
        )?;
        Ok(timer)
    }
}

/// How many requests of such a rate are due within this time; the first one at its start.
pub(super) fn due(rate: u32, time: Duration) -> u128 {
    (time.as_nanos() * u128::from(rate)).div_ceil(1_000_000_000)
}

fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_a_rate_without_a_gap() {
        let start = Instant::now();
        let paces = [0, 1, 2].map(|number| Pace::new(start, 10, 3, number));
        let mut due: Vec<Duration> = Vec::new();
        for pace in &paces {
            due.extend((0..pace.within(Duration::from_secs(1))).map(|request| pace.instant(request) - start));
        }
        due.sort();
        let wanted: Vec<Duration> = (0..10).map(|tenth| Duration::from_millis(tenth * 100)).collect();
        assert_eq!(due, wanted);
    }

    #[test]
    fn the_first_is_due_at_once() {
        let start = Instant::now();
        let pace = Pace::new(start, 1, 1, 0);
        assert_eq!(pace.due_at(start), 1);
        assert_eq!(pace.due_at(start + Duration::from_secs(1)), 2);
    }
}
