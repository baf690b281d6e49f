//! The key figures of the server as a whole: how long it takes to start, how much memory it has, and what one call
//! costs.

use std::{
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{Failure, load::Rig, process, scenario::Scenario, server::Server, suite::Mode, wire};

/// What is called before memory is looked at again.
pub const SCENARIO: &str = "hash/sha3-512/64B";

/// How often the server is started.
const STARTS: usize = 10;

/// The key figures.
#[derive(Clone, Debug, Serialize)]
pub struct Kpi {
    /// From the start of the process to its first answered health check: the median of ten, in milliseconds.
    pub start_ms: f64,
    /// Resident memory in bytes after that, before any other call.
    pub resident_idle: Option<u64>,
    /// Resident memory in bytes after so many calls.
    pub resident_after: Option<u64>,
    /// How many calls that was.
    pub calls: u64,
}

/// Measures them on the server's `binary`. `calls` of `scenario` are made, ten at once.
///
/// # Errors
/// Where the server does not start, or a call fails.
pub fn measure(binary: &Path, scenario: &Arc<Scenario>, calls: u64) -> Result<Kpi, Failure> {
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(start(binary)?);
    }
    starts.sort_unstable();
    let median = starts.get(STARTS / 2 - 1).zip(starts.get(STARTS / 2)).map(|(a, b)| (*a + *b) / 2);
    let rig = Rig::start(binary, Mode::Ten)?;
    let resident_idle = process::resident(rig.server_pid());
    let (calls, _) = rig.time(scenario, calls)?;
    Ok(Kpi {
        start_ms: median.unwrap_or_default().as_secs_f64() * 1e3,
        resident_idle,
        resident_after: process::resident(rig.server_pid()),
        calls,
    })
}

/// The socket is looked for every half millisecond.
#[allow(clippy::disallowed_methods, reason = "no event says that another process listens")]
fn start(binary: &Path) -> Result<Duration, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clock = Instant::now();
    let server = Server::start(binary)?;
    while UnixStream::connect(server.socket()).is_err() && clock.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_micros(500));
    }
    runtime.block_on(wire::connect(&server.socket()))?;
    Ok(clock.elapsed())
}
