//! Circuits with their keys, for callers who do not know the curve: bytes and texts go in and come out.
//!
//! [`Loaded`] is made by [`built_in`], [`set_up`] or [`operator`]. It is immutable and can be used by many threads at the
//! same time. Its methods do not draw randomness by themselves: they get it from the caller ([`Randomness`]).

mod built_in;
mod circuit;
mod error;
mod item;
mod operator;
mod pin;
mod randomness;
mod values;

pub use self::{
    built_in::{built_in, set_up},
    error::{CircuitError, LoadError},
    item::verify_built_in,
    operator::{OperatorFiles, operator},
    pin::Pin,
    randomness::Randomness,
};
use std::{fmt, io, time::Duration};

use crate::{
    circuit::Value,
    curve::CurveName,
    interrupt::Interrupt,
    key::{Fingerprint, SetupClass},
    shown,
    solidity::SinglePartyKeys,
    verify::BatchLimits,
};

/// What is known of a circuit and its key.
#[derive(Clone, Debug)]
pub struct Info {
    /// The curve.
    pub curve: CurveName,
    /// The fingerprint of the verifying key.
    pub fingerprint: Fingerprint,
    /// The number of constraints.
    pub constraints: usize,
    /// The number of signals, with the constant 1.
    pub signals: usize,
    /// The length of a `.wtns` file of the circuit in bytes.
    pub witness_bytes: usize,
    /// The size of the evaluation domain.
    pub domain: usize,
    /// The names of the public signals, in their order; `public[0]` and so on where the circuit does not tell them.
    pub public: Vec<String>,
    /// Whether the circuit takes named inputs. One that does not takes witnesses only.
    pub takes_inputs: bool,
    /// Whether a witness can be checked without a proof, because all constraints are known.
    pub checks_witness: bool,
    /// The memory of the key and of what was prepared from it, in bytes, roughly.
    pub bytes: usize,
    /// The memory that one proof takes beside it and beside its request, in bytes, roughly.
    pub proof_bytes: usize,
    /// The memory that calculating the witness from inputs takes beside that, in bytes; 0 for built-in circuits.
    pub calculator_bytes: usize,
    /// The time that one proof takes on one core with its check and its verification, roughly.
    pub proof_time: Duration,
}

/// The value of a named input. It cannot be printed.
#[derive(Clone, Copy)]
pub enum InputValue<'a> {
    /// Numbers, decimal or with `0x`; all elements of an array, the last index fastest.
    Numbers(&'a [String]),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> InputValue<'a> {
    /// The value of an input of a built-in circuit, which are no arrays.
    fn single(self, name: &str) -> Result<Value<'a>, CircuitError> {
        match self {
            Self::Text(text) => Ok(Value::Text(text)),
            Self::Bytes(bytes) => Ok(Value::Bytes(bytes)),
            Self::Numbers([number]) => Ok(Value::Number(number)),
            Self::Numbers(numbers) => {
                Err(CircuitError::NotSingle { name: shown::name(name), found: numbers.len() })
            }
        }
    }
}

/// Where the values of all signals come from. It cannot be printed.
#[derive(Clone, Copy)]
pub enum WitnessSource<'a> {
    /// They are calculated from named inputs.
    Inputs(&'a [(&'a str, InputValue<'a>)]),
    /// They are in a `.wtns` file.
    File(&'a [u8]),
}

/// The format of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofFormat {
    /// snarkjs' JSON.
    SnarkjsJson,
    /// arkworks' compressed canonical bytes.
    Arkworks,
}

/// The format of a verifying key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyingKeyFormat {
    /// snarkjs' JSON.
    SnarkjsJson,
    /// arkworks' uncompressed canonical bytes.
    Arkworks,
    /// A contract for the Ethereum Virtual Machine. The class of the key is written into it.
    Solidity(SetupClass, SinglePartyKeys),
}

/// A proof with what it is supposed to prove.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The proof.
    pub proof: &'a [u8],
    /// Its format.
    pub format: ProofFormat,
    /// The public signals, decimal or with `0x`. Of a circuit whose statement is the verifier's own, only those that come
    /// from the prover are used, and the others may be left out.
    pub public: &'a [String],
    /// The verifier's own values, by name.
    pub expected: &'a [(&'a str, InputValue<'a>)],
}

/// The verifier's time, for circuits that depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifierTime {
    /// In seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// How far a proof's time may be from it, in seconds.
    pub skew: u64,
}

/// A satisfied circuit.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The values of the public signals, in decimal.
    pub public: Vec<String>,
    /// How long it took to read or to calculate the witness.
    pub witness: Duration,
    /// How long it took to check the constraints.
    pub check: Duration,
}

/// A proof that has been verified.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The proof in the format that was asked for.
    pub proof: Vec<u8>,
    /// What was checked before.
    pub checked: Checked,
    /// The name of the prover.
    pub prover: &'static str,
    /// How long it took to make the proof.
    pub prove: Duration,
    /// How long it took to verify it.
    pub self_verify: Duration,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether the pairing equation holds.
    pub valid: bool,
    /// The public signals for which the proof was verified, in decimal.
    pub public: Vec<String>,
}

/// A circuit with its key.
pub trait Loaded: Send + Sync + fmt::Debug {
    /// What is known of it.
    fn info(&self) -> &Info;

    /// Checks that a witness satisfies the constraints.
    ///
    /// # Errors
    ///
    /// [`CircuitError`]; [`CircuitError::Unsatisfied`] names the constraint.
    fn check(&self, witness: WitnessSource<'_>, interrupt: &dyn Interrupt) -> Result<Checked, CircuitError>;

    /// Makes a proof and verifies it.
    ///
    /// # Errors
    ///
    /// [`CircuitError`].
    fn prove(
        &self,
        witness: WitnessSource<'_>,
        format: ProofFormat,
        randomness: Randomness,
        interrupt: &dyn Interrupt,
    ) -> Result<Proved, CircuitError>;

    /// Verifies a proof. `key` is a verifying key to use in place of the circuit's: snarkjs' JSON, or arkworks' uncompressed
    /// bytes. Returns the fingerprint of the key that was used, too.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] if the proof, a value or the key is malformed.
    fn verify(
        &self,
        item: Item<'_>,
        key: Option<&[u8]>,
        time: VerifierTime,
    ) -> Result<(Verified, Fingerprint), CircuitError>;

    /// Verifies proofs together, with a verdict for each. All are decoded before randomness is drawn.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Item`] with the index of the first item that is malformed.
    fn verify_batch(
        &self,
        items: &[Item<'_>],
        time: VerifierTime,
        limits: BatchLimits,
        randomness: Randomness,
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<bool>, CircuitError>;

    /// Writes the verifying key.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Solidity`] and [`CircuitError::NoSolidity`].
    fn verifying_key(&self, format: VerifyingKeyFormat) -> Result<Vec<u8>, CircuitError>;

    /// Writes the proving key as a `.zkey` without contributions.
    ///
    /// # Errors
    ///
    /// The writer's.
    fn write_zkey(&self, output: &mut dyn io::Write) -> io::Result<()>;
}
