//! An encapsulation key: raw, or SubjectPublicKeyInfo in DER or PEM.

use der::Tag;

use super::{
    super::{
        FieldErrorKind,
        asn1::{NotDer, Tlv},
        pem,
        public_key::Algorithm,
    },
    check_length, mechanism,
};
use crate::algorithm::Kem;

/// An encapsulation key whose mechanism is known. It has not been checked or used yet.
#[derive(Debug)]
pub struct EncapsulationKey {
    kem: Kem,
    octets: Vec<u8>,
}

impl EncapsulationKey {
    /// Returns the mechanism of the key.
    pub fn kem(&self) -> Kem {
        self.kem
    }

    /// Returns the octets of the key. They have the mechanism's length.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Reads a key. A raw key is recognized by its length, which no SubjectPublicKeyInfo of these mechanisms has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        if let Some(text) = pem::text(bytes) {
            return Self::from_pem(text);
        }
        if let Some(kem) = Kem::ALL.into_iter().find(|kem| kem.encapsulation_key_length() == bytes.len()) {
            return Ok(Self { kem, octets: bytes.to_vec() });
        }
        match Tlv::only(bytes) {
            Ok(info) => Self::from_spki(info),
            Err(_) => Err(FieldErrorKind::Malformed(format!(
                "is {} bytes long and not an encapsulation key: raw keys have 800 (ml-kem-512), 1184 (ml-kem-768), 1568 \
                 (ml-kem-1024) or 1216 (x-wing) bytes; SubjectPublicKeyInfo in DER or PEM is accepted, too",
                bytes.len()
            ))),
        }
    }

    fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        let blocks = pem::blocks(text).map_err(|error| FieldErrorKind::Malformed(error.to_string()))?;
        if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
            return Err(FieldErrorKind::Unsupported(
                "holds a private key; send only the encapsulation key, in a block `PUBLIC KEY`".into(),
            ));
        }
        let mut keys = blocks.iter().filter(|block| block.label == "PUBLIC KEY");
        match (keys.next(), keys.next()) {
            (Some(key), None) => Self::from_spki(Tlv::only(&key.der).map_err(NotDer::in_a(INFO))?),
            (None, _) => Err(FieldErrorKind::Malformed("holds no PEM block `PUBLIC KEY`".into())),
            (Some(_), Some(_)) => {
                Err(FieldErrorKind::Malformed("holds more than one public key; send one".into()))
            }
        }
    }

    /// Reads SubjectPublicKeyInfo, whose BIT STRING holds the key's octets (RFC 9935 4,
    /// draft-connolly-cfrg-xwing-kem-10 5.8.1).
    fn from_spki(info: Tlv<'_>) -> Result<Self, FieldErrorKind> {
        let mut parts = info.inside(Tag::Sequence).map_err(NotDer::in_a(INFO))?;
        let algorithm = Algorithm::read(&mut parts).map_err(NotDer::in_a(INFO))?;
        let octets = parts.octet_bits().map_err(NotDer::in_a(INFO))?;
        parts.end().map_err(NotDer::in_a(INFO))?;
        let kem = mechanism(&algorithm)?;
        check_length(kem, "encapsulation key", octets, kem.encapsulation_key_length())?;
        Ok(Self { kem, octets: octets.to_vec() })
    }
}

const INFO: &str = "SubjectPublicKeyInfo";
