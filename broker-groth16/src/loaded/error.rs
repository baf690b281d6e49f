//! Why a circuit cannot be loaded, or does not do what it is asked for.

#[cfg(feature = "wasm")]
use crate::witness_calculator::{CalculateError, LoadError as CalculatorError};
use crate::{
    assignment::AssignmentError,
    bytes::ProofError,
    circuit::{InputError, statement::StatementError},
    curve::CurveName,
    field::FieldError,
    file::{FileError, r1cs::Mismatch},
    interrupt::Interrupted,
    json::JsonError,
    key::{KeyError, MalformedKey},
    prove::{ProveError, ProverError},
    setup::SetupError,
    solidity::SolidityError,
    verify::{BatchError, PublicInputsError},
};

/// Why a circuit does not do what it is asked for. No variant contains a value of a private signal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// An input of a built-in circuit is refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// An input that is one number has several.
    #[error("the input `{name}` has {found} values, and the circuit expects 1")]
    NotSingle {
        /// The input's name.
        name: String,
        /// The number of values.
        found: usize,
    },
    /// A value is not a number below the modulus.
    #[error("the input `{name}`, value {index}: {reason}")]
    Number {
        /// The input's name.
        name: String,
        /// The place of the value, from 0.
        index: usize,
        /// What is wrong with it.
        reason: FieldError,
    },
    /// The circuit of an operator takes numbers alone.
    #[error("the input `{name}` takes numbers, not text or bytes")]
    NotText {
        /// The input's name.
        name: String,
    },
    /// There is nothing that calculates a witness from inputs.
    #[error("the circuit has no `.wasm`, so that it takes no named inputs; send a witness (`.wtns`)")]
    NoCalculator,
    /// The witness cannot be calculated.
    #[cfg(feature = "wasm")]
    #[error(transparent)]
    Calculate(#[from] CalculateError),
    /// The `.wtns` is not one of the circuit.
    #[error(transparent)]
    Witness(FileError),
    /// A constraint is not satisfied.
    #[error("the constraint {constraint} is not satisfied{signals}")]
    Unsatisfied {
        /// The constraint: a name, or its index from 0.
        constraint: String,
        /// The signals in it, as the end of the sentence; empty where they have no names.
        signals: String,
    },
    /// The constraints are not known, so that a witness cannot be checked.
    #[error("the circuit has no `.r1cs`, so that a witness cannot be checked without a proof")]
    NoConstraints,
    /// There is no proof.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// A proof in snarkjs' JSON is malformed.
    #[error("{0}")]
    ProofJson(JsonError),
    /// A proof in arkworks' bytes is malformed.
    #[error(transparent)]
    ProofBytes(#[from] ProofError),
    /// The public signals, or the verifier's own values, are refused.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A public signal of a built-in circuit is refused.
    #[error("{0}")]
    PublicInput(InputError),
    /// A public signal is not a number below the modulus.
    #[error("public signal {index}: {reason}")]
    PublicNumber {
        /// The place of the signal, from 0.
        index: usize,
        /// What is wrong with it.
        reason: FieldError,
    },
    /// The verifier supplies values to a circuit whose statement is verified as given.
    #[error("the statement of the circuit is verified as given: it has no signals that the verifier expects")]
    NothingExpected,
    /// The number of public signals is wrong.
    #[error(transparent)]
    Public(#[from] PublicInputsError),
    /// An item of a batch is refused.
    #[error("item {index}: {error}")]
    Item {
        /// The place of the item, from 0.
        index: usize,
        /// What is wrong with it.
        error: Box<CircuitError>,
    },
    /// There are no verdicts on a batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A verifying key in snarkjs' JSON is refused.
    #[error("{0}")]
    KeyJson(JsonError),
    /// A verifying key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The circuit is not defined over the curve.
    #[error("the circuit is not defined over {curve}")]
    Curve {
        /// The curve.
        curve: CurveName,
    },
    /// No contract is written for the key.
    #[error(transparent)]
    Solidity(#[from] SolidityError),
    /// There are no contracts for the curve.
    #[error("contracts can verify proofs over bn254 only, and this circuit is over {curve}")]
    NoSolidity {
        /// The curve.
        curve: CurveName,
    },
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Why a circuit cannot be loaded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The circuit is not defined over the curve.
    #[error("the circuit is not defined over {curve}")]
    Curve {
        /// The curve.
        curve: CurveName,
    },
    /// No key was made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The `.zkey` is refused.
    #[error("the .zkey: {0}")]
    Zkey(FileError),
    /// The caller says that the bytes of the `.zkey` are not those that it knows.
    #[error("the .zkey has another hash than the one that is known")]
    OtherBytes,
    /// The `.r1cs` is refused.
    #[error("the .r1cs: {0}")]
    R1cs(FileError),
    /// The `.sym` is refused.
    #[error("the .sym: {0}")]
    Sym(FileError),
    /// The `.wasm` is refused.
    #[cfg(feature = "wasm")]
    #[error("the .wasm: {0}")]
    Wasm(CalculatorError),
    /// The broker was built without what runs `.wasm` files.
    #[error("the .wasm cannot be used: this program was built without the feature `wasm`")]
    NoWasm,
    /// The key and the constraints are of different circuits.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The key has no prover.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl From<AssignmentError> for CircuitError {
    fn from(error: AssignmentError) -> Self {
        Self::Witness(error.into())
    }
}

impl From<MalformedKey> for LoadError {
    fn from(error: MalformedKey) -> Self {
        Self::Prover(error.into())
    }
}
