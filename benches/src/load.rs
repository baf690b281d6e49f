//! Measures the time of many calls of one scenario.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use broker_client::Client;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{Failure, process, scenario::Scenario, server::Server, suite::Mode, wire};

/// A broker, a connection to it, and the runtime of the client.
#[derive(Debug)]
pub struct Rig {
    mode: Mode,
    // Fields are dropped in this order: the connection before its broker, the pinning last.
    client: Client,
    runtime: Runtime,
    server: Server,
    _core: Option<process::Pinned>,
}

impl Rig {
    /// Starts the server's `binary` and connects. With [`Mode::Pinned`], this thread stays on one core until the rig is dropped.
    ///
    /// # Errors
    /// Fails where the server does not start.
    pub fn start(binary: &Path, mode: Mode) -> Result<Self, Failure> {
        let core = (mode == Mode::Pinned).then(process::Pinned::to_one_core).transpose()?;
        let server = Server::start(binary)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = runtime.block_on(wire::connect(&server.socket()))?;
        let client = if mode == Mode::Pipeline { client.pipeline() } else { client };
        Ok(Self { mode, client, runtime, server, _core: core })
    }

    /// Returns the CPU time of the server's process so far; `None` where the kernel does not account for it.
    pub fn server_cpu(&self) -> Option<Duration> {
        process::cpu_time(self.server.pid())
    }

    /// Returns the process id of the server.
    pub fn server_pid(&self) -> u32 {
        self.server.pid()
    }

    /// Makes at least `calls` calls in the rig's mode. Returns how many it made, and how long all of them took.
    ///
    /// # Errors
    /// Fails where a call fails.
    pub fn time(&self, scenario: &Arc<Scenario>, calls: u64) -> Result<(u64, Duration), Failure> {
        let outcome = match self.mode.at_once() {
            1 => self.runtime.block_on(self.one_at_a_time(scenario, calls)),
            callers => {
                self.runtime.block_on(self.at_once(scenario, calls.next_multiple_of(callers), callers))
            }
        };
        outcome.map_err(|error| format!("{}: {error}", scenario.id).into())
    }

    async fn one_at_a_time(&self, scenario: &Scenario, calls: u64) -> Result<(u64, Duration), Failure> {
        let start = Instant::now();
        for _ in 0..calls {
            wire::call(&self.client, scenario).await?;
        }
        Ok((calls, start.elapsed()))
    }

    /// Makes calls with several callers, each of which sends its next request as soon as it is answered.
    async fn at_once(
        &self,
        scenario: &Arc<Scenario>,
        calls: u64,
        callers: u64,
    ) -> Result<(u64, Duration), Failure> {
        let remaining = Arc::new(AtomicU64::new(calls));
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for _ in 0..callers {
            let (client, scenario) = (self.client.clone(), Arc::clone(scenario));
            let remaining = Arc::clone(&remaining);
            tasks.spawn(async move {
                while remaining
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok()
                {
                    wire::call(&client, &scenario).await?;
                }
                Ok::<(), Failure>(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok((calls, start.elapsed()))
    }
}
