//! A circuit that is in memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use broker_groth16::{ceremony::Ceremony, file::FileError, key::SetupClass, loaded::Loaded};

use crate::policy::profile::CircuitRule;

/// What a `.zkey` says about its ceremony, or why it does not.
pub(super) type CeremonyOfFile = Result<Ceremony, FileError>;

/// A circuit that is in memory.
#[derive(Clone, Debug)]
pub struct LoadedCircuit {
    /// The circuit with its key.
    pub circuit: Arc<dyn Loaded>,
    /// Whether only this process has the key.
    pub ephemeral: bool,
    /// The SHA-256 of the powers of tau from which the key's ceremony has been verified. Profiles that share the circuit may
    /// name different ones.
    verified: Arc<[[u8; 32]]>,
    /// What the file of the key says about its ceremony, or why it does not; `None` where the key has no file.
    pub(super) ceremony: Option<Arc<CeremonyOfFile>>,
    /// What measurements say about the time of one proof.
    cost: Arc<Cost>,
}

impl LoadedCircuit {
    pub(super) fn new(circuit: Arc<dyn Loaded>, ephemeral: bool, verified: Vec<[u8; 32]>) -> Self {
        let cost = Arc::new(Cost::new(circuit.info().proof_time));
        Self { circuit, ephemeral, verified: verified.into(), ceremony: None, cost }
    }

    /// Adds what the file of the key, a `.zkey`, says about its ceremony.
    pub(super) fn with_ceremony(self, ceremony: CeremonyOfFile) -> Self {
        Self { ceremony: Some(Arc::new(ceremony)), ..self }
    }

    /// Returns the class of the key under the profile's entry for the circuit.
    pub fn class(&self, rule: &CircuitRule) -> SetupClass {
        let powers = rule.provenance.as_ref().and_then(|provenance| provenance.powers_of_tau.as_ref());
        let verified = powers.is_some_and(|powers| self.verified.contains(&powers.sha256));
        match rule.declared_class() {
            // That its contributions are verified does not make several parties of one.
            Some(SetupClass::CeremonyClaimed) if verified => SetupClass::CeremonyVerified,
            Some(declared) => declared,
            None => SetupClass::SingleParty,
        }
    }

    /// Returns the expected CPU time of one proof.
    pub fn proof_time(&self) -> Duration {
        self.cost.get()
    }

    /// Takes note of the CPU time of a proof.
    pub fn measured(&self, time: Duration) {
        self.cost.measured(time);
    }
}

/// The expected time of a proof: an estimate by the size of the circuit, and then a moving average of the proofs.
#[derive(Debug)]
struct Cost(AtomicU64);

impl Cost {
    fn new(estimate: Duration) -> Self {
        Self(nanoseconds(estimate).into())
    }

    fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// Two proofs at the same time may overwrite each other's measurement, which is harmless.
    fn measured(&self, time: Duration) {
        let (before, new) = (nanoseconds(self.get()), nanoseconds(time));
        let average = before - before / 8 + new / 8;
        self.0.store(average, Ordering::Relaxed);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
