//! The built-in circuits: their constraints, their inputs, and what is verified of them.
//!
//! ```
//! use broker_groth16::circuit::{BuiltIn, CircuitCurve, Value};
//!
//! let multiply = ark_bn254::Bn254::circuit(BuiltIn::Multiply).unwrap();
//! let mut inputs = multiply.inputs();
//! inputs.set("a", Value::from("3"))?;
//! inputs.set("b", Value::from("0xb"))?;
//! let witness = inputs.assign()?;
//! assert_eq!(witness.public(1)[0], 33.into()); // c was left out, so it is computed
//!
//! let mut inputs = multiply.inputs();
//! for (name, value) in [("a", "3"), ("b", "11"), ("c", "34")] {
//!     inputs.set(name, Value::from(value))?;
//! }
//! let error = inputs.assign().err().unwrap();
//! assert_eq!(error.to_string(), "the inputs do not satisfy the constraint `multiply: a * b = c`");
//! # Ok::<(), broker_groth16::circuit::WitnessError>(())
//! ```

pub mod builder;
mod built_in;
mod cube_root;
mod definition;
mod description;
mod gadget;
mod inputs;
mod multiply;
mod payment;
pub mod statement;
#[cfg(test)]
mod tests;

pub use self::{
    built_in::{BuiltIn, Circuit, CircuitCurve},
    description::{Description, Input, Kind, Verification, Visibility},
    inputs::{InputError, Inputs, Value, WitnessError},
};
