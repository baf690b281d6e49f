//! The identity of a circuit with its key.

use broker_groth16::{circuit::BuiltIn, curve::CurveName};

use crate::policy::profile::{CircuitRule, CircuitSource, PinnedFile};

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
        /// The witness calculator.
        wasm: Option<[u8; 32]>,
        /// The names of the signals.
        sym: Option<[u8; 32]>,
    },
}

impl CircuitId {
    /// Returns the identity of the circuit that a profile's entry describes.
    pub fn new(curve: CurveName, rule: &CircuitRule) -> Self {
        let hash = |file: &Option<PinnedFile>| file.as_ref().map(|file| file.sha256);
        match &rule.source {
            CircuitSource::BuiltIn { circuit, key } => {
                Self::BuiltIn { circuit: *circuit, curve, key: hash(key) }
            }
            CircuitSource::Operator { zkey, r1cs, wasm, sym } => Self::Operator {
                curve,
                zkey: zkey.sha256,
                r1cs: hash(r1cs),
                wasm: hash(wasm),
                sym: hash(sym),
            },
        }
    }
}
