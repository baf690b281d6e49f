//! The processors that this program runs on, and the processor time that it and the broker take.

use std::{fs, path::Path, time::Duration};

use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, clock_gettime},
};
use tokio::net::UnixStream;

use crate::error::LoadError;

/// Keeps this thread, and all threads that it starts, on these processors.
///
/// # Errors
/// Fails with [`LoadError::Usage`] where this program may not use one of them.
pub fn pin_to_processors(processors: &[usize]) -> Result<(), LoadError> {
    let mut set = CpuSet::new();
    for &processor in processors {
        if processor >= CpuSet::MAX_CPU {
            return Err(LoadError::Usage(format!("--pin {processor}: no processor has this number")));
        }
        set.set(processor);
    }
    sched_setaffinity(None, &set).map_err(|error| {
        let usable = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        LoadError::Usage(format!(
            "--pin: this program cannot be kept there ({error}); it may use {usable} processor(s), counted from 0"
        ))
    })
}

/// The process that listens at a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener(i32);

impl Listener {
    /// Returns the process at the other end of `stream`; `None` where it is in another PID namespace.
    pub(crate) fn of(stream: &UnixStream) -> Option<Self> {
        let pid = stream.peer_cred().ok()?.pid()?;
        (pid > 0).then_some(Self(pid))
    }

    /// Returns its user and system time so far, in steps of the kernel's clock tick.
    pub(crate) fn processor_time(self) -> Option<Duration> {
        let stat = fs::read_to_string(Path::new("/proc").join(self.0.to_string()).join("stat")).ok()?;
        let ticks = ticks(&stat)?;
        let micros = ticks.checked_mul(1_000_000)?.checked_div(rustix::param::clock_ticks_per_second())?;
        Some(Duration::from_micros(micros))
    }
}

/// Adds `utime` and `stime` of proc_pid_stat(5), the 14th and the 15th field. The second field is a name in brackets, which
/// may contain brackets and blanks itself.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// Returns the processor time of this program so far.
pub(crate) fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_brackets_in_the_process_name() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 300 44 0 0 20 0";
        assert_eq!(ticks(stat), Some(344));
        assert_eq!(ticks("42 (a) S 1 2"), None);
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn own_time_increases() {
        let before = own_time();
        let mut sum = 0_u64;
        while own_time() == before {
            sum = sum.wrapping_add(1);
        }
        assert!(own_time() > before, "{sum}");
    }

    #[test]
    fn reads_the_time_of_an_existing_process() {
        let own = Listener(i32::try_from(std::process::id()).unwrap_or(0));
        assert!(own.processor_time().is_some());
        assert!(Listener(i32::MAX).processor_time().is_none());
    }
}
