//! Checks that the libraries do at different times or not at all.

use aws_lc_rs::constant_time;

use super::KemError;

/// q of FIPS 203.
const Q: u16 = 3329;

/// Runs the modulus check (FIPS 203 7.2): every 12 bits of an ML-KEM encapsulation key, except for its last 32 bytes, must
/// encode a number below q.
pub(super) fn modulus(key: &[u8]) -> Result<(), KemError> {
    let (numbers, _rho) = key.split_last_chunk::<32>().ok_or(KemError::Length)?;
    let (triples, rest) = numbers.as_chunks::<3>();
    let reduced = |&[a, b, c]: &[u8; 3]| {
        let [a, b, c] = [a, b, c].map(u16::from);
        a | (b & 0xf) << 8 < Q && b >> 4 | c << 4 < Q
    };
    if rest.is_empty() && triples.iter().all(reduced) { Ok(()) } else { Err(KemError::Modulus) }
}

/// Returns the encapsulation key inside an expanded ML-KEM decapsulation key, which consists of dk of K-PKE, ek,
/// H(ek) and z (FIPS 203 algorithm 16). One library checks only its hash (7.3), the other checks its modulus, too.
pub(super) fn encapsulation_key(expanded: &[u8]) -> Result<&[u8], KemError> {
    let end = expanded.len().checked_sub(64).ok_or(KemError::Length)?;
    let start = end.checked_sub(32).ok_or(KemError::Length)? / 2;
    expanded.get(start..end).ok_or(KemError::Length)
}

/// Compares secrets in a time that depends only on their lengths.
pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}
