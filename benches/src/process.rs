//! CPU time and memory of a process, and the core that a thread runs on.

use std::{fs, io, time::Duration};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Returns user and system time of all threads of a process in the scheduler's precision; `None` where the kernel does not
/// account for it.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        // The fields are time on a core, time in a queue, and time slices.
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        sum += Duration::from_nanos(text.split(' ').next()?.parse().ok()?);
    }
    Some(sum)
}

/// Returns resident memory in bytes (proc(5), `VmRSS`); `None` where the process has ended.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// Keeps this thread, and threads that it starts, on one core until it is dropped.
#[derive(Debug)]
pub struct Pinned(CpuSet);

impl Pinned {
    /// Pins to the last core that the thread may use: the first gets most of the interrupts.
    ///
    /// # Errors
    /// Fails where the system does not allow it.
    pub fn to_one_core() -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        let mut one = CpuSet::new();
        if let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|cpu| before.is_set(*cpu)) {
            one.set(last);
        }
        sched_setaffinity(None, &one)?;
        Ok(Self(before))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The cores were allowed before. Where they no longer are, the thread stays on its core.
        let _ = sched_setaffinity(None, &self.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_time_and_memory_of_this_process() {
        let pid = std::process::id();
        assert!(resident(pid).unwrap() > 100_000);
        // Some kernels do not account for CPU time.
        assert!(cpu_time(pid).is_none_or(|time| time > Duration::ZERO));
    }

    #[test]
    fn pinning_is_undone_on_drop() {
        let before = sched_getaffinity(None).unwrap();
        let pinned = Pinned::to_one_core().unwrap();
        assert_eq!(sched_getaffinity(None).unwrap().count(), 1);
        drop(pinned);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }
}
