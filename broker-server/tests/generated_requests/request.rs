//! Assembles and signs certification requests (RFC 2986).

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    },
};
use proptest::{prelude::*, sample::select};

use crate::{
    case::{Case, SubjectKey},
    der::{self, context, dotted, sequence, tlv},
};

/// What is wrong with a request besides its names and attributes.
#[derive(Clone, Debug)]
pub enum Damage {
    /// The value of `version`.
    Version(Vec<u8>),
    /// No field for attributes (RFC 2986 requires an empty one).
    NoAttributes,
    /// The algorithm identifier of the signature.
    Algorithm(Vec<u8>),
    /// SubjectPublicKeyInfo.
    PublicKey(Vec<u8>),
    /// A bit of the signature is wrong.
    Signature,
    /// The bit of the encoded request with this position, modulo its length, is wrong.
    Bit(usize),
    /// The request ends early, by this part of 256.
    Cut(u8),
    /// Bytes follow the request.
    Tail(Vec<u8>),
}

impl Damage {
    /// Returns each kind of damage.
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            2 => select(vec![vec![1], vec![2], vec![], vec![0, 0], vec![0xff]]).prop_map(Self::Version),
            1 => Just(Self::NoAttributes),
            3 => select(algorithms()).prop_map(Self::Algorithm),
            3 => select(public_keys()).prop_map(Self::PublicKey),
            1 => Just(Self::Signature),
            6 => any::<usize>().prop_map(Self::Bit),
            2 => any::<u8>().prop_map(Self::Cut),
            1 => proptest::collection::vec(any::<u8>(), 1..4).prop_map(Self::Tail),
        ]
    }
}

/// Returns algorithm identifiers that are unknown, or that have parameters where they must not.
fn algorithms() -> Vec<Vec<u8>> {
    let ecdsa = || dotted("1.2.840.10045.4.3.2");
    vec![
        sequence(&[ecdsa(), tlv(der::NULL, &[])]),
        sequence(&[ecdsa(), sequence(&[])]),
        sequence(&[dotted("1.2.840.10045.4.1")]),
        sequence(&[dotted("1.2.840.10045.4.3.1")]),
        sequence(&[dotted("1.2.840.10045.4.3.4")]),
        sequence(&[dotted("1.2.840.113549.1.1.5"), tlv(der::NULL, &[])]),
        sequence(&[dotted("1.2.840.113549.1.1.11")]),
        sequence(&[dotted("1.2.840.113549.1.1.10"), sequence(&[])]),
        sequence(&[dotted("1.3.101.112"), tlv(der::NULL, &[])]),
        sequence(&[dotted("2.25.340282366920938463463374607431768211455")]),
        sequence(&[]),
        tlv(der::NULL, &[]),
    ]
}

/// Returns public keys that are unknown, malformed or not on their curve.
fn public_keys() -> Vec<Vec<u8>> {
    let ec = |curve: Vec<u8>, point: &[u8]| {
        sequence(&[
            sequence(&[dotted("1.2.840.10045.2.1"), curve]),
            tlv(der::BIT_STRING, &[&[0], point].concat()),
        ])
    };
    let p256 = || dotted("1.2.840.10045.3.1.7");
    vec![
        ec(p256(), &[]),
        ec(p256(), &[0]),
        ec(p256(), &[4; 65]),
        ec(p256(), &[2; 33]),
        ec(dotted("1.3.132.0.10"), &[4; 65]),
        ec(dotted("2.25.1"), &[4; 65]),
        ec(sequence(&[]), &[4; 65]),
        ec(tlv(der::NULL, &[]), &[4; 65]),
        sequence(&[sequence(&[dotted("1.3.101.112")]), tlv(der::BIT_STRING, &[0; 32])]),
        sequence(&[sequence(&[dotted("1.3.101.110")]), tlv(der::BIT_STRING, &[0; 33])]),
        sequence(&[
            sequence(&[dotted("1.2.840.113549.1.1.1"), tlv(der::NULL, &[])]),
            tlv(der::BIT_STRING, &[0, 0x30, 0]),
        ]),
        sequence(&[sequence(&[dotted("1.2.840.113549.1.1.1")]), tlv(der::BIT_STRING, &[0, 0x30, 0])]),
        sequence(&[sequence(&[dotted("2.16.840.1.101.3.4.3.18")]), tlv(der::BIT_STRING, &[0; 1953])]),
        sequence(&[sequence(&[dotted("2.25.7")]), tlv(der::BIT_STRING, &[0])]),
        sequence(&[]),
        tlv(der::NULL, &[]),
    ]
}

/// The subjects' keys. They are created once; requests differ in everything else.
pub struct Keys {
    random: SystemRandom,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    rsa: rsa::KeyPair,
}

impl Keys {
    pub fn new() -> Self {
        Self {
            random: SystemRandom::new(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            ed25519: Ed25519KeyPair::generate().unwrap(),
            rsa: rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap(),
        }
    }

    /// Returns SubjectPublicKeyInfo.
    fn public(&self, key: SubjectKey) -> Vec<u8> {
        match key {
            SubjectKey::P256 => self.p256.public_key().as_der().unwrap().as_ref().to_vec(),
            SubjectKey::Ed25519 => self.ed25519.public_key().as_der().unwrap().as_ref().to_vec(),
            SubjectKey::Rsa2048 => self.rsa.public_key().as_der().unwrap().as_ref().to_vec(),
        }
    }

    /// Returns the algorithm identifier and the signature.
    fn sign(&self, key: SubjectKey, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
        match key {
            SubjectKey::P256 => (
                sequence(&[dotted("1.2.840.10045.4.3.2")]),
                self.p256.sign(&self.random, message).unwrap().as_ref().to_vec(),
            ),
            SubjectKey::Ed25519 => {
                (sequence(&[dotted("1.3.101.112")]), self.ed25519.sign(message).as_ref().to_vec())
            }
            SubjectKey::Rsa2048 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature).unwrap();
                (sequence(&[dotted("1.2.840.113549.1.1.11"), tlv(der::NULL, &[])]), signature)
            }
        }
    }

    /// Returns the DER of the case's certification request.
    pub fn certification_request(&self, case: &Case) -> Vec<u8> {
        let mut parts = [
            tlv(der::INTEGER, &[0]),
            case.subject.clone(),
            self.public(case.key),
            context(0, true, &case.attributes.concat()),
        ];
        match &case.damage {
            Some(Damage::Version(value)) => parts[0] = tlv(der::INTEGER, value),
            Some(Damage::PublicKey(key)) => parts[2].clone_from(key),
            Some(Damage::NoAttributes) => parts[3].clear(),
            _ => {}
        }
        let info = sequence(&parts);
        let (mut algorithm, mut signature) = self.sign(case.key, &info);
        match &case.damage {
            Some(Damage::Algorithm(other)) => algorithm.clone_from(other),
            Some(Damage::Signature) => signature[20] ^= 1,
            _ => {}
        }
        let mut request =
            sequence(&[info, algorithm, tlv(der::BIT_STRING, &[&[0], signature.as_slice()].concat())]);
        match &case.damage {
            Some(Damage::Bit(position)) => {
                let position = position % (request.len() * 8);
                request[position / 8] ^= 1 << (position % 8);
            }
            Some(Damage::Cut(part)) => request.truncate(request.len() * usize::from(*part) / 256),
            Some(Damage::Tail(bytes)) => request.extend(bytes),
            _ => {}
        }
        request
    }
}
