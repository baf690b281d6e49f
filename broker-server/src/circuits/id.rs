//! The identity of a circuit with its key.

use broker_groth16::{circuit::BuiltIn, curve::CurveName};

use crate::policy::profile::{CircuitRule, CircuitSource, Groth16Rule, PinnedFile};

/// What identifies a circuit with its key. Profiles with the same one share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CircuitId {
    /// A built-in circuit. Without the hash of a key's file it is the key that the broker makes.
    BuiltIn {
        /// The circuit.
        circuit: BuiltIn,
        /// The curve.
        curve: CurveName,
        /// The SHA-256 of the key's file.
        key: Option<[u8; 32]>,
    },
    /// An operator's circuit, by the SHA-256 of its files.
    Operator {
        /// The curve.
        curve: CurveName,
        /// The proving key.
        zkey: [u8; 32],
        /// The constraints.
        r1cs: Option<[u8; 32]>,
        /// The witness calculator, with the limits that the profile sets for it.
        wasm: Option<([u8; 32], CalculatorLimits)>,
        /// The names of the signals.
        sym: Option<[u8; 32]>,
    },
}

/// What one calculation of a witness may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CalculatorLimits {
    /// The memory in bytes.
    pub memory: u64,
    /// The instructions in the interpreter's units of fuel.
    pub fuel: u64,
}

impl CalculatorLimits {
    /// The fuel for each constraint that the profile allows.
    const FUEL_PER_CONSTRAINT: u64 = 100_000;

    /// Returns the limits that a profile sets.
    pub fn new(rule: &Groth16Rule) -> Self {
        let constraints = u64::from(rule.limits.constraints);
        Self {
            memory: rule.limits.memory_per_proof,
            fuel: constraints.saturating_mul(Self::FUEL_PER_CONSTRAINT),
        }
    }
}

impl CircuitId {
    /// Returns the identity of the circuit that an entry of a profile's section describes.
    pub fn new(rule: &Groth16Rule, circuit: &CircuitRule) -> Self {
        let curve = rule.curve;
        let hash = |file: &Option<PinnedFile>| file.as_ref().map(|file| file.sha256);
        match &circuit.source {
            CircuitSource::BuiltIn { circuit, key } => {
                Self::BuiltIn { circuit: *circuit, curve, key: hash(key) }
            }
            CircuitSource::Operator { zkey, r1cs, wasm, sym } => Self::Operator {
                curve,
                zkey: zkey.sha256,
                r1cs: hash(r1cs),
                wasm: hash(wasm).map(|wasm| (wasm, CalculatorLimits::new(rule))),
                sym: hash(sym),
            },
        }
    }
}
