//! The key figures of the server as a whole: the time to start, and its memory.

use std::{
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{Failure, load::Rig, process, scenario::Scenario, server::Server, suite::Mode, wire};

/// The scenario that is called before memory is measured again.
pub const SCENARIO: &str = "hash/sha3-512/64B";

/// The number of starts of the server.
const STARTS: usize = 10;

/// The key figures.
#[derive(Clone, Debug, Serialize)]
pub struct Kpi {
    /// The time from the start of the process to its first answered health check in milliseconds: the median of ten.
    pub start_ms: f64,
    /// Resident memory in bytes before any other call.
    pub resident_idle: Option<u64>,
    /// Resident memory in bytes after [`Self::calls`] calls.
    pub resident_after: Option<u64>,
    /// The number of calls before the second measurement of memory.
    pub calls: u64,
}

/// Measures the figures of the server's `binary`, with `calls` calls of `scenario`, ten at once.
///
/// # Errors
/// Fails where the server does not start, or a call fails.
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

/// Starts the server and returns the time to its first health check. The socket is tried every half millisecond.
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
