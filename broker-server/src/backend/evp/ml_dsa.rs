//! A check of ML-DSA keys that the library leaves out.
#![forbid(unsafe_code)]

use der::{Decode, Reader, SliceReader, Tagged, asn1::AnyRef};

/// Whether nothing follows the key inside the `privateKey` octets of an ML-DSA PKCS#8 key: there the library stops
/// reading after the element that it wanted. `der` is one that the library has parsed.
pub(super) fn private_key_is_exact(der: &[u8]) -> bool {
    let exact = || -> der::Result<bool> {
        let mut info = SliceReader::new(AnyRef::from_der(der)?.value())?;
        AnyRef::decode(&mut info)?; // version
        AnyRef::decode(&mut info)?; // algorithm
        let octets = AnyRef::decode(&mut info)?;
        let key = AnyRef::from_der(octets.value())?; // refuses bytes after its end
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
