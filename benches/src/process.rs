//! What the kernel knows about a process: its CPU time and its memory; and which core a thread runs on.

use std::{fs, io, time::Duration};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// User and system time of all threads that a process has, as exact as the scheduler's own accounts. `None` where the
/// kernel does not tell.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        // Time on a core, time in a queue, time slices.
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        sum += Duration::from_nanos(text.split(' ').next()?.parse().ok()?);
    }
    Some(sum)
}

/// Resident memory in bytes (proc(5), `VmRSS`); `None` when the process has gone.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// This thread, and what it starts, on one core until this is dropped.
#[derive(Debug)]
pub struct Pinned(CpuSet);

impl Pinned {
    /// On the last core that the thread may use: the first has most of the interrupts.
    ///
    /// # Errors
    /// Where the system does not allow it.
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
        // The cores were allowed before; where they are not any more, the thread stays on its one.
        let _ = sched_setaffinity(None, &self.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn this_process_has_used_time_and_memory() {
        let pid = std::process::id();
        assert!(resident(pid).unwrap() > 100_000);
        // Where the kernel keeps accounts.
        assert!(cpu_time(pid).is_none_or(|time| time > Duration::ZERO));
    }

    #[test]
    fn a_pinned_thread_is_on_one_core_and_afterwards_where_it_was() {
        let before = sched_getaffinity(None).unwrap();
        let pinned = Pinned::to_one_core().unwrap();
        assert_eq!(sched_getaffinity(None).unwrap().count(), 1);
        drop(pinned);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }
}
