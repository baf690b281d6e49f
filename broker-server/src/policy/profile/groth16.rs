//! The rule of `Groth16`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use broker_groth16::{circuit::BuiltIn, curve::CurveName, key::SetupClass};

/// `API.Groth16`: setting up keys for circuits, proving and verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groth16Rule {
    /// `Curve`.
    pub curve: CurveName,
    /// `Setup`. It is [`SetupRule::Never`] where `require_ceremony` has a [minimum](CeremonyRequirement::minimum).
    pub setup: SetupRule,
    /// `RequireCeremony`.
    pub require_ceremony: CeremonyRequirement,
    /// `Circuits`, in the order of the document. There is at least one, the names are unique, and each supports `curve`.
    pub circuits: Vec<Arc<CircuitRule>>,
    /// `AllowCallerKey`: whether a request to verify may have its own verifying key. It is `false` where
    /// `require_ceremony` has a minimum.
    pub allow_caller_key: bool,
    /// `Limits`.
    pub limits: ProofLimits,
    /// `Threads`: the number of cores that one proof may use, which is 1.
    pub threads: u32,
    /// The line of the section, from 1.
    pub line: u32,
}

/// A value of `Setup`: whether the broker makes keys for built-in circuits. Whoever makes a key without a ceremony has
/// seen its toxic waste and can forge proofs, so that such a key is [`SetupClass::SingleParty`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetupRule {
    /// The broker makes no key under this profile.
    #[default]
    Never,
    /// The broker makes the key of a circuit when it is first needed.
    OnFirstUse,
    /// The broker makes a key when a caller requests it.
    ByRequest,
}

impl SetupRule {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Never, Self::OnFirstUse, Self::ByRequest];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::OnFirstUse => "on-first-use",
            Self::ByRequest => "by-request",
        }
    }
}

/// A value of `RequireCeremony`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CeremonyRequirement {
    /// Keys of every class may be used.
    #[default]
    None,
    /// The operator declares that the key comes from a ceremony.
    Claimed,
    /// The chain of contributions has been verified.
    Verified,
}

impl CeremonyRequirement {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::None, Self::Claimed, Self::Verified];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Claimed => "claimed",
            Self::Verified => "verified",
        }
    }

    /// Returns the lowest class of keys that may be used; `None` where every key may be used.
    pub const fn minimum(self) -> Option<SetupClass> {
        match self {
            Self::None => None,
            Self::Claimed => Some(SetupClass::CeremonyClaimed),
            Self::Verified => Some(SetupClass::CeremonyVerified),
        }
    }
}

/// An entry of `Circuits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitRule {
    /// The name by which requests refer to the circuit: 1 to 64 ASCII letters, digits, `_` and `-`. Only a built-in circuit
    /// has the name of one.
    pub name: String,
    /// The origin of the constraints and of the key.
    pub source: CircuitSource,
    /// `Fingerprint`: that of the only verifying key which may be used, where the profile states it.
    pub fingerprint: Option<[u8; 32]>,
    /// `Provenance`. It is present only where the profile has the file of the key.
    pub provenance: Option<Provenance>,
    /// The line of the entry, from 1.
    pub line: u32,
}

impl CircuitRule {
    /// Returns the class that the profile declares for the key. It is the lowest one for a file without `Provenance`,
    /// and `None` where the profile has no file.
    pub fn declared_class(&self) -> Option<SetupClass> {
        match (&self.provenance, &self.source) {
            (Some(provenance), _) => Some(provenance.class),
            (None, CircuitSource::BuiltIn { key: None, .. }) => None,
            (None, _) => Some(SetupClass::SingleParty),
        }
    }

    /// Returns the files of the circuit, each with its key in the document.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &PinnedFile)> {
        let files = match &self.source {
            CircuitSource::BuiltIn { key, .. } => [("Key", key.as_ref()), ("", None), ("", None), ("", None)],
            CircuitSource::Operator { zkey, r1cs, wasm, sym } => [
                ("Zkey", Some(zkey)),
                ("R1cs", r1cs.as_ref()),
                ("Wasm", wasm.as_ref()),
                ("Sym", sym.as_ref()),
            ],
        };
        files.into_iter().filter_map(|(key, file)| Some((key, file?)))
    }
}

/// The origin of a circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // A profile has few circuits, which live as long as the catalogue.
pub enum CircuitSource {
    /// A circuit of the broker.
    BuiltIn {
        /// The circuit.
        circuit: BuiltIn,
        /// `Key`: the file of its proving key. Without one the key is that of the broker's store.
        key: Option<PinnedFile>,
    },
    /// A circuit of the operator, compiled by circom.
    Operator {
        /// `Zkey`: the proving key, with the constraints' matrices A and B.
        zkey: PinnedFile,
        /// `R1cs`: the constraints, without which a witness cannot be checked before it is proven.
        r1cs: Option<PinnedFile>,
        /// `Wasm`: the witness calculator, without which a request must have the whole witness.
        wasm: Option<PinnedFile>,
        /// `Sym`: the names of the signals, for errors about a constraint. It is present only beside `R1cs`.
        sym: Option<PinnedFile>,
    },
}

/// A file that is used only if it has the stated hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedFile {
    /// The file: absolute, or below the folder of the document. A document without a folder, such as one from standard
    /// input, has paths relative to the working directory.
    pub path: PathBuf,
    /// The path as it is in the document, without `.` and repeated slashes.
    pub written: String,
    /// The SHA-256 of the contents.
    pub sha256: [u8; 32],
    /// The line of the entry, from 1.
    pub line: u32,
}

/// `Provenance`: what the operator declares about the origin of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `Class`, which is never [`SetupClass::CeremonyVerified`].
    pub class: SetupClass,
    /// `Ceremony`: the URL of the ceremony's record.
    pub ceremony: Option<String>,
    /// `MinContributions`: the smallest number of contributions that the `.zkey` must list, without the beacon.
    pub min_contributions: Option<u32>,
    /// `PowersOfTau`: the result of the first phase, which does not depend on the circuit.
    pub powers_of_tau: Option<PowersOfTau>,
    /// `Beacon`: the value of the random beacon with which the `.zkey` must end, 1 to 255 bytes.
    pub beacon: Option<Vec<u8>>,
    /// The line of the section, from 1.
    pub line: u32,
}

/// `Provenance.PowersOfTau`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowersOfTau {
    /// `Name`, such as `powersOfTau28_hez_final_14.ptau`.
    pub name: String,
    /// `Sha256` of the file.
    pub sha256: [u8; 32],
}

/// `Limits`: what one request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofLimits {
    /// `Constraints`: the largest circuit.
    pub constraints: u32,
    /// `WitnessBytes`: the largest witness in bytes. It is at most `memory_per_proof`.
    pub witness_bytes: u64,
    /// `BatchItems`: the largest number of proofs in a batch.
    pub batch_items: u32,
    /// `MemoryPerProof`: the memory of one proof in bytes, without the key's own.
    pub memory_per_proof: u64,
    /// `Deadline`: the longest time for one proof, from 1 ms.
    pub deadline: Duration,
}

impl Default for ProofLimits {
    fn default() -> Self {
        Self {
            constraints: 1 << 20,
            witness_bytes: 64 << 20,
            batch_items: 256,
            memory_per_proof: 1 << 30,
            deadline: Duration::from_secs(60),
        }
    }
}
