//! snarkjs' JSON files: `verification_key.json`, `proof.json`, `public.json` and `input.json`.
//!
//! They are read strictly: all fields must be there, once, and no others; numbers are decimal strings below their
//! modulus; points have z = 1, are on their curves, in the groups of prime order, and not the identity element. What is
//! written has the bytes that snarkjs writes.

mod error;
pub mod inputs;
mod points;
pub mod proof;
pub mod public;
pub mod verifying_key;

use serde::{Deserialize, Serialize};
use serde_json::{Serializer, ser::PrettyFormatter};

pub use self::error::JsonError;
use crate::curve::Curve;

const PROTOCOL: &str = "groth16";

/// Reads an object. serde would also take an array of its fields' values for a structure.
fn parse_object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    match bytes.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        Some(b'{') | None => parse(bytes),
        Some(_) => Err(JsonError::Object),
    }
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    serde_json::from_slice(bytes).map_err(|error| JsonError::syntax(&error))
}

/// The text that JavaScript's `JSON.stringify(value, null, 1)` makes.
fn stringify(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    // Serialisation fails only if the writer does or if a key is no string, and neither happens.
    let _infallible = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}

fn check_header<E: Curve>(protocol: &str, curve: &str) -> Result<(), JsonError> {
    if protocol != PROTOCOL {
        return Err(JsonError::Protocol);
    }
    if curve == E::NAME.snarkjs() { Ok(()) } else { Err(JsonError::Curve { expected: E::NAME.snarkjs() }) }
}
