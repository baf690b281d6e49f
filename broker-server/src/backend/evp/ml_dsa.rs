//! What the library leaves out about the encoding of ML-DSA private keys.
#![forbid(unsafe_code)]

use der::{Decode, Reader, SliceReader, Tagged, asn1::AnyRef};

use crate::secret::SecretBytes;

/// Whether an ML-DSA PKCS#8 key is sound in what the library does not look at: nothing follows the key inside the
/// `privateKey` octets, where the library stops reading after the element that it wanted, and of an expanded key the
/// coefficients of s1 and s2 are in their range (FIPS 204 algorithm 25), which the FIPS module takes on trust. `der` is
/// one that the library has parsed.
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

/// Whether each coefficient of s1 and s2 lies between -eta and eta (FIPS 204 table 1). They are packed as eta minus
/// itself, in 3 bits for an eta of 2 and in 4 for one of 4, after rho, K and tr (algorithm 24).
fn in_range(expanded: &[u8]) -> bool {
    let (polynomials, bits, most) = match expanded.len() {
        2560 => (4 + 4, 3, 4),
        4032 => (6 + 5, 4, 8),
        4896 => (8 + 7, 3, 4),
        _ => return false,
    };
    let packed = expanded.get(128..128 + polynomials * 32 * bits).unwrap_or_default();
    // As few bytes as hold whole coefficients: 8 of them, or 2.
    let group = if bits == 3 { 3 } else { 1 };
    packed.chunks_exact(group).all(|bytes| {
        let packed = bytes.iter().rev().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        (0..group * 8 / bits).all(|index| (packed >> (index * bits)) & ((1 << bits) - 1) <= most)
    })
}

/// The seed of a PKCS#8 key in the seed form, `seed [0] OCTET STRING` (RFC 9881 6), which is how the library writes one.
/// It has no other way to ask for a seed that both its builds know.
pub(super) fn seed(der: &[u8]) -> Option<SecretBytes> {
    let key = inner(der).ok()?;
    let seed = der::Tag::ContextSpecific { constructed: false, number: der::TagNumber(0) };
    (key.tag() == seed && key.value().len() == 32).then(|| SecretBytes::new(key.value().to_vec()))
}

/// The element inside the `privateKey` octets of a PKCS#8 key. Refuses bytes after its end.
fn inner(der: &[u8]) -> der::Result<AnyRef<'_>> {
    let mut info = SliceReader::new(AnyRef::from_der(der)?.value())?;
    AnyRef::decode(&mut info)?; // version
    AnyRef::decode(&mut info)?; // algorithm
    AnyRef::from_der(AnyRef::decode(&mut info)?.value())
}
