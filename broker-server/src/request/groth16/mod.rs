//! Parses the requests of `Groth16Service`: circuits by name, inputs, witnesses, proofs. What their values mean depends on
//! the circuit, which policy finds.

mod inputs;
mod items;

use broker_groth16::loaded::{ProofFormat, VerifyingKeyFormat};
use broker_proto::v1;

pub use self::{
    inputs::{InputValue, NamedInput, Witness},
    items::ProofItem,
};
use super::{FieldError, FieldErrorKind, Limits, error::at_most};

/// A request to list the circuits of a profile.
#[derive(Clone, Copy, Debug)]
pub struct ListCircuits;

/// A request for the verifying key of a circuit.
#[derive(Debug)]
pub struct GetVerifyingKey {
    /// The name of the circuit.
    pub circuit: String,
    /// The format.
    pub format: KeyFormat,
}

/// The format of a verifying key, as far as the request says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// snarkjs' JSON.
    SnarkjsJson,
    /// arkworks' uncompressed canonical bytes.
    Arkworks,
    /// A contract in Solidity.
    Solidity {
        /// Whether the key may be one whose setup a single party made.
        allow_single_party: bool,
    },
}

impl GetVerifyingKey {
    /// Reads the request.
    pub fn parse(message: &mut v1::GetVerifyingKeyRequest, limits: &Limits) -> Result<Self, FieldError> {
        let circuit = circuit(&mut message.circuit, limits)?;
        let format = v1::VerifyingKeyFormat::try_from(message.format).map_err(|_| FieldError {
            field: "format",
            kind: FieldErrorKind::UnknownValue(message.format),
        })?;
        let format = match format {
            v1::VerifyingKeyFormat::Unspecified | v1::VerifyingKeyFormat::SnarkjsJson => {
                KeyFormat::SnarkjsJson
            }
            v1::VerifyingKeyFormat::Arkworks => KeyFormat::Arkworks,
            v1::VerifyingKeyFormat::Solidity => {
                KeyFormat::Solidity { allow_single_party: message.allow_single_party }
            }
        };
        Ok(Self { circuit, format })
    }
}

/// A request to make the key of a circuit.
#[derive(Debug)]
pub struct SetupCircuit {
    /// The name of the circuit.
    pub circuit: String,
}

impl SetupCircuit {
    /// Reads the request.
    pub fn parse(message: &mut v1::SetupRequest, limits: &Limits) -> Result<Self, FieldError> {
        Ok(Self { circuit: circuit(&mut message.circuit, limits)? })
    }
}

/// A request for a proof.
#[derive(Debug)]
pub struct Prove {
    /// The name of the circuit.
    pub circuit: String,
    /// The inputs, or the values of all signals.
    pub witness: Witness,
    /// The format of the proof.
    pub format: ProofFormat,
    /// The fingerprint of the key that must be used.
    pub fingerprint: Option<[u8; 32]>,
}

impl Prove {
    /// Reads the request. Moves inputs and witness out of `message`.
    pub fn parse(message: &mut v1::ProveRequest, limits: &Limits) -> Result<Self, FieldError> {
        Ok(Self {
            circuit: circuit(&mut message.circuit, limits)?,
            witness: Witness::parse(&mut message.inputs, &mut message.witness, limits)?,
            format: proof_format("proof_format", message.proof_format)?,
            fingerprint: fingerprint(&message.expected_fingerprint)?,
        })
    }
}

/// A request for a proof whose witness follows in parts.
#[derive(Debug)]
pub struct ProveStream {
    /// The name of the circuit.
    pub circuit: String,
    /// The length of the witness in bytes.
    pub length: usize,
    /// The SHA-256 of the witness.
    pub sha256: [u8; 32],
    /// The format of the proof.
    pub format: ProofFormat,
    /// The fingerprint of the key that must be used.
    pub fingerprint: Option<[u8; 32]>,
}

impl ProveStream {
    /// Reads the header.
    pub fn parse(mut header: v1::ProveStreamHeader, limits: &Limits) -> Result<Self, FieldError> {
        let circuit = circuit(&mut header.circuit, limits)?;
        if v1::WitnessFormat::try_from(header.witness_format).is_err() {
            let kind = FieldErrorKind::UnknownValue(header.witness_format);
            return Err(FieldError { field: "witness_format", kind });
        }
        if header.witness_length == 0 {
            return Err(FieldError { field: WITNESS_LENGTH, kind: FieldErrorKind::Missing });
        }
        let missing = FieldError { field: WITNESS_SHA256, kind: FieldErrorKind::Missing };
        Ok(Self {
            circuit,
            // What exceeds the address space exceeds every limit.
            length: usize::try_from(header.witness_length).unwrap_or(usize::MAX),
            sha256: sha256(WITNESS_SHA256, &header.witness_sha256)?.ok_or(missing)?,
            format: proof_format("proof_format", header.proof_format)?,
            fingerprint: fingerprint(&header.expected_fingerprint)?,
        })
    }

    /// Returns the error of a length that is not the right one.
    pub fn wrong_length(message: String) -> FieldError {
        FieldError { field: WITNESS_LENGTH, kind: FieldErrorKind::Malformed(message) }
    }

    /// Returns the error of a hash that is not that of the witness.
    pub fn wrong_hash() -> FieldError {
        let message = "is not the SHA-256 of the witness that was received".to_owned();
        FieldError { field: WITNESS_SHA256, kind: FieldErrorKind::Malformed(message) }
    }
}

const WITNESS_LENGTH: &str = "witness_length";
const WITNESS_SHA256: &str = "witness_sha256";

