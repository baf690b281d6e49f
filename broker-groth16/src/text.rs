//! Text and bytes as field elements of BN254.
//!
//! An identifier, a public key or an invoice number is longer than a field element, or is no number. It becomes
//! Poseidon(h, l), where h and l are the first and the last 16 bytes, as big-endian integers, of
//! SHA-256(`cryptobroker-groth16-text-v1` ‖ bytes). Text is its UTF-8 bytes, without any normalisation.
//!
//! | bytes | field element |
//! |---|---|
//! | none | `3069337397219199436327259529698030193575593761058156470322304684695325660454` |
//! | `alice` | `18814771636431511465162049140615761076906373891492436092908084797995694366470` |
//! | `Bücher` | `6030664277309915893254529939939887978447118863662790346626910850487828787016` |
//! | 00 01 … 1f | `9801675905497476652350461953635645402767513982779079610830102964684029120849` |

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::poseidon;

/// What SHA-256 hashes before the bytes, so that the result is that of no other protocol.
pub const DOMAIN: &[u8] = b"cryptobroker-groth16-text-v1";

/// The field element of text (in UTF-8) or bytes.
#[must_use]
pub fn to_field(bytes: &[u8]) -> Fr {
    let digest =
        Zeroizing::new(<[u8; 32]>::from(Sha256::new().chain_update(DOMAIN).chain_update(bytes).finalize()));
    let (high, low) = digest.split_at(16);
    let integer = |half: &[u8]| half.iter().fold(0_u128, |integer, byte| integer << 8 | u128::from(*byte));
    poseidon::hash(&*Zeroizing::new([Fr::from(integer(high)), Fr::from(integer(low))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field;

    /// circomlibjs and Node's SHA-256 computed the vectors.
    #[test]
    fn maps_as_the_documentation_says() {
        let bytes: Vec<u8> = (0..32).collect();
        for (bytes, element) in [
            (&b""[..], "3069337397219199436327259529698030193575593761058156470322304684695325660454"),
            (b"alice", "18814771636431511465162049140615761076906373891492436092908084797995694366470"),
            (
                "Bücher".as_bytes(),
                "6030664277309915893254529939939887978447118863662790346626910850487828787016",
            ),
            (&bytes, "9801675905497476652350461953635645402767513982779079610830102964684029120849"),
        ] {
            assert_eq!(to_field(bytes), field::parse(element).unwrap(), "{bytes:?}");
            for page in [include_str!("text.rs"), include_str!("../../docs/circuits.md")] {
                assert!(page.contains(&format!("| `{element}` |")), "{element}");
            }
        }
    }
}
