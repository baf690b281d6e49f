//! `verification_key.json`.

use ark_ec::pairing::Pairing;
use ark_ff::Field;
use serde::{Deserialize, Serialize};

use super::{
    JsonError,
    points::{self, G1, G2},
};
use crate::{curve::Curve, field, key::VerifyingKey};

/// An element of the target group: two elements of Fq6, each of three elements of Fq2.
type Target = [[[String; 2]; 3]; 2];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    protocol: String,
    curve: String,
    #[serde(rename = "nPublic")]
    public: usize,
    vk_alpha_1: G1,
    vk_beta_2: G2,
    vk_gamma_2: G2,
    vk_delta_2: G2,
    vk_alphabeta_12: Target,
    #[serde(rename = "IC")]
    ic: Vec<G1>,
}

/// Reads a verifying key, and [checks](VerifyingKey::check) it.
///
/// # Errors
///
/// [`JsonError`], which names the field.
pub fn read<E: Curve>(bytes: &[u8]) -> Result<VerifyingKey<E>, JsonError> {
    let file: File = super::parse_object(bytes)?;
    super::check_header::<E>(&file.protocol, &file.curve)?;
    let ic = file.ic.iter().enumerate().map(|(index, point)| points::g1::<E>(point, &format!("IC[{index}]")));
    let key = VerifyingKey {
        alpha_g1: points::g1::<E>(&file.vk_alpha_1, "vk_alpha_1")?,
        beta_g2: points::g2::<E>(&file.vk_beta_2, "vk_beta_2")?,
        gamma_g2: points::g2::<E>(&file.vk_gamma_2, "vk_gamma_2")?,
        delta_g2: points::g2::<E>(&file.vk_delta_2, "vk_delta_2")?,
        gamma_abc_g1: ic.collect::<Result<_, _>>()?,
    };
    key.check(file.public)?;
    check_target(&file.vk_alphabeta_12, &key)?;
    Ok(key)
}

/// The text that snarkjs writes for a verifying key.
#[must_use]
pub fn write<E: Curve>(key: &VerifyingKey<E>) -> String {
    super::stringify(&File {
        protocol: super::PROTOCOL.to_owned(),
        curve: E::NAME.snarkjs().to_owned(),
        public: key.public(),
        vk_alpha_1: points::g1_text::<E>(&key.alpha_g1),
        vk_beta_2: points::g2_text::<E>(&key.beta_g2),
        vk_gamma_2: points::g2_text::<E>(&key.gamma_g2),
        vk_delta_2: points::g2_text::<E>(&key.delta_g2),
        vk_alphabeta_12: target_text(key),
        ic: key.gamma_abc_g1.iter().map(|point| points::g1_text::<E>(point)).collect(),
    })
}

/// `vk_alphabeta_12` says nothing that the other fields do not say. A verifier may use it in place of them, so it must
/// be the pairing of α and β.
fn check_target<E: Curve>(text: &Target, key: &VerifyingKey<E>) -> Result<(), JsonError> {
    for (i, six) in text.iter().enumerate() {
        for (j, two) in six.iter().enumerate() {
            for (k, number) in two.iter().enumerate() {
                field::parse_decimal::<E::BaseField>(number).map_err(|reason| JsonError::Number {
                    field: format!("vk_alphabeta_12[{i}][{j}][{k}]"),
                    reason,
                })?;
            }
        }
    }
    if *text == target_text(key) { Ok(()) } else { Err(JsonError::AlphaBeta) }
}

fn target_text<E: Curve>(key: &VerifyingKey<E>) -> Target {
    let target = <E as Pairing>::pairing(key.alpha_g1, key.beta_g2).0;
    let mut numbers = target.to_base_prime_field_elements();
    let mut number = || numbers.next().map(|number| number.to_string()).unwrap_or_default();
    let mut two = || [number(), number()];
    let mut six = || [two(), two(), two()];
    [six(), six()]
}
