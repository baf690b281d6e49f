//! Why an operation with a circuit fails.

use broker_groth16::{
    circuit::statement::StatementError,
    key::SetupClass,
    loaded::CircuitError,
    prove::ProveError,
    verify::BatchError,
    witness_calculator::{CalculateError, Exception, Stopped},
};

use crate::{circuits::CircuitLoadError, request::FieldError};

/// Why an operation with a circuit fails. No variant contains a value of a private signal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The circuit does not do what it is asked for.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The circuit cannot be used, or there is no memory for a proof.
    #[error(transparent)]
    Load(#[from] CircuitLoadError),
    /// What the header of a stream says does not fit what follows, or the circuit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The key is not the one that the request names.
    #[error("the key of the circuit has the fingerprint {found}, and the request expects {expected}")]
    FingerprintMismatch {
        /// The fingerprint in the request.
        expected: String,
        /// That of the key.
        found: String,
    },
    /// The profile refuses keys of this class.
    #[error(
        "the key of the circuit is {class}; API.Groth16.RequireCeremony in line {line} refuses what is less than {minimum}"
    )]
    CeremonyRequired {
        /// The lowest class that the profile accepts.
        minimum: SetupClass,
        /// The class of the key.
        class: SetupClass,
        /// The line of the section in the profile document, from 1.
        line: u32,
    },
    /// A proof takes more memory than the profile allows.
    #[error(
        "the proof needs {needed} bytes of memory; API.Groth16.Limits.MemoryPerProof in line {line} allows {limit}"
    )]
    MemoryPerProof {
        /// The number of bytes.
        needed: u64,
        /// The limit of the profile.
        limit: u64,
        /// The line of the section in the profile document, from 1.
        line: u32,
    },
}

impl Eq for ProofError {}

/// The kind of an error, from which its gRPC code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is malformed.
    Request,
    /// The request is well formed, and the broker is not in a state to serve it, or it asks for what cannot be.
    Precondition,
    /// There is no memory now.
    Exhausted,
    /// A file is not the one that it should be.
    DataLoss,
    /// The time is over.
    Deadline,
    /// A bug.
    Internal,
}

impl ProofError {
    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Circuit(error) => describe(error).0,
            Self::Load(error) => match error {
                CircuitLoadError::WrongFile { .. } => ErrorKind::DataLoss,
                // To try again would not help.
                CircuitLoadError::MemoryExhausted { needed, limit, .. } if needed > limit => {
                    ErrorKind::Precondition
                }
                CircuitLoadError::MemoryExhausted { .. } | CircuitLoadError::UploadsExhausted { .. } => {
                    ErrorKind::Exhausted
                }
                CircuitLoadError::DeadlineExceeded | CircuitLoadError::Cancelled => ErrorKind::Deadline,
                CircuitLoadError::Internal | CircuitLoadError::AuditUnavailable => ErrorKind::Internal,
                _ => ErrorKind::Precondition,
            },
            Self::Field(_) => ErrorKind::Request,
            Self::FingerprintMismatch { .. }
            | Self::CeremonyRequired { .. }
            | Self::MemoryPerProof { .. } => ErrorKind::Precondition,
        }
    }

    /// Returns the reason for google.rpc.ErrorInfo.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Circuit(error) => describe(error).1,
            Self::Load(error) => error.reason(),
            Self::Field(error) => error.kind.reason(),
            Self::FingerprintMismatch { .. } => "FINGERPRINT_MISMATCH",
            Self::CeremonyRequired { .. } => "CEREMONY_REQUIRED",
            Self::MemoryPerProof { .. } => "LIMIT_EXCEEDED",
        }
    }

    /// Returns the rule of the profile that refuses the operation, which only the circuit, its key or the memory of its proof
    /// has shown: the rule's path and, where it is known, its line in the document.
    pub fn rule(&self) -> Option<(&'static str, Option<u32>)> {
        match self {
            Self::CeremonyRequired { line, .. } => Some(("API.Groth16.RequireCeremony", Some(*line))),
            Self::MemoryPerProof { line, .. } => Some(("API.Groth16.Limits.MemoryPerProof", Some(*line))),
            Self::Load(CircuitLoadError::TooManyConstraints { .. }) => {
                Some(("API.Groth16.Limits.Constraints", None))
            }
            Self::Load(CircuitLoadError::Fingerprint { .. }) => Some(("API.Groth16.Circuits", None)),
            Self::Load(CircuitLoadError::Provenance { line, .. }) => {
                Some(("API.Groth16.Circuits", Some(*line)))
            }
            Self::Circuit(_) | Self::Load(_) | Self::Field(_) | Self::FingerprintMismatch { .. } => None,
        }
    }

    /// Returns the wire field that caused the error.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Circuit(error) => describe(error).2,
            Self::Field(error) => Some(error.field),
            Self::FingerprintMismatch { .. } => Some("expected_fingerprint"),
            Self::Load(error) => match error {
                CircuitLoadError::Store(_)
                | CircuitLoadError::MemoryExhausted { .. }
                | CircuitLoadError::UploadsExhausted { .. }
                | CircuitLoadError::AuditUnavailable
                | CircuitLoadError::Cancelled
                | CircuitLoadError::DeadlineExceeded
                | CircuitLoadError::Internal => None,
                _ => Some("circuit"),
            },
            Self::CeremonyRequired { .. } | Self::MemoryPerProof { .. } => None,
        }
    }
}

