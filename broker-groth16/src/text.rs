//! Text and bytes as field elements of BN254.
//!
//! An identifier, a public key or an invoice number is longer than a field element, or is no number. It becomes
//! Poseidon(h, l), where h and l are the first and the last 16 bytes, as big-endian integers, of
//! SHA-256(`cryptobroker-groth16-text-v1` ‖ bytes). Text is its UTF-8 bytes, without any normalisation.
//!
//! | bytes | field element |
//! |---|---|
//! | none | VECTOR_EMPTY |
//! | `alice` | VECTOR_ALICE |
//! | `00 01 … 1f` | VECTOR_BYTES |

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::poseidon;

/// What SHA-256 hashes before the bytes, so that the result is that of no other protocol.
pub const DOMAIN: &[u8] = b"cryptobroker-groth16-text-v1";

/// The field element of text (in UTF-8) or bytes.
#[must_use]
pub fn to_field(bytes: &[u8]) -> Fr {
    let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::new().chain_update(DOMAIN).chain_update(bytes).finalize()));
    let (high, low) = digest.split_at(16);
    let integer = |half: &[u8]| half.iter().fold(0_u128, |integer, byte| integer << 8 | u128::from(*byte));
    poseidon::hash(&*Zeroizing::new([Fr::from(integer(high)), Fr::from(integer(low))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field;

    #[test]
    fn maps_as_the_documentation_says() {
        let bytes: Vec<u8> = (0..32).collect();
        for (bytes, element) in [(&b""[..], "1"), (b"alice", "2"), (&bytes, "3")] {
            assert_eq!(to_field(bytes), field::parse(element).unwrap(), "{bytes:?}");
        }
    }
}
