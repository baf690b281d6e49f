//! What the library leaves out about the encoding of ML-DSA private keys.
#![forbid(unsafe_code)]

use der::{Decode, Reader, SliceReader, Tagged, asn1::AnyRef};

use crate::secret::SecretBytes;

/// Whether nothing follows the key inside the `privateKey` octets of an ML-DSA PKCS#8 key: there the library stops
/// reading after the element that it wanted. `der` is one that the library has parsed.
pub(super) fn private_key_is_exact(der: &[u8]) -> bool {
    let exact = || -> der::Result<bool> {
        let key = inner(der)?;
        if key.tag() != der::Tag::Sequence {
            return Ok(true);
        }
        let mut both = SliceReader::new(key.value())?;
        AnyRef::decode(&mut both)?; // seed
        AnyRef::decode(&mut both)?; // expanded key
        Ok(both.is_finished())
    };
    exact().unwrap_or(false)
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
