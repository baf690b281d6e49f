//! The graceful shutdown: serve until the load is idle, send GOAWAY, wait for accepted calls, close.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{load::Load, options::TransportOptions, phase::Phase, shard::Shard};
use crate::rpc::Health;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainOutcome {
    /// Every accepted call was answered.
    Drained,
    /// The drain deadline passed before every accepted call was answered.
    DrainDeadlineExceeded {
        /// The number of calls that were ended without an answer.
        calls: usize,
    },
}

/// How often the counters are read during a drain.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Reports the services as not serving, and keeps serving until no call was in flight for `drain_idle`, or until three
/// quarters of `drain_deadline` have passed. The last quarter, at most two seconds, is reserved for accepted calls to end
/// after GOAWAY.
pub(super) async fn await_idle(
    shards: &[Shard],
    health: &Health,
    options: &TransportOptions,
    deadline: Instant,
) {
    health.shut_down();
    // The time for accepted calls to end after GOAWAY.
    let goaway_time = (options.drain_deadline / 4).min(Duration::from_secs(2));
    wait_until_idle(shards, options.drain_idle, deadline.checked_sub(goaway_time).unwrap_or(deadline)).await;
}

/// Sends GOAWAY on every connection, waits for accepted calls until the deadline, and closes. A connection that stays
/// open without a call in flight does not delay the end.
pub(super) async fn shut_down(
    shards: &[Shard],
    options: &TransportOptions,
    deadline: Instant,
) -> DrainOutcome {
    for shard in shards {
        shard.set_phase(Phase::GoingAway);
    }
    // The calls of the connections accepted last are not counted before those have been polled.
    while total(shards, |load| &load.not_yet_polled) > 0
        && !shards.iter().all(Shard::has_ended)
        && Instant::now() < deadline
    {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let idle = wait_until_idle(shards, options.drain_idle, deadline).await;
    let in_flight = total(shards, |load| &load.in_flight);
    // If the shards became idle, open streams only wait for their clients and are not counted as unfinished.
    let paused = if idle { 0 } else { total(shards, |load| &load.paused) };
    for shard in shards {
        shard.set_phase(Phase::Closed);
    }
    match in_flight + paused {
        0 => DrainOutcome::Drained,
        calls => DrainOutcome::DrainDeadlineExceeded { calls },
    }
}

/// Waits until no call was in flight for `period`, or until every shard has ended. Returns false if `deadline` passes
/// first.
async fn wait_until_idle(shards: &[Shard], period: Duration, deadline: Instant) -> bool {
    let mut since = Instant::now();
    let mut started = calls_started(shards);
    loop {
        let now = Instant::now();
        let latest = calls_started(shards);
        let busy = total(shards, |load| &load.in_flight) > 0 || latest != started;
        if busy {
            (since, started) = (now, latest);
        }
        if (!busy && now - since >= period) || shards.iter().all(Shard::has_ended) {
            return true;
        }
        if now >= deadline {
            return false;
        }
        tokio::time::sleep(POLL_INTERVAL.min(deadline - now)).await;
    }
}

fn total(shards: &[Shard], counter: impl Fn(&Load) -> &AtomicUsize) -> usize {
    shards.iter().map(|shard| counter(&shard.load).load(Ordering::Acquire)).sum()
}

fn calls_started(shards: &[Shard]) -> u64 {
    shards.iter().map(|shard| shard.load.started.load(Ordering::Acquire)).sum()
}
