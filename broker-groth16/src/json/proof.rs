//! `proof.json`.

use serde::{Deserialize, Serialize};

use super::{
    JsonError,
    points::{self, G1, G2},
};
use crate::{curve::Curve, proof::Proof};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pi_a: G1,
    pi_b: G2,
    pi_c: G1,
    protocol: String,
    curve: String,
}

/// Reads a proof. Its points are on the curve, in the groups of prime order and not the identity element.
///
/// # Errors
///
/// [`JsonError`], which names the field.
pub fn read<E: Curve>(bytes: &[u8]) -> Result<Proof<E>, JsonError> {
    let file: File = super::parse_object(bytes)?;
    super::check_header::<E>(&file.protocol, &file.curve)?;
    Ok(Proof {
        a: points::g1::<E>(&file.pi_a, "pi_a")?,
        b: points::g2::<E>(&file.pi_b, "pi_b")?,
        c: points::g1::<E>(&file.pi_c, "pi_c")?,
    })
}

/// The text that snarkjs writes for a proof.
#[must_use]
pub fn write<E: Curve>(proof: &Proof<E>) -> String {
    super::stringify(&File {
        pi_a: points::g1_text::<E>(&proof.a),
        pi_b: points::g2_text::<E>(&proof.b),
        pi_c: points::g1_text::<E>(&proof.c),
        protocol: super::PROTOCOL.to_owned(),
        curve: E::NAME.snarkjs().to_owned(),
    })
}
