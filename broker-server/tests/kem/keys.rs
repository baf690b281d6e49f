//! Every form of keys, compared with the examples of RFC 9935 and of the X-Wing draft.

use sha2::{Digest as _, Sha256};

use crate::service::{LIBRARIES, MECHANISMS, Mechanism, Service, pem, tlv};

/// SHA-256 of the DER of the examples: the public key, and the private key as seed, as expanded key and as both. ML-KEM:
/// RFC 9935 appendix C, from the seed 00 01 … 3f; X-Wing: draft-connolly-cfrg-xwing-kem-10 appendix D, from 00 01 … 1f.
const EXAMPLES: [[&str; 4]; 4] = [
    [
        "0e3c8b89b54202d2545f7aba2e2aaa3cffa7b6191919ad738fab35b4f313cf71",
        "0fc934e3fb800359c219f4ede9fe4a1ae14018a20db779dcbaf2c8aba4fd6156",
        "38be7feecbbe6e6e466a0d7b5bb53e09040c3678e22fb2c0772c701c2372c858",
        "8426d7497a2ff1a4854b7d1ece4e8f976c721f314c3f653189f8e4b2a2bc5b0d",
    ],
    [
        "c23e23dd3d485a9256cda09358a4a286e00b373db10761eadf99f710649ca31c",
        "67d4dc57d8f9e28816f4a3495abc48dd416b0da9bd1e1de4716ad0883b9ad6b8",
        "994f7473b34fad03c2b36a500af9002dad15afa50473cef5ea217325c7156f9e",
        "95738d2a0b7252a16b1474b9fb4e0c8ddaa6fe70db7903ade4a385909ee0d165",
    ],
    [
        "d2b7480ae006a14b37c1e8a8e45ea39022e32a9b1a7b90d594c84d869c6ac420",
        "2c19d9d89d8c36ffb9eab0f3bb18dd90a47aaca3653bede67953173514d61234",
        "9cded660a340a6e7fdb93a4984e1e67764ade8e59be4db48b6921aeee5e6c795",
        "91004b1817d798dd3972439b8332a3a1b862f89c4e98b4ca2accd4f21afb9abb",
    ],
    [
        "11f463e56a32c42e69011a2c34e0487090b71b07be7356a91f5b9452ca3c0695",
        "a33cb7acdf9062e67343c853bdc05baddb74e66ae8fc623fa968ca15e1653a7b",
        "",
        "",
    ],
];

/// The DER of the object identifiers 2.16.840.1.101.3.4.4.1 to 3 and 1.3.6.1.4.1.62253.25722.
const IDENTIFIERS: [&[u8]; 4] = [
    b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x01",
    b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02",
    b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x03",
    b"\x06\x0b\x2b\x06\x01\x04\x01\x83\xe6\x2d\x81\xc8\x7a",
];

/// The example of a mechanism, encoded by this test in every form.
pub struct Example {
    pub mechanism: &'static Mechanism,
    pub identifier: &'static [u8],
    pub seed: Vec<u8>,
    pub public: Vec<u8>,
    /// The expanded key; empty for X-Wing, which has none.
    pub expanded: Vec<u8>,
}

impl Example {
    #[allow(deprecated)] // the expanded form of keys, which the crate advises against
    pub fn all() -> Vec<Self> {
        use ml_kem::{
            ExpandedKeyEncoding as _,
            kem::{Decapsulator as _, KeyExport as _},
        };

        macro_rules! expanded {
            ($set:ident, $seed:expr) => {{
                let key = ml_kem::$set::DecapsulationKey::from_seed($seed.as_slice().try_into().unwrap());
                (key.encapsulation_key().to_bytes().to_vec(), key.to_expanded_bytes().to_vec())
            }};
        }
        let seed = |length: usize| (0..length).map(|index| index as u8).collect::<Vec<u8>>();
        MECHANISMS
            .iter()
            .zip(IDENTIFIERS)
            .map(|(mechanism, identifier)| {
                let seed = seed(mechanism.seed);
                let (public, expanded) = match mechanism.name {
                    "ml-kem-512" => expanded!(ml_kem_512, seed),
                    "ml-kem-768" => expanded!(ml_kem_768, seed),
                    "ml-kem-1024" => expanded!(ml_kem_1024, seed),
                    _ => {
                        let key: [u8; 32] = seed.as_slice().try_into().unwrap();
                        (
                            x_wing::DecapsulationKey::from(key).encapsulation_key().to_bytes().to_vec(),
                            Vec::new(),
                        )
                    }
                };
                Self { mechanism, identifier, seed, public, expanded }
            })
            .collect()
    }

    pub fn spki(&self) -> Vec<u8> {
        spki(self.identifier, &self.public)
    }

    /// Encodes PKCS#8 with the given contents of the `privateKey` octets.
    pub fn pkcs8(&self, private_key: &[u8]) -> Vec<u8> {
        pkcs8(self.identifier, private_key, &[])
    }

