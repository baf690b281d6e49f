//! What can go wrong in a witness calculator.

use crate::{assignment::AssignmentError, interrupt::Interrupted};

/// Why a file is not the WebAssembly of a circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file is not WebAssembly, or uses instructions that circom's does not.
    #[error("the file is not WebAssembly as circom makes it: {reason}")]
    Invalid {
        /// What the interpreter says, with the position in the file.
        reason: String,
    },
    /// The file asks for something of its host that circom's WebAssembly does not need.
    #[error("the WebAssembly imports {name}, which circom's does not")]
    Import {
        /// The import's module and name.
        name: String,
    },
    /// The file does not contain what a circuit's WebAssembly contains.
    #[error("the WebAssembly has no export {name} of the type that circom 2.0.6 and newer give it")]
    Export {
        /// The export's name.
        name: &'static str,
    },
    /// The circuit needs more memory than it may have.
    #[error("the witness calculator needs {required} bytes of memory, and the limit is {limit}")]
    Memory {
        /// The memory that the file asks for at the start, in bytes.
        required: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The file was made by another version of circom.
    #[error("the WebAssembly was made by circom {found}, and must be made by circom 2")]
    Version {
        /// The major version.
        found: u32,
    },
    /// The circuit was compiled for another field.
    #[error("the WebAssembly was compiled for the field of another curve")]
    Field,
    /// The number of signals is not that of the circuit, so that the file belongs to another one.
    #[error("the WebAssembly calculates {found} signals, and the circuit has {expected}")]
    Signals {
        /// The number of signals that the file calculates.
        found: u32,
        /// The circuit's number of signals.
        expected: usize,
    },
    /// The number of inputs is impossible.
    #[error("the WebAssembly has {inputs} inputs and only {signals} signals")]
    Inputs {
        /// The number of inputs.
        inputs: u32,
        /// The number of signals.
        signals: u32,
    },
    /// The file could not tell its version, field and sizes.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why the signals could not be calculated. No variant contains a value of a signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalculateError {
    /// The circuit has no input of that name.
    #[error("the circuit has no input {name}")]
    UnknownInput {
        /// The name that was given.
        name: String,
    },
    /// An input was given more than once.
    #[error("the input {name} is given more than once")]
    DuplicateInput {
        /// The input's name.
        name: String,
    },
    /// An input does not have exactly the number of values that the circuit expects.
    #[error("the input {name} has {found} values, and the circuit expects {expected}")]
    InputLength {
        /// The input's name.
        name: String,
        /// The number of values that were given.
        found: usize,
        /// The number of values that the circuit expects.
        expected: usize,
    },
    /// The inputs that were given are known, but others are missing.
    #[error("inputs are missing: {found} values are given, and the circuit expects {expected}")]
    InputCount {
        /// The number of values that were given.
        found: usize,
        /// The number of values that the circuit expects.
        expected: usize,
    },
    /// The value of a signal is not below the modulus of the field: the file is not one of circom's.
    #[error(
        "the witness calculator returned a value of signal {signal} that is not below the modulus of the field"
    )]
    NotCanonical {
        /// The signal's index.
        signal: u32,
    },
    /// The values are not those of a circuit's signals: the file is not one of circom's.
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
    /// The calculation did not end.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why WebAssembly stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The code of the circuit raised an exception.
    #[error(transparent)]
    Exception(#[from] Exception),
    /// The calculation needs more instructions than it may have.
    #[error("the witness calculator used all of its {limit} units of fuel")]
    Fuel {
        /// The limit, in the interpreter's units.
        limit: u64,
    },
    /// The calculation needs more memory than it may have.
    #[error("the witness calculator asked for more than {limit} bytes of memory")]
    Memory {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The calls are nested too deeply.
    #[error("the calls of the witness calculator are nested too deeply")]
    Stack,
    /// The file contains an instruction that cannot be executed, for example a read beyond its memory.
    #[error("the witness calculator made an invalid operation")]
    Trap,
    /// The caller ended the calculation.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The exceptions of circom's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exception {
    /// Code 1.
    #[error("the circuit does not know an input")]
    SignalNotFound,
    /// Code 2.
    #[error("an input has too many values")]
    TooManySignals,
    /// Code 3.
    #[error("an input is given more than once")]
    SignalAlreadySet,
    /// Code 4: the inputs contradict an assertion or a constraint.
    #[error("the inputs do not satisfy the circuit's assertions")]
    AssertionFailed,
    /// Code 5.
    #[error("the memory that circom reserved for the circuit is too small")]
    NotEnoughMemory,
    /// Code 6.
    #[error("an input has an index beyond its array")]
    InputOutOfBounds,
    /// Code 7.
    #[error("the circuit's code used an index beyond an array")]
    OutOfBounds,
    /// Any other code.
    #[error("the circuit's code raised the exception {code}")]
    Other {
        /// The code.
        code: i32,
    },
}

impl From<i32> for Exception {
    fn from(code: i32) -> Self {
        match code {
            1 => Self::SignalNotFound,
            2 => Self::TooManySignals,
            3 => Self::SignalAlreadySet,
            4 => Self::AssertionFailed,
            5 => Self::NotEnoughMemory,
            6 => Self::InputOutOfBounds,
            7 => Self::OutOfBounds,
            code => Self::Other { code },
        }
    }
}