/// Returns kind, reason and field of an error.
fn describe(error: &CircuitError) -> (ErrorKind, &'static str, Option<&'static str>) {
    const INPUTS: Option<&str> = Some("inputs");
    const PROOF: Option<&str> = Some("proof");
    const PUBLIC: Option<&str> = Some("public_signals");
    const KEY: Option<&str> = Some("verifying_key");
    const MALFORMED: &str = "FIELD_MALFORMED";
    const UNSATISFIED: (ErrorKind, &str, Option<&str>) =
        (ErrorKind::Precondition, "WITNESS_UNSATISFIED", None);
    const DEADLINE: (ErrorKind, &str, Option<&str>) = (ErrorKind::Deadline, "DEADLINE_EXCEEDED", None);
    const INTERNAL: (ErrorKind, &str, Option<&str>) = (ErrorKind::Internal, "INTERNAL", None);
    let request = |reason, field| (ErrorKind::Request, reason, field);
    match error {
        CircuitError::Input(_)
        | CircuitError::NotSingle { .. }
        | CircuitError::Number { .. }
        | CircuitError::NotText { .. } => request("INPUT_INVALID", INPUTS),
        CircuitError::NoCalculator => (ErrorKind::Precondition, "NO_WASM", INPUTS),
        CircuitError::Calculate(CalculateError::Stopped(stopped)) => match stopped {
            Stopped::Exception(Exception::AssertionFailed) => UNSATISFIED,
            Stopped::Interrupted(_) => DEADLINE,
            Stopped::Fuel { .. } | Stopped::Memory { .. } => {
                (ErrorKind::Precondition, "LIMIT_EXCEEDED", INPUTS)
            }
            _ => (ErrorKind::Precondition, "CIRCUIT_REFUSED", None),
        },
        CircuitError::Calculate(CalculateError::NotCanonical { .. } | CalculateError::Assignment(_)) => {
            (ErrorKind::Precondition, "CIRCUIT_REFUSED", None)
        }
        CircuitError::Calculate(_) => request("INPUT_INVALID", INPUTS),
        CircuitError::Witness(_) => request(MALFORMED, Some("witness")),
        CircuitError::Unsatisfied { .. } | CircuitError::Prove(ProveError::WitnessUnsatisfied) => UNSATISFIED,
        CircuitError::NoConstraints => (ErrorKind::Precondition, "NO_R1CS", None),
        CircuitError::ProofJson(_) | CircuitError::ProofBytes(_) => request(MALFORMED, PROOF),
        CircuitError::Statement(StatementError::Skew { .. }) => {
            (ErrorKind::Precondition, "STATEMENT_REFUSED", PUBLIC)
        }
        CircuitError::Statement(StatementError::Input(_) | StatementError::FromProver { .. })
        | CircuitError::NothingExpected => request("STATEMENT_INVALID", Some("expect")),
        CircuitError::Statement(_)
        | CircuitError::PublicInput(_)
        | CircuitError::PublicNumber { .. }
        | CircuitError::Public(_) => request("STATEMENT_INVALID", PUBLIC),
        CircuitError::Item { error, .. } => describe(error),
        CircuitError::KeyJson(_) | CircuitError::Key(_) => request(MALFORMED, KEY),
        CircuitError::Solidity(_) => {
            (ErrorKind::Precondition, "SINGLE_PARTY_KEY", Some("allow_single_party"))
        }
        CircuitError::Curve { .. } => request("FIELD_UNSUPPORTED", Some("circuit")),
        CircuitError::NoSolidity { .. } => request("FIELD_UNSUPPORTED", Some("format")),
        CircuitError::Interrupted(_)
        | CircuitError::Prove(ProveError::Interrupted(_))
        | CircuitError::Batch(BatchError::Interrupted(_)) => DEADLINE,
        CircuitError::Batch(BatchError::PublicInputs { .. }) => request("STATEMENT_INVALID", PUBLIC),
        CircuitError::Batch(BatchError::TooManyItems { .. }) => request("FIELD_TOO_MANY", Some("items")),
        CircuitError::Prove(_) => INTERNAL,
        _ => INTERNAL,
    }
}
