//! Calculates the values of all signals from named inputs, with the WebAssembly that circom 2 compiles a circuit to.
//!
//! The file is not trusted: it runs in an interpreter with a budget of instructions and memory, without access to
//! anything but its own memory, and all that it returns is checked. A file that calculates wrong values can only make a
//! proof fail: the constraints are in the key.
//!
//! The values are secret. The interpreter's memory is wiped after each calculation; its registers are freed without
//! being wiped, so that a process with secrets should have an allocator that wipes freed memory. What circom's `log()`
//! and the texts of its assertions would print contains values, and is dropped.

mod error;
mod instance;
mod module;
mod name;

use std::{collections::BTreeSet, marker::PhantomData};

use ark_ff::{BigInteger, PrimeField};
use zeroize::{Zeroize, Zeroizing};

pub use self::error::{CalculateError, Exception, LoadError, Stopped};
use self::{
    instance::{Budget, Instance},
    module::Module,
};
use crate::{
    assignment::Assignment,
    field,
    interrupt::{Interrupt, Never},
    shown,
};

/// The only major version of circom whose WebAssembly has the expected exports.
const CIRCOM: u32 = 2;

/// The size of a word of circom's shared memory, in bytes.
const WORD: usize = size_of::<u32>();

/// What a witness calculator may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest memory of one calculation, in bytes. circom asks for all that a circuit needs at the start.
    pub memory: usize,
    /// The largest number of instructions of one calculation, in the interpreter's units of fuel: about one for each
    /// instruction, and a million in about a millisecond.
    pub fuel: u64,
}

/// A circuit's witness calculator, ready to run. It has no state: calculations can run at the same time.
pub struct WitnessCalculator<F> {
    module: Module,
    limits: Limits,
    signals: u32,
    inputs: u32,
    field: PhantomData<fn() -> F>,
}

impl<F: PrimeField> WitnessCalculator<F> {
    /// Compiles the WebAssembly `file` of a circuit that has exactly `signals` signals, with the constant 1.
    ///
    /// The time is in proportion to the length of the file, plus at most the fuel of one calculation.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if the file is not the WebAssembly of such a circuit over the field, as circom 2.0.6 or newer
    /// makes it, or if it needs more than `limits`.
    pub fn load(file: &[u8], signals: usize, limits: Limits) -> Result<Self, LoadError> {
        let module = Module::compile(file, limits.memory)?;
        let mut instance = Instance::new(&module, Budget::new(limits, &Never))?;
        let version = instance.version()?;
        if version != CIRCOM {
            return Err(LoadError::Version { found: version });
        }
        if instance.field_words()? as usize * WORD != bytes::<F>()
            || instance.prime(bytes::<F>())? != F::MODULUS.to_bytes_le()
        {
            return Err(LoadError::Field);
        }
        let found = instance.signals()?;
        if found as usize != signals || found == 0 {
            return Err(LoadError::Signals { found, expected: signals });
        }
        let inputs = instance.inputs()?;
        if inputs >= found {
            return Err(LoadError::Inputs { inputs, signals: found });
        }
        drop(instance);
        Ok(Self { module, limits, signals: found, inputs, field: PhantomData })
    }

    /// The number of signals, with the constant 1.
    #[must_use]
    pub fn signals(&self) -> usize {
        self.signals as usize
    }

    /// The number of values that the inputs have together.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// The memory of one calculation in bytes. circom's code asks for all of it at the start.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.module.memory
    }

    /// Calculates the values of all signals. Each input has its name in the circuit and all its values; those of an
    /// array with several dimensions are in the order in which circom and snarkjs flatten it, the last index fastest.
    ///
    /// # Errors
    ///
    /// [`CalculateError`], which names the input where there is one, and never contains a value.
    pub fn calculate<'a>(
        &self,
        inputs: impl IntoIterator<Item = (&'a str, &'a [F])>,
        interrupt: &dyn Interrupt,
    ) -> Result<Assignment<F>, CalculateError> {
        let mut instance = Instance::new(&self.module, Budget::new(self.limits, interrupt))?;
        instance.start()?;
        let inputs = self.check(inputs, &mut instance)?;
        for (name, values) in inputs {
            for (value, index) in values.iter().zip(0..) {
                let mut integer = value.into_bigint();
                let bytes = Zeroizing::new(integer.to_bytes_le());
                integer.as_mut().zeroize();
                instance.set_input(name, index, &bytes)?;
            }
        }
        let mut values = Zeroizing::new(Vec::with_capacity(self.signals()));
        for signal in 0..self.signals {
            let value = field::from_le_bytes(instance.signal(signal, bytes::<F>())?);
            values.push(value.map_err(|_| CalculateError::NotCanonical { signal })?);
        }
        Ok(Assignment::new(std::mem::take(&mut *values), self.signals())?)
    }

    /// Compares the names and the numbers of values with those of the circuit.
    fn check<'a>(
        &self,
        inputs: impl IntoIterator<Item = (&'a str, &'a [F])>,
        instance: &mut Instance<'_>,
    ) -> Result<Vec<(name::Hash, &'a [F])>, CalculateError> {
        let mut checked = Vec::new();
        let mut names = BTreeSet::new();
        let mut found = 0_usize;
        for (name, values) in inputs {
            let unknown = || CalculateError::UnknownInput { name: shown::name(name) };
            let hash = name::Hash::of(name).ok_or_else(unknown)?;
            let expected = instance.input_length(hash)?.ok_or_else(unknown)?;
            if values.len() != expected {
                // Some versions of circom say 0 of a name that they do not know.
                return Err(match expected {
                    0 => unknown(),
                    expected => {
                        CalculateError::InputLength { name: shown::name(name), found: values.len(), expected }
                    }
                });
            }
            // Two names with one hash are one input for circom.
            if !names.insert(hash) {
                return Err(CalculateError::DuplicateInput { name: shown::name(name) });
            }
            found += values.len();
            checked.push((hash, values));
        }
        if found != self.inputs() {
            return Err(CalculateError::InputCount { found, expected: self.inputs() });
        }
        Ok(checked)
    }
}

/// The size of a field element in circom's shared memory, in bytes.
const fn bytes<F: PrimeField>() -> usize {
    F::MODULUS_BIT_SIZE.div_ceil(u64::BITS) as usize * size_of::<u64>()
}
