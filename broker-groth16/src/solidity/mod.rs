//! Verifying keys as contracts for the Ethereum Virtual Machine, which has precompiled contracts for BN254 (EIP-196,
//! EIP-197) and for no other curve of this crate.

use std::fmt::Write;

use ark_bn254::{Bn254, Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;

use crate::key::{Fingerprint, SetupClass, VerifyingKey};

/// The contract, with a name in braces for each part that depends on the key.
const TEMPLATE: &str = include_str!("verifier.sol");
/// The size of the selector of a function in calldata, in bytes.
const SELECTOR: usize = 4;
/// The size of a number in calldata, in bytes.
const WORD: usize = 32;
/// The numbers of the proof in calldata.
const PROOF_WORDS: usize = 8;

/// Whether a verifier may be exported for a key whose setup one party made: that party can prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinglePartyKeys {
    /// Refuses the key.
    Refused,
    /// Exports the key because its user insists. The contract says what it is.
    Forced,
}

/// Writes the Solidity source of the contract `Groth16Verifier`, whose only function is
///
/// ```solidity
/// function verifyProof(uint256[2] calldata a, uint256[2][2] calldata b, uint256[2] calldata c, uint256[n] calldata input)
///     external view returns (bool valid)
/// ```
///
/// with the selector of the verifiers that snarkjs writes, n being the number of public signals (for none, without the
/// last parameter). It accepts exactly n inputs, each below the order of the group. A contract can have 24,576 bytes
/// (EIP-170), which is enough for about 150 public signals.
///
/// `key` must have been checked.
///
/// # Errors
///
/// [`SolidityError::SingleParty`] if `class` says that one party made the setup and this is not forced, and
/// [`SolidityError::Identity`] if the key contains an identity element.
pub fn verifier(
    key: &VerifyingKey<Bn254>,
    class: SetupClass,
    single_party: SinglePartyKeys,
) -> Result<String, SolidityError> {
    if class == SetupClass::SingleParty && single_party == SinglePartyKeys::Refused {
        return Err(SolidityError::SingleParty);
    }
    let inputs = key.public();
    let (constant, points) = key.gamma_abc_g1.split_first().ok_or(SolidityError::Identity { point: "IC" })?;
    let (constant_x, constant_y) = g1(*constant, "IC")?;
    let mut parts = vec![
        ("fingerprint", Fingerprint::from(key).to_string()),
        ("setup", class.to_string()),
        ("calldata_bytes", (SELECTOR + WORD * (PROOF_WORDS + inputs)).to_string()),
        ("parameter", parameter(inputs)),
        ("constant_x", constant_x.to_string()),
        ("constant_y", constant_y.to_string()),
        ("accumulate", accumulate(points)?),
    ];
    let (x, y) = g1(-key.alpha_g1, "α")?;
    parts.extend([("minus_alpha_x", x.to_string()), ("minus_alpha_y", y.to_string())]);
    parts.extend(g2(
        key.beta_g2,
        "β",
        ["beta_x_imaginary", "beta_x_real", "beta_y_imaginary", "beta_y_real"],
    )?);
    parts.extend(g2(
        -key.gamma_g2,
        "γ",
        ["minus_gamma_x_imaginary", "minus_gamma_x_real", "minus_gamma_y_imaginary", "minus_gamma_y_real"],
    )?);
    parts.extend(g2(
        -key.delta_g2,
        "δ",
        ["minus_delta_x_imaginary", "minus_delta_x_real", "minus_delta_y_imaginary", "minus_delta_y_real"],
    )?);
    Ok(parts
        .iter()
        .fold(TEMPLATE.to_owned(), |text, (name, part)| text.replace(&format!("{{{name}}}"), part)))
}

/// The declaration of the inputs. Solidity has no arrays of length 0.
fn parameter(inputs: usize) -> String {
    match inputs {
        0 => String::new(),
        inputs => format!(",\n        uint256[{inputs}] calldata input"),
    }
}

/// The lines that add each input's point to the sum.
fn accumulate(points: &[G1Affine]) -> Result<String, SolidityError> {
    let mut lines = String::new();
    for (index, point) in points.iter().enumerate() {
        let (x, y) = g1(*point, "IC")?;
        let offset = index * WORD;
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            lines,
            "            valid := and(valid, accumulate(sum, {x}, {y}, calldataload(add(input, {offset}))))"
        );
    }
    Ok(lines)
}

fn g1(point: G1Affine, name: &'static str) -> Result<(Fq, Fq), SolidityError> {
    point.xy().ok_or(SolidityError::Identity { point: name })
}

/// The coordinates in the order of EIP-197, which is that of `names`.
fn g2(
    point: G2Affine,
    name: &'static str,
    [x_imaginary, x_real, y_imaginary, y_real]: [&'static str; 4],
) -> Result<[(&'static str, String); 4], SolidityError> {
    let (Fq2 { c0: x0, c1: x1, .. }, Fq2 { c0: y0, c1: y1, .. }) =
        point.xy().ok_or(SolidityError::Identity { point: name })?;
    Ok([
        (x_imaginary, x1.to_string()),
        (x_real, x0.to_string()),
        (y_imaginary, y1.to_string()),
        (y_real, y0.to_string()),
    ])
}

/// Why no contract is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolidityError {
    /// One party made the setup, so that it can prove anything.
    #[error(
        "one party made this key and can prove false statements to the contract, which is written only if that is asked for"
    )]
    SingleParty,
    /// A point of the key is the identity element.
    #[error("the point {point} of the verifying key is the identity element")]
    Identity {
        /// The point.
        point: &'static str,
    },
}
