//! The machine that a report is of.

use std::{fs, thread};

use serde::Serialize;

/// What a reader wants to know about it.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// As the CPU calls itself.
    pub cpu: String,
    /// Cores that the measurement might use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The library that does the server's cryptography.
    pub crypto: String,
    /// The version of the broker.
    pub version: &'static str,
    /// Runnable processes over the last minute when the report was made: much more than one, and somebody else was at
    /// work.
    pub load: Option<f64>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = text("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned());
        Self {
            cpu,
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            crypto: broker_server::backend::module::description(),
            version: env!("CARGO_PKG_VERSION"),
            load: text("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()),
        }
    }
}
