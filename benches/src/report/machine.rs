//! The machine of a report.

use std::{fs, thread};

use serde::Serialize;

/// The machine that the report was measured on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The model name of the CPU.
    pub cpu: String,
    /// The number of cores that the measurement may use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The library that does the server's cryptography.
    pub crypto: String,
    /// The version of the broker.
    pub version: &'static str,
    /// The load average of the last minute when the report was made. Much more than one means that other programs ran.
    pub load: Option<f64>,
}

impl Machine {
    /// Returns this machine.
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
