//! An encapsulation key: raw, or SubjectPublicKeyInfo in DER or PEM.

use der::Tag;

use super::{
    super::{
        FieldErrorKind,
        asn1::{NotDer, Tlv, is_sequence},
        pem,
        public_key::Algorithm,
    },
    KemKeyKind, check_length, mechanism,
};
use crate::algorithm::Kem;

/// An encapsulation key whose mechanism is known. It has not been checked or used yet.
#[derive(Debug)]
pub struct EncapsulationKey {
    kem: Kem,
    kind: KemKeyKind,
    octets: Vec<u8>,
}

impl EncapsulationKey {
    /// Returns the mechanism of the key.
    pub fn kem(&self) -> Kem {
        self.kem
    }

    /// Returns the mechanism of the key, and how it was identified.
    pub fn kind(&self) -> KemKeyKind {
        self.kind
    }

    /// Returns the octets of the key. They have the mechanism's length.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Reads a key. A raw key is recognized by its length, unless it has the structure of SubjectPublicKeyInfo: a damaged one,
    /// or one of another algorithm, can have the length of a raw key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        if pem::is_pem(bytes) {
            return Self::from_pem(bytes);
        }
        let info = Tlv::only(bytes).and_then(Info::read);
        let raw = Kem::ALL.into_iter().find(|kem| kem.encapsulation_key_length() == bytes.len());
        match (info, raw) {
            (Ok(info), _) => Self::from_spki(&info),
            (Err(_), Some(kem)) => Ok(Self { kem, kind: KemKeyKind::Raw(kem), octets: bytes.to_vec() }),
            (Err(error), None) if is_sequence(bytes) => Err(NotDer::in_a(INFO)(error)),
            (Err(_), None) => Err(FieldErrorKind::Malformed(format!(
                "is {} bytes long and not an encapsulation key: raw keys have 800 (ml-kem-512), 1184 (ml-kem-768), 1568 \
                 (ml-kem-1024) or 1216 (x-wing) bytes; SubjectPublicKeyInfo in DER or PEM is accepted, too",
                bytes.len()
            ))),
        }
    }

    fn from_pem(text: &[u8]) -> Result<Self, FieldErrorKind> {
        let blocks = pem::blocks(text)?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(FieldErrorKind::Unsupported(
                "holds a private key; send only the encapsulation key, in a block `PUBLIC KEY`".into(),
            ));
        }
        let key = pem::single(&blocks, |label| label == "PUBLIC KEY", "`PUBLIC KEY`", "public key")?.der()?;
        Self::from_spki(&Tlv::only(&key).and_then(Info::read).map_err(NotDer::in_a(INFO))?)
    }

    /// Reads SubjectPublicKeyInfo, whose BIT STRING holds the key's octets (RFC 9935 4,
    /// draft-connolly-cfrg-xwing-kem-10 5.8.1).
    fn from_spki(info: &Info<'_>) -> Result<Self, FieldErrorKind> {
        let kem = mechanism(&info.algorithm)?;
        check_length(kem, "encapsulation key", info.octets, kem.encapsulation_key_length())?;
        Ok(Self { kem, kind: KemKeyKind::Of(kem), octets: info.octets.to_vec() })
    }
}

/// SubjectPublicKeyInfo (RFC 5280 4.1).
struct Info<'a> {
    algorithm: Algorithm<'a>,
    octets: &'a [u8],
}

impl<'a> Info<'a> {
    fn read(info: Tlv<'a>) -> Result<Self, NotDer> {
        let mut parts = info.inside(Tag::Sequence)?;
        let algorithm = Algorithm::read(&mut parts)?;
        let octets = parts.octet_bits()?;
        parts.end()?;
        Ok(Self { algorithm, octets })
    }
}

const INFO: &str = "SubjectPublicKeyInfo";
