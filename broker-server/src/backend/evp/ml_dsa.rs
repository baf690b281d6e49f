//! Checks and extracts parts of encoded ML-DSA private keys that the library does not check or expose.
#![forbid(unsafe_code)]

use der::{Decode, Reader, SliceReader, Tagged, asn1::AnyRef};

use crate::secret::SecretBytes;

/// Reports whether an ML-DSA PKCS#8 key passes the checks that the library omits. No bytes may follow the key inside
/// the `privateKey` octets, where the library stops reading after the required element, and the coefficients of s1
/// and s2 in an expanded key must be in range (FIPS 204 algorithm 25), which the FIPS module does not check. The
/// library must already have parsed `der`.
pub(super) fn private_key_is_sound(der: &[u8]) -> bool {
    let sound = || -> der::Result<bool> {
        let key = inner(der)?;
        match key.tag() {
            der::Tag::OctetString => Ok(in_range(key.value())),
            der::Tag::Sequence => {
                let mut both = SliceReader::new(key.value())?;
                AnyRef::decode(&mut both)?; // seed
                let expanded = AnyRef::decode(&mut both)?;
                Ok(both.is_finished() && in_range(expanded.value()))
            }
            _ => Ok(true),
        }
    };
    sound().unwrap_or(false)
}

/// Reports whether each coefficient of s1 and s2 is between -eta and eta (FIPS 204 table 1). A coefficient c is packed as
/// eta - c, in 3 bits for an eta of 2 and in 4 bits for an eta of 4, after rho, K and tr (algorithm 24).
fn in_range(expanded: &[u8]) -> bool {
    let (polynomials, bits, maximum) = match expanded.len() {
        2560 => (4 + 4, 3, 4),
        4032 => (6 + 5, 4, 8),
        4896 => (8 + 7, 3, 4),
        _ => return false,
    };
    let packed = expanded.get(128..128 + polynomials * 32 * bits).unwrap_or_default();
    // The smallest number of bytes that hold whole coefficients: 8 coefficients in 3 bytes, or 2 in one byte.
    let group = if bits == 3 { 3 } else { 1 };
    packed.chunks_exact(group).all(|bytes| {
        let packed = bytes.iter().rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        (0..group * 8 / bits).all(|index| (packed >> (index * bits)) & ((1 << bits) - 1) <= maximum)
    })
}

/// Returns the seed of a PKCS#8 key in the seed form, `seed [0] OCTET STRING` (RFC 9881 6), which the library writes. Both
/// builds of the library support no other way to get the seed.
pub(super) fn seed(der: &[u8]) -> Option<SecretBytes> {
    let key = inner(der).ok()?;
    let seed = der::Tag::ContextSpecific { constructed: false, number: der::TagNumber(0) };
    (key.tag() == seed && key.value().len() == 32).then(|| SecretBytes::new(key.value().to_vec()))
}

/// Returns the element inside the `privateKey` octets of a PKCS#8 key. Rejects bytes after its end.
fn inner(der: &[u8]) -> der::Result<AnyRef<'_>> {
    let mut info = SliceReader::new(AnyRef::from_der(der)?.value())?;
    AnyRef::decode(&mut info)?; // version
    AnyRef::decode(&mut info)?; // algorithm
    AnyRef::from_der(AnyRef::decode(&mut info)?.value())
}
