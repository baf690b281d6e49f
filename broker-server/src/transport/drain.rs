//! The end: serve what is asked while others leave too, then say goodbye, then go.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{Outcome, TransportOptions, shard::Shard};
use crate::rpc::Health;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Every call is served.
    Serving,
    /// Connections have been told to go (GOAWAY, RFC 9113 6.8); what was accepted is served.
    Leaving,
    /// What is left is cut.
    Cut,
}

/// Resolves once `least` is reached, or nobody is left to reach it.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, least: Phase) {
    // The guard that this returns must not live on in the caller's future.
    let _ = phase.wait_for(|phase| *phase >= least).await;
}

/// How often counters are looked at during a drain.
const STEP: Duration = Duration::from_millis(10);

/// Serves on until no call was in flight for `drain_idle`, or three quarters of `drain_deadline` have passed: the last
/// quarter, at most two seconds, is for accepted calls to end after GOAWAY.
pub(super) async fn quieten(
    shards: &[Shard],
    health: &Health,
    options: &TransportOptions,
    deadline: Instant,
) {
    health.stop();
    let reserve = (options.drain_deadline / 4).min(Duration::from_secs(2));
    quiet(shards, options.drain_idle, deadline.checked_sub(reserve).unwrap_or(deadline)).await;
}

/// Tells every connection to go and waits for accepted calls until the deadline. A connection that stays although it
/// has no call in flight does not hold the end up.
pub(super) async fn leave(shards: &[Shard], options: &TransportOptions, deadline: Instant) -> Outcome {
    for shard in shards {
        shard.enter(Phase::Leaving);
    }
    // The calls of a connection that was accepted last are counted once they have been read.
    while fresh(shards) > 0 && !shards.iter().all(Shard::has_ended) && Instant::now() < deadline {
        tokio::time::sleep(STEP).await;
    }
    let quiet = quiet(shards, options.drain_idle, deadline).await;
    // A stream that its client has forgotten is nothing to wait for. One that was fed until the deadline is cut.
    let calls = in_flight(shards) + if quiet { 0 } else { paused(shards) };
    for shard in shards {
        shard.enter(Phase::Cut);
    }
    if calls == 0 { Outcome::Drained } else { Outcome::Cut { calls } }
}

/// Until no call was in flight for `idle`, or every shard has ended, or `deadline`; false for the last.
async fn quiet(shards: &[Shard], idle: Duration, deadline: Instant) -> bool {
    let mut since = Instant::now();
    let mut started = calls_started(shards);
    loop {
        let now = Instant::now();
        let latest = calls_started(shards);
        let busy = in_flight(shards) > 0 || latest != started;
        if busy {
            (since, started) = (now, latest);
        }
        if (!busy && now - since >= idle) || shards.iter().all(Shard::has_ended) {
            return true;
        }
        if now >= deadline {
            return false;
        }
        tokio::time::sleep(STEP.min(deadline - now)).await;
    }
}

fn fresh(shards: &[Shard]) -> usize {
    shards.iter().map(|shard| shard.load.fresh.load(Ordering::Acquire)).sum()
}

fn in_flight(shards: &[Shard]) -> usize {
    shards.iter().map(|shard| shard.load.in_flight.load(Ordering::Acquire)).sum()
}

fn paused(shards: &[Shard]) -> usize {
    shards.iter().map(|shard| shard.load.paused.load(Ordering::Acquire)).sum()
}

fn calls_started(shards: &[Shard]) -> u64 {
    shards.iter().map(|shard| shard.load.started.load(Ordering::Acquire)).sum()
}
