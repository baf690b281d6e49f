//! Which processors this program runs on, and what processor time it and the broker take.

use std::{fs, path::Path, time::Duration};

use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use tokio::net::UnixStream;

use crate::error::Failure;

/// Keeps this thread, and all that it starts, on these processors.
pub(super) fn pin(processors: &[usize]) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    for &processor in processors {
        if processor >= CpuSet::MAX_CPU {
            return Err(Failure::Usage(format!("--pin {processor}: there is no such processor")));
        }
        set.set(processor);
    }
    sched_setaffinity(None, &set).map_err(|error| {
        let usable = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Failure::Usage(format!(
            "--pin: this program cannot be kept there ({error}); it may use {usable} processor(s), counted from 0"
        ))
    })
}

/// The process that listens at a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener(i32);

impl Listener {
    /// As the kernel names it; it does not know processes of another PID namespace.
    pub(super) fn of(stream: &UnixStream) -> Option<Self> {
        let pid = stream.peer_cred().ok()?.pid()?;
        (pid > 0).then_some(Self(pid))
    }

    /// Its processor time so far, user and system, in steps of the kernel's clock tick.
    pub(super) fn processor_time(self) -> Option<Duration> {
        let stat = fs::read_to_string(Path::new("/proc").join(self.0.to_string()).join("stat")).ok()?;
        let ticks = ticks(&stat)?;
        let micros = ticks.checked_mul(1_000_000)?.checked_div(rustix::param::clock_ticks_per_second())?;
        Some(Duration::from_micros(micros))
    }
}

/// `utime` and `stime` of proc_pid_stat(5), the 14th and the 15th field. The second one is a name in brackets, which may
/// hold brackets and blanks itself.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// The processor time of this program so far.
pub(super) fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 300 44 0 0 20 0";
        assert_eq!(ticks(stat), Some(344));
        assert_eq!(ticks("42 (a) S 1 2"), None);
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn own_time_grows() {
        let before = own_time();
        let mut sum = 0_u64;
        while own_time() == before {
            sum = sum.wrapping_add(1);
        }
        assert!(own_time() > before, "{sum}");
    }

    #[test]
    fn this_process_can_be_read() {
        let own = Listener(i32::try_from(std::process::id()).unwrap_or(0));
        assert!(own.processor_time().is_some());
        assert!(Listener(i32::MAX).processor_time().is_none());
    }
}
