//! A decapsulation key: raw, or PKCS#8 in DER or PEM.

use der::Tag;

use super::{
    super::{
        FieldErrorKind,
        asn1::{NotDer, Tlv, context, is_sequence},
        pem,
        signing_key::{ENCRYPTED, PrivateKeyInfo, is_encrypted, private_key},
    },
    KemKeyKind, check_length, mechanism,
};
use crate::{
    algorithm::{Kem, MlKem},
    secret::{SecretBytes, SecretKey},
};

/// A decapsulation key that has not been checked or used yet. It has a seed, or an expanded form, or both.
#[derive(Debug)]
pub struct DecapsulationKey {
    kind: KemKeyKind,
    seed: Option<SecretKey>,
    expanded: Option<SecretKey>,
    public: Option<Vec<u8>>,
}

impl DecapsulationKey {
    /// Returns the mechanism of the key, as far as the key identifies it.
    pub fn kind(&self) -> KemKeyKind {
        self.kind
    }

    /// Returns the seed: d and z of ML-KEM, or X-Wing's decapsulation key. It has the mechanism's length.
    pub fn seed(&self) -> Option<&SecretKey> {
        self.seed.as_ref()
    }

    /// Returns the expanded form: dk of ML-KEM. It has the parameter set's length.
    pub fn expanded(&self) -> Option<&SecretKey> {
        self.expanded.as_ref()
    }

    /// Returns the encapsulation key that accompanies the decapsulation key; it can have any length.
    pub fn public(&self) -> Option<&[u8]> {
        self.public.as_deref()
    }

    /// Reads a key. A raw key is recognized by its length, unless it has the structure of PrivateKeyInfo: a damaged one, or
    /// one of another algorithm, can have the length of a raw key.
    pub fn from_bytes(bytes: &SecretBytes) -> Result<Self, FieldErrorKind> {
        let bytes = bytes.expose();
        if pem::is_pem(bytes) {
            return Self::from_pem(bytes);
        }
        if PrivateKeyInfo::read(bytes).is_err()
            && let Some(key) = Self::from_raw(bytes)
        {
            return Ok(key);
        }
        if is_sequence(bytes) {
            return Self::from_pkcs8(bytes);
        }
        Err(FieldErrorKind::Malformed(format!(
            "is {} bytes long and not a decapsulation key: raw keys have 64 (ML-KEM seed), 32 (x-wing), 1632 (ml-kem-512, \
             expanded), 2400 (ml-kem-768) or 3168 (ml-kem-1024) bytes; PKCS#8 in DER or PEM is accepted, too",
            bytes.len()
        )))
    }

    fn from_raw(bytes: &[u8]) -> Option<Self> {
        let copy = || Some(SecretKey::new(SecretBytes::new(bytes.to_vec())));
        let expanded = |set: &MlKem| set.decapsulation_key_length() == bytes.len();
        let (kind, seed, expanded) = match bytes.len() {
            64 => (KemKeyKind::AnyMlKem, copy(), None),
            32 => (KemKeyKind::Raw(Kem::XWing), copy(), None),
            _ => (KemKeyKind::Raw(Kem::MlKem(MlKem::ALL.into_iter().find(expanded)?)), None, copy()),
        };
        Some(Self { kind, seed, expanded, public: None })
    }

    fn from_pem(text: &[u8]) -> Result<Self, FieldErrorKind> {
        Self::from_pkcs8(&private_key(text)?.der()?)
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self, FieldErrorKind> {
        if is_encrypted(bytes).unwrap_or(false) {
            return Err(FieldErrorKind::Unsupported(ENCRYPTED.into()));
        }
        let info = PrivateKeyInfo::read(bytes).map_err(NotDer::in_a("PrivateKeyInfo (RFC 5958)"))?;
        let kem = mechanism(&info.algorithm)?;
        let public = match info.public_key {
            // The first octet counts the unused bits of the last one.
            Some([0, octets @ ..]) => Some(octets.to_vec()),
            Some(_) => return Err(NotDer::in_a("publicKey (RFC 5958)")(NotDer::Unexpected)),
            None => None,
        };
        let (seed, expanded) = match kem {
            Kem::MlKem(set) => ml_kem(set, info.key)?,
            // draft-connolly-cfrg-xwing-kem-10 5.8.2
            Kem::XWing if public.is_some() => {
                return Err(FieldErrorKind::Malformed(
                    "its x-wing key has a publicKey, which must be absent (draft-connolly-cfrg-xwing-kem 5.8.2)".into(),
                ));
            }
            Kem::XWing => (Some(info.key), None),
        };
        if let Some(seed) = seed {
            check_length(kem, "seed", seed, kem.seed_length())?;
        }
        let secret = |octets: &[u8]| SecretKey::new(SecretBytes::new(octets.to_vec()));
        let (seed, expanded) = (seed.map(secret), expanded.map(secret));
        Ok(Self { kind: KemKeyKind::Of(kem), seed, expanded, public })
    }
}

/// The seed and the expanded key; at least one is present.
type Forms<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// Reads an ML-KEM-PrivateKey (RFC 9935 6), whose tags tell its three forms apart.
fn ml_kem(set: MlKem, key: &[u8]) -> Result<Forms<'_>, FieldErrorKind> {
    let choice = || -> Result<Forms<'_>, NotDer> {
        let key = Tlv::only(key)?;
        if key.tag == context(0, false) {
            return Ok((Some(key.value), None));
        }
        if key.tag == Tag::OctetString {
            return Ok((None, Some(key.value)));
        }
        let mut both = key.inside(Tag::Sequence)?;
        let (seed, expanded) = (both.next(Tag::OctetString)?.value, both.next(Tag::OctetString)?.value);
        both.end()?;
        Ok((Some(seed), Some(expanded)))
    };
    let (seed, expanded) = choice().map_err(NotDer::in_a("ML-KEM-PrivateKey (RFC 9935 6)"))?;
    if let Some(expanded) = expanded {
        check_length(Kem::MlKem(set), "expanded key", expanded, set.decapsulation_key_length())?;
    }
    Ok((seed, expanded))
}