    /// Returns the contents of `privateKey` in the seed form.
    pub fn seed_form(&self) -> Vec<u8> {
        if self.expanded.is_empty() { self.seed.clone() } else { tlv(0x80, &self.seed) }
    }

    pub fn expanded_form(&self) -> Vec<u8> {
        tlv(0x04, &self.expanded)
    }

    pub fn both_form(&self) -> Vec<u8> {
        tlv(0x30, &[tlv(0x04, &self.seed), tlv(0x04, &self.expanded)].concat())
    }
}

pub fn spki(identifier: &[u8], key: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x30, identifier), tlv(0x03, &[&[0], key].concat())].concat())
}

/// Encodes PKCS#8. `after` holds the attributes and public key that follow the private key.
pub fn pkcs8(identifier: &[u8], private_key: &[u8], after: &[u8]) -> Vec<u8> {
    let version = if after.is_empty() { [2, 1, 0] } else { [2, 1, 1] };
    tlv(0x30, &[&version, &tlv(0x30, identifier)[..], &tlv(0x04, private_key), after].concat())
}

#[tokio::test]
async fn writes_keys_like_the_standards_examples() {
    let service = Service::start().await;
    for (example, expected) in Example::all().iter().zip(EXAMPLES) {
        for library in LIBRARIES {
            let profile = example.mechanism.seeded(library);
            let raw = service.generate(&profile, Some(&example.seed), 1).await.unwrap();
            assert_eq!((&raw.public_key, &raw.private_key), (&example.public, &example.seed));
            let der = service.generate(&profile, Some(&example.seed), 2).await.unwrap();
            let digests = [&der.public_key, &der.private_key].map(|der| hex::encode(Sha256::digest(der)));
            assert_eq!(digests, expected[..2], "{profile}");
            let text = service.generate(&profile, Some(&example.seed), 3).await.unwrap();
            for (text, label, der) in [
                (&text.public_key, "PUBLIC KEY", &der.public_key),
                (&text.private_key, "PRIVATE KEY", &der.private_key),
            ] {
                let block = pem::parse(text).unwrap();
                assert_eq!((block.tag(), block.contents()), (label, &der[..]), "{profile}");
            }
        }
    }
}

#[tokio::test]
async fn reads_keys_in_every_form_of_the_standards() {
    let service = Service::start().await;
    for (example, expected) in Example::all().iter().zip(EXAMPLES) {
        let digest = |der: &[u8]| hex::encode(Sha256::digest(der));
        let spki = example.spki();
        assert_eq!(digest(&spki), expected[0]);
        let mut private = vec![("seed", example.pkcs8(&example.seed_form()), expected[1])];
        if !example.expanded.is_empty() {
            private.push(("expanded", example.pkcs8(&example.expanded_form()), expected[2]));
            private.push(("both", example.pkcs8(&example.both_form()), expected[3]));
        }
        let mut keys = vec![("raw seed", example.seed.clone())];
        for (form, der, expected) in private {
            assert_eq!(digest(&der), expected, "{} {form}", example.mechanism.name);
            keys.push((form, pem("PRIVATE KEY", &der)));
            keys.push((form, [b"a key\n".to_vec(), pem("PRIVATE KEY", &der)].concat()));
            keys.push((form, der));
        }
        if !example.expanded.is_empty() {
            keys.push(("raw expanded", example.expanded.clone()));
            // A public key and attributes may follow the private key (RFC 5958).
            let public = tlv(0x81, &[&[0], &example.public[..]].concat());
            keys.push(("public", pkcs8(example.identifier, &example.seed_form(), &public)));
            keys.push(("public", pkcs8(example.identifier, &example.expanded_form(), &public)));
            let attributes = [tlv(0xa0, &[]), public].concat();
            keys.push(("attributes", pkcs8(example.identifier, &example.both_form(), &attributes)));
        }
        for library in LIBRARIES {
            let profile = example.mechanism.profile(library);
            for key in [example.public.clone(), spki.clone(), pem("PUBLIC KEY", &spki)] {
                let encapsulated = service.encapsulate(&profile, &key).await.unwrap();
                for (form, key) in &keys {
                    let decapsulated = service.decapsulate(&profile, key, &encapsulated.ciphertext).await;
                    let decapsulated =
                        decapsulated.unwrap_or_else(|status| panic!("{profile} {form}: {status}"));
                    assert_eq!(decapsulated.shared_secret, encapsulated.shared_secret, "{profile} {form}");
                }
            }
        }
    }
}

#[tokio::test]
async fn reads_generated_keys() {
    let service = Service::start().await;
    for mechanism in &MECHANISMS {
        for library in LIBRARIES {
            let profile = mechanism.profile(library);
            for encoding in [0, 1, 2, 3] {
                let pair = service.generate(&profile, None, encoding).await.unwrap();
                let encapsulated = service.encapsulate(&profile, &pair.public_key).await.unwrap();
                let decapsulated =
                    service.decapsulate(&profile, &pair.private_key, &encapsulated.ciphertext).await.unwrap();
                assert_eq!(decapsulated.shared_secret, encapsulated.shared_secret, "{profile} {encoding}");
            }
        }
    }
}
