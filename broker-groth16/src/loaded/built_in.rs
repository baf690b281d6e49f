//! Built-in circuits with their keys.

use std::sync::Arc;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;

use super::{
    LoadError, Loaded, Pin, Randomness,
    circuit::{Origin, WithKey},
};
use crate::{
    circuit::{BuiltIn, CircuitCurve, builder::NamedConstraints},
    curve::CurveName,
    file::zkey::Zkey,
    interrupt::Interrupt,
    kernel::Kernel,
    setup,
};

/// Makes a key for a built-in circuit. The caller has then seen the randomness of the setup.
///
/// # Errors
///
/// [`LoadError`].
pub fn set_up(
    circuit: BuiltIn,
    curve: CurveName,
    kernel: Kernel,
    randomness: Randomness,
    interrupt: &dyn Interrupt,
) -> Result<Arc<dyn Loaded>, LoadError> {
    match curve {
        CurveName::Bn254 => set_up_over::<Bn254>(circuit, kernel, randomness, interrupt),
        CurveName::Bls12381 => set_up_over::<Bls12_381>(circuit, kernel, randomness, interrupt),
    }
}

fn set_up_over<E: CircuitCurve>(
    circuit: BuiltIn,
    kernel: Kernel,
    mut randomness: Randomness,
    interrupt: &dyn Interrupt,
) -> Result<Arc<dyn Loaded>, LoadError> {
    let circuit = E::circuit(circuit).ok_or(LoadError::Curve { curve: E::NAME })?;
    let NamedConstraints { system, constraints, .. } = circuit.constraints();
    let key = setup::single_party::<E>(system, &mut randomness, interrupt)?;
    Ok(Arc::new(WithKey::new(key, Origin::BuiltIn { circuit, constraints }, kernel, interrupt)?))
}

/// Loads the key of a built-in circuit from a `.zkey`, whose matrices must be those of the circuit. If its points are checked
/// now, `progress` is told how many of how many.
///
/// # Errors
///
/// [`LoadError`].
pub fn built_in(
    circuit: BuiltIn,
    curve: CurveName,
    kernel: Kernel,
    zkey: &[u8],
    pin: Pin<'_>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Arc<dyn Loaded>, LoadError> {
    match curve {
        CurveName::Bn254 => built_in_over::<Bn254>(circuit, kernel, zkey, pin, interrupt, progress),
        CurveName::Bls12381 => built_in_over::<Bls12_381>(circuit, kernel, zkey, pin, interrupt, progress),
    }
}

fn built_in_over<E: CircuitCurve>(
    circuit: BuiltIn,
    kernel: Kernel,
    zkey: &[u8],
    pin: Pin<'_>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Arc<dyn Loaded>, LoadError> {
    let circuit = E::circuit(circuit).ok_or(LoadError::Curve { curve: E::NAME })?;
    let NamedConstraints { system, constraints, .. } = circuit.constraints();
    let mut key = load::<E>(&Zkey::open(zkey).map_err(LoadError::Zkey)?, pin, interrupt, progress)?;
    key.add_c(system)?;
    pin.confirmed(WithKey::new(key, Origin::BuiltIn { circuit, constraints }, kernel, interrupt)?)
}

/// Loads a key, and checks its points unless they have been checked before.
pub(super) fn load<E: CircuitCurve>(
    zkey: &Zkey<'_, E>,
    pin: Pin<'_>,
    interrupt: &dyn Interrupt,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<crate::key::CircuitKey<E>, LoadError> {
    let interrupt = || interrupt.is_requested();
    let all = zkey.points();
    let key = if pin.checked {
        zkey.load_pinned(&interrupt)
    } else {
        zkey.load_checked(&interrupt, &mut |done| progress(done, all))
    };
    key.map_err(LoadError::Zkey)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::interrupt::Never;

    #[test]
    fn bytes_that_the_caller_does_not_confirm_are_refused() {
        let randomness = Randomness(|bytes| bytes.fill(7));
        let made = set_up(BuiltIn::Multiply, CurveName::Bn254, Kernel::detect(), randomness, &Never).unwrap();
        let mut bytes = Vec::new();
        made.write_zkey(&mut bytes).unwrap();
        for checked in [true, false] {
            for answer in [true, false] {
                let asked = Cell::new(0);
                let confirm = || {
                    asked.set(asked.get() + 1);
                    answer
                };
                let pin = Pin { checked, confirm: &confirm };
                let loaded = built_in(
                    BuiltIn::Multiply,
                    CurveName::Bn254,
                    Kernel::detect(),
                    &bytes,
                    pin,
                    &Never,
                    &mut |_, _| {},
                );
                assert_eq!(asked.get(), 1);
                match loaded {
                    Ok(loaded) => assert!(answer && loaded.info().fingerprint == made.info().fingerprint),
                    Err(error) => assert!(!answer && error == LoadError::OtherBytes, "{error}"),
                }
            }
        }
    }
}
