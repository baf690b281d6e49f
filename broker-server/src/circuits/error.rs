//! Why a circuit cannot be used.

use std::sync::Arc;

use broker_groth16::loaded::LoadError;

/// Why a circuit cannot be used. Files are named as in the profile.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CircuitLoadError {
    /// The circuit has no key, and the profile lets the broker make none now.
    #[error("the circuit {circuit} has no key yet: {reason}")]
    NoKey {
        /// The circuit.
        circuit: String,
        /// Why none is made.
        reason: NoSetup,
    },
    /// A file cannot be read.
    #[error("{key} of the circuit {circuit} cannot be read ({path}): {cause}")]
    Unreadable {
        /// The circuit.
        circuit: String,
        /// The key in the profile, such as `Zkey`.
        key: &'static str,
        /// The path in the profile.
        path: String,
        /// The system's error.
        cause: String,
    },
    /// A file is not the one that the profile pins.
    #[error(
        "{key} of the circuit {circuit} ({path}) is not the file that the profile names: its SHA-256 is {found}"
    )]
    WrongFile {
        /// The circuit.
        circuit: String,
        /// The key in the profile.
        key: &'static str,
        /// The path in the profile.
        path: String,
        /// The SHA-256 of the contents.
        found: String,
    },
    /// The files of the circuit, or its key, are refused.
    #[error("the circuit {circuit} cannot be used: {cause}")]
    Refused {
        /// The circuit.
        circuit: String,
        /// Why.
        cause: Arc<LoadError>,
    },
    /// The circuit exceeds `Limits.Constraints`.
    #[error("the circuit {circuit} has {found} constraints; the profile allows {limit}")]
    TooManyConstraints {
        /// The circuit.
        circuit: String,
        /// The number of constraints.
        found: usize,
        /// The limit of the profile.
        limit: u32,
    },
    /// The key is not the one whose fingerprint the profile states.
    #[error("the key of the circuit {circuit} has the fingerprint {found}, and the profile names another")]
    Fingerprint {
        /// The circuit.
        circuit: String,
        /// The fingerprint of the key.
        found: String,
    },
    /// The file of the key is not what the profile declares about its ceremony.
    #[error("the profile declares {key} of the circuit {circuit} in line {line}, but the .zkey {found}")]
    Provenance {
        /// The circuit.
        circuit: String,
        /// The key in `Provenance`.
        key: &'static str,
        /// The line of `Provenance` in the profile document, from 1.
        line: u32,
        /// What the file has.
        found: String,
    },
    /// The store cannot be read or written.
    #[error("the store of keys: {0}")]
    Store(String),
    /// Keys and proofs would take more memory than they may.
    #[error(
        "{needed} bytes are needed; of the {limit} that keys and proofs together may have (--groth16-memory), {free} can be \
         had now"
    )]
    MemoryExhausted {
        /// The number of bytes.
        needed: u64,
        /// What is free, or would be without circuits that no call uses.
        free: u64,
        /// The limit.
        limit: u64,
    },
    /// Proofs whose witnesses arrive would take more memory than they may.
    #[error(
        "{needed} bytes are needed; of the {limit} that proofs may have together while their witnesses arrive (half of \
         --groth16-memory; one larger proof at a time beside them), {free} are free now"
    )]
    UploadsExhausted {
        /// The number of bytes.
        needed: u64,
        /// What is free.
        free: u64,
        /// The limit.
        limit: u64,
    },
    /// The record of a setup could not be written.
    #[error("the audit record of the setup could not be written")]
    AuditUnavailable,
    /// No call waits for the circuit any more.
    #[error("no call waits for the circuit any more")]
    Cancelled,
    /// The deadline of the call has passed.
    #[error("the deadline has passed while the key was loaded")]
    DeadlineExceeded,
    /// A bug.
    #[error("internal error")]
    Internal,
}

/// Why a call has no key made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSetup {
    /// The profile has `Setup: never`, or the key is in a file.
    #[error("its profile lets the broker make none (API.Groth16.Setup is `never`)")]
    Never,
    /// The profile has `Setup: by-request`.
    #[error("only the operation Setup makes it (API.Groth16.Setup is `by-request`)")]
    ByRequest,
    /// The call verifies.
    #[error(
        "verifying makes none, because there can be no proof under a new key; proving and the operation Setup make one"
    )]
    Verification,
}

impl CircuitLoadError {
    /// Returns the reason for google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "NO_KEY",
            Self::Unreadable { .. } => "CIRCUIT_FILE_UNREADABLE",
            Self::WrongFile { .. } => "CIRCUIT_FILE_CHANGED",
            Self::Refused { .. } => "CIRCUIT_REFUSED",
            Self::TooManyConstraints { .. } => "LIMIT_EXCEEDED",
            Self::Fingerprint { .. } => "FINGERPRINT_MISMATCH",
            Self::Provenance { .. } => "PROVENANCE_MISMATCH",
            Self::Store(_) => "KEY_STORE_UNAVAILABLE",
            Self::MemoryExhausted { .. } | Self::UploadsExhausted { .. } => "PROOF_MEMORY_EXHAUSTED",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::Cancelled => "CANCELLED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Internal => "INTERNAL",
        }
    }
}

impl PartialEq for CircuitLoadError {
    /// Two errors are equal if a caller sees the same.
    fn eq(&self, other: &Self) -> bool {
        self.reason() == other.reason() && self.to_string() == other.to_string()
    }
}

impl Eq for CircuitLoadError {}
