//! Operators' circuits: circom's files.

use std::sync::Arc;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;

#[cfg(feature = "wasm")]
use crate::witness_calculator::{Limits, WitnessCalculator};
use crate::{
    circuit::CircuitCurve,
    curve::CurveName,
    file::{r1cs::R1cs, sym::SignalNames, zkey::Zkey},
    interrupt::Interrupt,
    kernel::Kernel,
};

use super::{
    LoadError, Loaded, Pin,
    built_in::load,
    circuit::{Origin, WithKey},
};

/// The files of a circuit.
#[derive(Clone, Copy, Debug)]
pub struct OperatorFiles<'a> {
    /// The proving key.
    pub zkey: &'a [u8],
    /// The constraints, without which a witness cannot be checked before it is proven.
    pub r1cs: Option<&'a [u8]>,
    /// The witness calculator, without which there are no named inputs.
    pub wasm: Option<&'a [u8]>,
    /// The names of the signals.
    pub sym: Option<&'a [u8]>,
    /// The largest memory of one calculation of a witness, in bytes.
    pub calculator_memory: usize,
    /// The largest number of instructions of one calculation, in the interpreter's units of fuel.
    pub calculator_fuel: u64,
}

/// Loads a circuit. `pin` is about the `.zkey`; if its points are checked now, `progress` is told how many of how many.
///
/// # Errors
///
/// [`LoadError`].
pub fn operator(
    files: OperatorFiles<'_>,
    curve: CurveName,
    kernel: Kernel,
    pin: Pin<'_>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Arc<dyn Loaded>, LoadError> {
    match curve {
        CurveName::Bn254 => operator_over::<Bn254>(files, kernel, pin, interrupt, progress),
        CurveName::Bls12381 => operator_over::<Bls12_381>(files, kernel, pin, interrupt, progress),
    }
}

fn operator_over<E: CircuitCurve>(
    files: OperatorFiles<'_>,
    kernel: Kernel,
    pin: Pin<'_>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Arc<dyn Loaded>, LoadError> {
    let zkey = Zkey::<E>::open(files.zkey).map_err(LoadError::Zkey)?;
    let signals = zkey.signals();
    // The small files come first, so that a mistake in them is found before the long check of the key.
    let stop = || interrupt.is_requested();
    let r1cs = files.r1cs.map(|bytes| R1cs::<E>::read(bytes, &stop)).transpose().map_err(LoadError::R1cs)?;
    let names = files.sym.map(|bytes| SignalNames::read(bytes, signals)).transpose();
    let names = names.map_err(LoadError::Sym)?.unwrap_or_default();
    #[cfg(not(feature = "wasm"))]
    if files.wasm.is_some() {
        return Err(LoadError::NoWasm);
    }
    #[cfg(feature = "wasm")]
    let calculator = files
        .wasm
        .map(|bytes| {
            let limits = Limits { memory: files.calculator_memory, fuel: files.calculator_fuel };
            WitnessCalculator::load(bytes, signals, limits)
        })
        .transpose()
        .map_err(LoadError::Wasm)?;
    let mut key = load::<E>(&zkey, pin, interrupt, progress)?;
    if let Some(r1cs) = r1cs {
        key.add_c(r1cs.constraints)?;
    }
    let origin = Origin::Operator {
        #[cfg(feature = "wasm")]
        calculator,
        names,
    };
    pin.confirmed(WithKey::new(key, origin, kernel, interrupt)?)
}