/// The beginning of a stream of statements to prove with one key.
#[derive(Debug)]
pub struct ProveMany {
    /// The name of the circuit.
    pub circuit: String,
    /// The format of the proofs.
    pub format: ProofFormat,
    /// The fingerprint of the key that must be used.
    pub fingerprint: Option<[u8; 32]>,
}

impl ProveMany {
    /// Reads the header.
    pub fn parse(header: &v1::ProveManyHeader, limits: &Limits) -> Result<Self, FieldError> {
        Ok(Self {
            circuit: circuit(&mut header.circuit.clone(), limits)?,
            format: proof_format("proof_format", header.proof_format)?,
            fingerprint: fingerprint(&header.expected_fingerprint)?,
        })
    }
}

/// A request to check a witness.
#[derive(Debug)]
pub struct CheckWitness {
    /// The name of the circuit.
    pub circuit: String,
    /// The inputs, or the values of all signals.
    pub witness: Witness,
}

impl CheckWitness {
    /// Reads the request. Moves inputs and witness out of `message`.
    pub fn parse(message: &mut v1::CheckWitnessRequest, limits: &Limits) -> Result<Self, FieldError> {
        Ok(Self {
            circuit: circuit(&mut message.circuit, limits)?,
            witness: Witness::parse(&mut message.inputs, &mut message.witness, limits)?,
        })
    }
}

/// A request to verify a proof.
#[derive(Debug)]
pub struct VerifyProof {
    /// The name of the circuit.
    pub circuit: String,
    /// The proof, and what it is supposed to prove.
    pub item: ProofItem,
    /// The fingerprint of the key that must be used.
    pub fingerprint: Option<[u8; 32]>,
    /// A verifying key to use in place of the circuit's.
    pub key: Option<Vec<u8>>,
}

impl VerifyProof {
    /// Reads the request.
    pub fn parse(message: &mut v1::VerifyProofRequest, limits: &Limits) -> Result<Self, FieldError> {
        let item = message.item.take().ok_or(FieldError { field: "item", kind: FieldErrorKind::Missing })?;
        at_most("verifying_key", message.verifying_key.len(), limits.verifying_key)?;
        let key = std::mem::take(&mut message.verifying_key);
        Ok(Self {
            circuit: circuit(&mut message.circuit, limits)?,
            item: ProofItem::parse(item, limits)?,
            fingerprint: fingerprint(&message.expected_fingerprint)?,
            key: (!key.is_empty()).then_some(key),
        })
    }
}

/// A request to verify proofs together.
#[derive(Debug)]
pub struct BatchVerify {
    /// The name of the circuit.
    pub circuit: String,
    /// The proofs. There is at least one.
    pub items: Vec<ProofItem>,
    /// The fingerprint of the key that must be used.
    pub fingerprint: Option<[u8; 32]>,
}

impl BatchVerify {
    /// Reads the request.
    pub fn parse(message: &mut v1::BatchVerifyRequest, limits: &Limits) -> Result<Self, FieldError> {
        let circuit = circuit(&mut message.circuit, limits)?;
        let items = std::mem::take(&mut message.items);
        if items.is_empty() {
            return Err(FieldError { field: "items", kind: FieldErrorKind::Missing });
        }
        let items = items.into_iter().map(|item| ProofItem::parse(item, limits)).collect::<Result<_, _>>()?;
        Ok(Self { circuit, items, fingerprint: fingerprint(&message.expected_fingerprint)? })
    }
}

/// Reads the name of a circuit. Names of profiles have the same limit.
fn circuit(text: &mut String, limits: &Limits) -> Result<String, FieldError> {
    let error = |kind| FieldError { field: "circuit", kind };
    at_most("circuit", text.len(), limits.profile)?;
    match text.as_bytes() {
        [] => Err(error(FieldErrorKind::Missing)),
        bytes if bytes.iter().all(|byte| byte.is_ascii_graphic()) => Ok(std::mem::take(text)),
        _ => Err(error(FieldErrorKind::NotPrintable)),
    }
}

fn proof_format(field: &'static str, number: i32) -> Result<ProofFormat, FieldError> {
    match v1::ProofFormat::try_from(number) {
        Ok(v1::ProofFormat::Unspecified | v1::ProofFormat::SnarkjsJson) => Ok(ProofFormat::SnarkjsJson),
        Ok(v1::ProofFormat::Arkworks) => Ok(ProofFormat::Arkworks),
        Err(_) => Err(FieldError { field, kind: FieldErrorKind::UnknownValue(number) }),
    }
}

/// Reads a fingerprint; `None` where it is empty.
fn fingerprint(bytes: &[u8]) -> Result<Option<[u8; 32]>, FieldError> {
    sha256("expected_fingerprint", bytes)
}

/// Reads a SHA-256; `None` where it is empty.
fn sha256(field: &'static str, bytes: &[u8]) -> Result<Option<[u8; 32]>, FieldError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let kind = FieldErrorKind::WrongLength { length: bytes.len(), expected: vec![32] };
    bytes.try_into().map(Some).map_err(|_| FieldError { field, kind })
}

impl KeyFormat {
    /// Returns the format for a key of `class`.
    pub fn for_class(self, class: broker_groth16::key::SetupClass) -> VerifyingKeyFormat {
        use broker_groth16::solidity::SinglePartyKeys;
        match self {
            Self::SnarkjsJson => VerifyingKeyFormat::SnarkjsJson,
            Self::Arkworks => VerifyingKeyFormat::Arkworks,
            Self::Solidity { allow_single_party: true } => {
                VerifyingKeyFormat::Solidity(class, SinglePartyKeys::Forced)
            }
            Self::Solidity { allow_single_party: false } => {
                VerifyingKeyFormat::Solidity(class, SinglePartyKeys::Refused)
            }
        }
    }
}
