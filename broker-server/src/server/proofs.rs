//! The background work of the service of proofs: loading circuits at the start, and its health.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    circuits::{CircuitLoadError, Circuits},
    compute::{Lane, Pool},
    policy::{
        Catalogue,
        permit::{Operation as _, SetupCircuit},
        profile::SetupRule,
    },
    rpc::Health,
    telemetry::audit::{Audit, Event, Record},
};

/// How often the queue is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long the queue must have been full before the service is NOT_SERVING.
const FULL: Duration = Duration::from_secs(5);

/// What is needed to load the circuits of all profiles.
#[derive(Debug)]
pub(super) struct Preload {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) circuits: Arc<Circuits>,
    pub(super) audit: Arc<Audit>,
}

impl Preload {
    /// Loads the circuits, one after the other. One that cannot be loaded is logged, and tried again when it is needed.
    fn run(self) {
        let Self { catalogue, circuits, audit } = self;
        for profile in catalogue.profiles() {
            let Some(rule) = &profile.groth16 else { continue };
            for circuit in &rule.circuits {
                let (audit, profile, digest) =
                    (Arc::clone(&audit), profile.name.to_string(), catalogue.digest().to_owned());
                let begin = move || {
                    audit.begin(|| Record {
                        event: Event::KeyUse,
                        operation: SetupCircuit::NAME,
                        profile,
                        catalogue_digest: Some(digest),
                        ..Record::default()
                    })
                };
                if rule.setup != SetupRule::OnFirstUse
                    && circuit.files().next().is_none()
                    && !circuits.has_store()
                {
                    continue;
                }
                match circuits.preload(rule, circuit, Box::new(begin)) {
                    Ok(()) => {}
                    // Its key is made when a caller asks for it, or under another profile.
                    Err(error @ CircuitLoadError::NoKey { .. }) => {
                        tracing::info!(circuit = circuit.name, %error, "the circuit is not loaded");
                    }
                    Err(error) => {
                        tracing::error!(circuit = circuit.name, %error, "the circuit cannot be loaded");
                    }
                }
            }
        }
    }
}

/// Starts the thread, which ends with the pool.
pub(super) fn spawn(health: &Health, pool: &Arc<Pool>, preload: Option<Preload>) -> io::Result<()> {
    let (health, pool) = (health.clone(), Arc::downgrade(pool));
    if preload.is_some() {
        health.set_proofs_available(false);
    }
    let watch = move || {
        if let Some(preload) = preload {
            preload.run();
            health.set_proofs_available(true);
        }
        let mut queue = QueueWatch::default();
        while let Some(pool) = pool.upgrade() {
            let (queued, slots) = pool.slots(Lane::Long);
            drop(pool);
            health.set_proofs_available(queue.is_serving(queued, slots, Instant::now()));
            thread::park_timeout(TICK);
        }
    };
    thread::Builder::new().name("proof-watch".into()).spawn(watch).map(drop)
}

/// Decides by the queue of long work whether the service is SERVING.
#[derive(Debug, Default)]
struct QueueWatch {
    /// Since when the queue has been full.
    full_since: Option<Instant>,
    /// The queue was full for too long, and is not half empty yet.
    overloaded: bool,
}

impl QueueWatch {
    /// Takes note of the number of jobs in the queue, which has so many slots.
    fn is_serving(&mut self, queued: usize, slots: usize, now: Instant) -> bool {
        if queued < slots {
            self.full_since = None;
        } else {
            let since = *self.full_since.get_or_insert(now);
            self.overloaded |= now.saturating_duration_since(since) >= FULL;
        }
        if queued < slots.div_ceil(2) {
            self.overloaded = false;
        }
        !self.overloaded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_stays_full_is_not_serving_until_it_is_half_empty() {
        let (mut watch, start) = (QueueWatch::default(), Instant::now());
        let mut at = |seconds, queued| watch.is_serving(queued, 10, start + Duration::from_secs(seconds));
        assert!(at(0, 10));
        assert!(at(4, 10));
        assert!(at(5, 9), "it was full for less than five seconds");
        assert!(at(6, 10));
        assert!(!at(11, 10));
        assert!(!at(12, 9));
        assert!(!at(13, 5));
        assert!(at(14, 4));
        assert!(at(15, 10));
    }
}
