//! The key of a circuit, as responses describe it.

use broker_groth16::key::{Fingerprint, SetupClass};

use super::ProofError;
use crate::{
    circuits::LoadedCircuit,
    policy::profile::{CircuitRule, Groth16Rule},
    telemetry::audit::CircuitRecord,
};

/// A key, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The fingerprint of the verifying key.
    pub fingerprint: [u8; 32],
    /// The class of its setup; `None` for a caller's key, of which nothing is known.
    pub class: Option<SetupClass>,
    /// Whether only this process has the key.
    pub ephemeral: bool,
    /// The URL of the ceremony's record.
    pub ceremony: Option<String>,
}

impl KeyInfo {
    /// Describes the key of a circuit without checks.
    pub fn describe(circuit: &CircuitRule, loaded: &LoadedCircuit) -> Self {
        Self {
            fingerprint: *loaded.circuit.info().fingerprint.as_bytes(),
            class: Some(loaded.class(circuit)),
            ephemeral: loaded.ephemeral,
            ceremony: circuit.provenance.as_ref().and_then(|provenance| provenance.ceremony.clone()),
        }
    }

    /// Describes the key of a circuit, and checks that it is the expected one and of a class that the profile accepts.
    pub(super) fn new(
        rule: &Groth16Rule,
        circuit: &CircuitRule,
        loaded: &LoadedCircuit,
        expected: Option<[u8; 32]>,
    ) -> Result<Self, ProofError> {
        let key = Self::describe(circuit, loaded);
        if let (Some(minimum), Some(class)) = (rule.require_ceremony.minimum(), key.class)
            && class < minimum
        {
            return Err(ProofError::CeremonyRequired { minimum, class, line: rule.line });
        }
        key.expect(expected)?;
        Ok(key)
    }

    /// Describes a caller's key.
    pub(super) fn of_caller(
        fingerprint: Fingerprint,
        expected: Option<[u8; 32]>,
    ) -> Result<Self, ProofError> {
        let key =
            Self { fingerprint: *fingerprint.as_bytes(), class: None, ephemeral: false, ceremony: None };
        key.expect(expected)?;
        Ok(key)
    }

    fn expect(&self, expected: Option<[u8; 32]>) -> Result<(), ProofError> {
        match expected {
            Some(expected) if expected != self.fingerprint => Err(ProofError::FingerprintMismatch {
                expected: hex::encode(expected),
                found: hex::encode(self.fingerprint),
            }),
            _ => Ok(()),
        }
    }

    /// Returns what the audit says about the key.
    pub(super) fn record(&self, circuit: &str) -> CircuitRecord {
        CircuitRecord {
            circuit: circuit.to_owned(),
            setup_class: self.class.map_or("unknown", SetupClass::as_str),
            fingerprint: hex::encode(self.fingerprint),
        }
    }
}
