//! Poseidon over the scalar field of BN254 with circomlib's parameters: `hash(&[a, b])` is what circomlib's
//! `Poseidon(2)` and circomlibjs' `poseidon([a, b])` return.
//!
//! The S-box is x⁵, the state has one element more than there are inputs and begins with 0, and the hash is the first
//! element after 8 full rounds and as many partial ones as the Poseidon paper (Grassi, Khovratovich, Rechberger, Roy,
//! Schofnegger, USENIX Security 2021) has for 128 bits of security. The constants come from the paper's generator and
//! are made at the first use.

mod grain;
mod parameters;
mod permutation;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use ark_bn254::Fr;

pub use self::parameters::Parameters;
pub(crate) use self::permutation::rounds;
use self::shape::Shape;

/// Arrays of 1 to 16 field elements, which Poseidon hashes.
pub trait Inputs: AsRef<[Fr]> + sealed::Sealed {
    /// The parameters for this number of inputs.
    fn parameters() -> &'static Parameters<Fr>;
}

/// The hash of 1 to 16 inputs. The state is wiped.
#[must_use]
pub fn hash<I: Inputs>(inputs: &I) -> Fr {
    hash_with(I::parameters(), inputs.as_ref())
}

/// The hash of inputs whose number is not known when the program is compiled. The state is wiped.
///
/// # Errors
///
/// [`InputCount`] unless there are 1 to 16 inputs.
pub fn hash_slice(inputs: &[Fr]) -> Result<Fr, InputCount> {
    let parameters = parameters(inputs.len()).ok_or(InputCount { found: inputs.len() })?;
    Ok(hash_with(parameters, inputs))
}

/// Poseidon does not hash this number of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Poseidon takes 1 to 16 inputs, and not {found}")]
pub struct InputCount {
    /// The number of inputs.
    pub found: usize,
}

fn hash_with(parameters: &Parameters<Fr>, inputs: &[Fr]) -> Fr {
    let mut state = rounds(parameters, inputs, |element| *element = permutation::fifth_power(*element));
    permutation::finish(parameters, &mut state)
}

mod sealed {
    pub trait Sealed {}
}

/// Declares for each number of inputs its partial rounds: those of the paper, rounded up to a multiple of the state's
/// width, as circomlib does.
macro_rules! instances {
    ($($inputs:literal: $partial_rounds:literal),* $(,)?) => {
        $(
            impl sealed::Sealed for [Fr; $inputs] {}

            impl Inputs for [Fr; $inputs] {
                fn parameters() -> &'static Parameters<Fr> {
                    static PARAMETERS: OnceLock<Parameters<Fr>> = OnceLock::new();
                    PARAMETERS.get_or_init(|| {
                        Parameters::generate(Shape { width: $inputs + 1, partial_rounds: $partial_rounds })
                    })
                }
            }
        )*

        fn parameters(inputs: usize) -> Option<&'static Parameters<Fr>> {
            match inputs {
                $($inputs => Some(<[Fr; $inputs]>::parameters()),)*
                _ => None,
            }
        }
    };
}

instances! {
    1: 56, 2: 57, 3: 56, 4: 60, 5: 60, 6: 63, 7: 64, 8: 63,
    9: 60, 10: 66, 11: 60, 12: 65, 13: 70, 14: 60, 15: 64, 16: 68,
}
