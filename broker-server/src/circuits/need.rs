//! What a call needs, and what a profile says about it.

use std::sync::Arc;

use super::{CircuitLoadError, LoadedCircuit, NoSetup, provenance};
use crate::policy::profile::{CircuitRule, CircuitSource, Groth16Rule, SetupRule};

/// What a call needs: a circuit, and the key that the profile demands.
#[derive(Debug)]
pub struct Need<'a> {
    /// The section of the profile.
    pub rule: &'a Groth16Rule,
    /// The circuit in it.
    pub circuit: &'a Arc<CircuitRule>,
    /// What the call needs it for.
    pub purpose: Purpose,
}

/// What a call needs a circuit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To have its key made.
    Setup,
    /// To use its key.
    Use,
    /// To verify what a key has proved before, so that a new key is of no use.
    Verification,
}

/// What an attempt to load a circuit depends on, beside the contents of its files: its failure says nothing about another
/// profile, whose files are at other places, or which lets the broker make a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) circuit: Arc<CircuitRule>,
    pub(super) set_up: Result<(), NoSetup>,
}

/// The answer to a [`Need`].
#[derive(Debug)]
pub struct Found {
    /// The circuit.
    pub circuit: LoadedCircuit,
    /// Whether the key was made for this call. Others that waited for it find an existing one.
    pub created: bool,
}

impl Need<'_> {
    pub(super) fn terms(&self) -> Terms {
        let has_file = !matches!(self.circuit.source, CircuitSource::BuiltIn { key: None, .. });
        let set_up = match (self.rule.setup, self.purpose) {
            (SetupRule::Never, _) => Err(NoSetup::Never),
            _ if has_file => Err(NoSetup::Never),
            (_, Purpose::Setup) | (SetupRule::OnFirstUse, Purpose::Use) => Ok(()),
            (SetupRule::ByRequest, _) => Err(NoSetup::ByRequest),
            (SetupRule::OnFirstUse, Purpose::Verification) => Err(NoSetup::Verification),
        };
        Terms { circuit: Arc::clone(self.circuit), set_up }
    }

    /// Checks the number of constraints against `Limits.Constraints`.
    fn check_constraints(&self, found: usize) -> Result<(), CircuitLoadError> {
        let limit = self.rule.limits.constraints;
        if found > limit as usize {
            let circuit = self.circuit.name.clone();
            return Err(CircuitLoadError::TooManyConstraints { circuit, found, limit });
        }
        Ok(())
    }

    /// Checks what is known before the circuit is loaded, so that no key is made in vain.
    ///
    /// # Errors
    /// [`CircuitLoadError::TooManyConstraints`].
    pub fn check(&self) -> Result<(), CircuitLoadError> {
        match &self.circuit.source {
            CircuitSource::BuiltIn { circuit, .. } => {
                self.check_constraints(circuit.description().constraints)
            }
            CircuitSource::Operator { .. } => Ok(()),
        }
    }

    /// Checks a circuit, which may have been loaded for another profile, by what this profile says.
    pub(super) fn accept(&self, loaded: &LoadedCircuit) -> Result<(), CircuitLoadError> {
        let info = loaded.circuit.info();
        self.check_constraints(info.constraints)?;
        if self.circuit.fingerprint.is_some_and(|expected| info.fingerprint.as_bytes() != &expected) {
            let (circuit, found) = (self.circuit.name.clone(), info.fingerprint.to_string());
            return Err(CircuitLoadError::Fingerprint { circuit, found });
        }
        match (&self.circuit.provenance, &loaded.ceremony) {
            (Some(provenance), Some(ceremony)) => {
                provenance::check(&self.circuit.name, provenance, (**ceremony).as_ref())
            }
            _ => Ok(()),
        }
    }
}
