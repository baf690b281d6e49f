#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::{algorithm::MlKem, secret::SecretBytes};

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let head = match contents.len() {
        0..=0x7f => vec![tag, length[1]],
        0x80..=0xff => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, contents.to_vec()].concat()
}

fn identifier(kem: Kem) -> Vec<u8> {
    use der::Encode as _;
    tlv(0x30, &ObjectIdentifier::new(kem.oid()).unwrap().to_der().unwrap())
}

/// Returns SubjectPublicKeyInfos and keys in every PKCS#8 form. Public parts consist of sevens, private ones of nines.
fn keys() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let pkcs8 = |kem: Kem, private: Vec<u8>, public: &[u8]| {
        let octets = tlv(0x04, &private);
        tlv(0x30, &[&[2, 1, 0], &identifier(kem)[..], &octets, public].concat())
    };
    let (mut public, mut private) = (Vec::new(), Vec::new());
    for kem in Kem::ALL {
        let key = vec![7; kem.encapsulation_key_length()];
        let bits = [&[0], &key[..]].concat();
        public.push(tlv(0x30, &[identifier(kem), tlv(0x03, &bits)].concat()));
        let seed = vec![9; kem.seed_length()];
        let Kem::MlKem(set) = kem else {
            private.push(pkcs8(kem, seed, &[]));
            continue;
        };
        let expanded = tlv(0x04, &vec![9; set.decapsulation_key_length()]);
        private.push(pkcs8(kem, tlv(0x80, &seed), &[]));
        private.push(pkcs8(kem, expanded.clone(), &tlv(0x81, &bits)));
        private.push(pkcs8(kem, tlv(0x30, &[tlv(0x04, &seed), expanded].concat()), &[]));
    }
    (public, private)
}

/// Reads `bytes` as both kinds of keys and checks that accepted keys have the lengths that the library requires.
fn read(bytes: &[u8]) -> [bool; 2] {
    let public = EncapsulationKey::from_bytes(bytes);
    if let Ok(key) = &public {
        assert_eq!(key.octets().len(), key.kem().encapsulation_key_length());
    }
    let private = DecapsulationKey::from_bytes(&SecretBytes::new(bytes.to_vec()));
    if let Ok(key) = &private {
        assert!(key.seed().is_some() || key.expanded().is_some());
        match key.kind() {
            KemKeyKind::AnyMlKem => assert_eq!(key.seed().unwrap().len(), 64),
            KemKeyKind::Of(kem) | KemKeyKind::Raw(kem) => {
                assert!(key.seed().is_none_or(|seed| seed.len() == kem.seed_length()));
                let set = MlKem::ALL.into_iter().find(|set| Kem::MlKem(*set) == kem);
                let expected = set.map(MlKem::decapsulation_key_length);
                assert!(key.expanded().is_none_or(|expanded| Some(expanded.len()) == expected));
            }
        }
        assert!(!format!("{key:?}").contains("9, 9"));
    }
    [public.is_ok(), private.is_ok()]
}

#[test]
fn rejects_truncated_and_trailing_bytes() {
    let (public, private) = keys();
    for (index, key) in public.into_iter().map(|key| (0, key)).chain(private.into_iter().map(|key| (1, key)))
    {
        assert!(read(&key)[index]);
        // A prefix of the length of a raw key is a raw key.
        let raw = |length| matches!(length, 800 | 1184 | 1568 | 1216 | 32 | 64 | 1632 | 2400 | 3168);
        for length in (0..key.len()).filter(|length| !raw(*length)) {
            assert_eq!(read(&key[..length]), [false; 2], "{length}");
        }
        assert_eq!(read(&[&key[..], &[0]].concat()), [false; 2]);
    }
}

/// Returns the only structure that `make` builds of `length` bytes, by trying lengths of its octets.
fn of_length(length: usize, make: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    (0..length).map(|octets| make(&vec![7; octets])).find(|der| der.len() == length)
}

/// A structure that holds a key of the wrong length, or of another algorithm, is not taken for a raw key of its own length.
#[test]
fn structures_of_the_length_of_raw_keys_are_not_raw() {
    let rsa = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00".to_vec();
    let identifiers = Kem::ALL.map(|kem| (identifier(kem), kem.name()));
    let mut checked = 0;
    for (identifier, name) in identifiers.into_iter().chain([(rsa, "1.2.840.113549.1.1.1")]) {
        let spki =
            |octets: &[u8]| tlv(0x30, &[identifier.clone(), tlv(0x03, &[&[0], octets].concat())].concat());
        let pkcs8 = |octets: &[u8]| tlv(0x30, &[&[2, 1, 0], &identifier[..], &tlv(0x04, octets)].concat());
        for raw in Kem::ALL.map(Kem::encapsulation_key_length) {
            let Some(key) = of_length(raw, spki) else { continue };
            let kind = EncapsulationKey::from_bytes(&key).unwrap_err().to_string();
            assert!(kind.contains(name), "{name} {raw}: {kind}");
            checked += 1;
        }
        for raw in [32, 64, 1632, 2400, 3168] {
            let Some(key) = of_length(raw, pkcs8) else { continue };
            let kind = DecapsulationKey::from_bytes(&SecretBytes::new(key)).unwrap_err().to_string();
            let is_of_kind = kind.contains(name) || kind.contains("ML-KEM-PrivateKey");
            assert!(is_of_kind, "{name} {raw}: {kind}");
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

proptest! {
    #[test]
    fn corrupted_keys_keep_valid_lengths(
        which in any::<prop::sample::Index>(),
        position in 0..60_usize,
        byte in any::<u8>(),
    ) {
        let (public, private) = keys();
        let all = [public, private].concat();
        let mut key = which.get(&all).clone();
        if let Some(old) = key.get_mut(position) {
            *old = byte;
        }
        read(&key);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }
}
