//! Reads a private key that signs and determines its kind from the encoding, without using the key.

use der::Tag;
use zeroize::Zeroize as _;

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, context},
    pem,
    public_key::{Algorithm, Kind, curve, rsa_key_type},
};
use crate::{
    algorithm::{KeyForm, KeyType},
    secret::{SecretBytes, SecretKey},
};

/// A private key whose kind and size are known. It has not been used yet.
#[derive(Debug)]
pub struct SigningKey {
    key_type: KeyType,
    form: KeyForm,
    der: SecretKey,
}

impl SigningKey {
    /// Returns the kind and size of the key.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// Returns the structure of the DER.
    pub fn form(&self) -> KeyForm {
        self.form
    }

    /// Returns the DER for the crypto library.
    pub fn der(&self) -> &SecretKey {
        &self.der
    }

    /// Reads a key in PEM or DER and recognizes which of the two it is.
    pub fn from_bytes(bytes: SecretBytes) -> Result<Self, FieldErrorKind> {
        if let Some(text) = pem::text(bytes.expose()) {
            return Self::from_pem(text);
        }
        if is_encrypted(bytes.expose()).unwrap_or(false) {
            return Err(FieldErrorKind::Unsupported(ENCRYPTED.into()));
        }
        Self::from_der(None, bytes)
    }

    /// Reads the only key in a PEM text. Ignores an `EC PARAMETERS` block and certificates.
    pub fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        let mut blocks = pem::blocks(text).map_err(|error| FieldErrorKind::Malformed(error.to_string()))?;
        blocks.retain(|block| !matches!(block.label, "EC PARAMETERS" | "CERTIFICATE" | "X509 CERTIFICATE"));
        if blocks.iter().any(|block| block.encrypted || block.label == "ENCRYPTED PRIVATE KEY") {
            return Err(FieldErrorKind::Unsupported(ENCRYPTED.into()));
        }
        let mut block = match (blocks.pop(), blocks.pop()) {
            (Some(block), None) => block,
            (None, _) => return Err(FieldErrorKind::Malformed("holds no PEM block `PRIVATE KEY`".into())),
            (Some(_), Some(_)) => {
                return Err(FieldErrorKind::Malformed("holds more than one private key; send one".into()));
            }
        };
        let labelled = match block.label {
            "PRIVATE KEY" => Some(KeyForm::Pkcs8),
            "EC PRIVATE KEY" => Some(KeyForm::Sec1),
            "RSA PRIVATE KEY" => Some(KeyForm::Pkcs1),
            _ => None,
        };
        let der = SecretBytes::new(std::mem::take(&mut *block.der));
        Self::from_der(labelled, der)
    }

    /// Reads a key. Tries the form `labelled` that its label indicates, then every other form.
    fn from_der(labelled: Option<KeyForm>, der: SecretBytes) -> Result<Self, FieldErrorKind> {
        let mut first = None;
        for form in labelled.into_iter().chain(KeyForm::ALL) {
            match key_type(form, der.expose()) {
                Ok(key_type) => return Ok(Self { key_type, form, der: SecretKey::new(der) }),
                // The key was understood but is not supported: this error is the most helpful.
                Err(kind @ FieldErrorKind::Unsupported(_)) => return Err(kind),
                Err(kind) => _ = first.get_or_insert(kind),
            }
        }
        match (labelled, first) {
            (Some(_), Some(kind)) => Err(kind),
            _ => Err(FieldErrorKind::Malformed(
                "is not a private key in PKCS#8, SEC1 (EC) or PKCS#1 (RSA) form".into(),
            )),
        }
    }
}

pub(super) const ENCRYPTED: &str = "is an encrypted private key, and the broker has no passphrase; decrypt the key first (openssl pkey -in KEY -out PLAIN)";

/// Reports whether the bytes are an EncryptedPrivateKeyInfo (RFC 5958 3): an algorithm and octets.
pub(super) fn is_encrypted(bytes: &[u8]) -> Result<bool, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    parts.next(Tag::Sequence)?;
    parts.next(Tag::OctetString)?;
    Ok(parts.is_empty())
}

/// Moves the text out of a message's field, into a container that wipes it when dropped.
pub(super) fn take(field: &mut String) -> WipedText {
    WipedText(std::mem::take(field))
}

/// Text that is wiped when it is dropped.
pub(super) struct WipedText(String);

impl WipedText {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for WipedText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

pub(super) fn key_type(form: KeyForm, bytes: &[u8]) -> Result<KeyType, FieldErrorKind> {
    match form {
        KeyForm::Pkcs8 => pkcs8(bytes),
        KeyForm::Sec1 => sec1(bytes),
        KeyForm::Pkcs1 => pkcs1(bytes),
    }
}

fn pkcs8(bytes: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let info = PrivateKeyInfo::read(bytes).map_err(NotDer::in_a("PrivateKeyInfo (RFC 5958)"))?;
    match info.algorithm.kind()? {
        Kind::Rsa => pkcs1(info.key),
        Kind::Fixed(key_type) => Ok(key_type),
    }
}

/// OneAsymmetricKey (RFC 5958 2).
pub(super) struct PrivateKeyInfo<'a> {
    pub(super) algorithm: Algorithm<'a>,
    /// The octets of privateKey, whose structure the algorithm determines.
    pub(super) key: &'a [u8],
    /// The content octets of publicKey's BIT STRING, if it is present.
    pub(super) public_key: Option<&'a [u8]>,
}

impl<'a> PrivateKeyInfo<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
        if !matches!(parts.next(Tag::Integer)?.value, [0 | 1]) {
            return Err(NotDer::Unexpected);
        }
        let algorithm = Algorithm::read(&mut parts)?;
        let key = parts.next(Tag::OctetString)?.value;
        parts.optional(context(0, true))?;
        let public_key = parts.optional(context(1, false))?.map(|bits| bits.value);
        parts.end()?;
        Ok(Self { algorithm, key, public_key })
    }
}

fn sec1(bytes: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let parameters = ec_private_key(bytes).map_err(NotDer::in_a("ECPrivateKey (RFC 5915)"))?;
    let parameters = parameters.ok_or_else(|| {
        FieldErrorKind::Malformed("names no curve inside its ECPrivateKey (RFC 5915 3)".into())
    })?;
    curve(parameters).map(KeyType::Ec)
}

fn ec_private_key(bytes: &[u8]) -> Result<Option<Tlv<'_>>, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    if parts.next(Tag::Integer)?.value != [1] {
        return Err(NotDer::Unexpected);
    }
    parts.next(Tag::OctetString)?;
    let parameters = match parts.optional(context(0, true))? {
        Some(parameters) => Some(Tlv::only(parameters.value)?),
        None => None,
    };
    parts.optional(context(1, true))?;
    parts.end()?;
    Ok(parameters)
}

fn pkcs1(bytes: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let (modulus, exponent) =
        rsa_private_key(bytes).map_err(NotDer::in_a("RSAPrivateKey (RFC 8017 A.1.2)"))?;
    rsa_key_type(modulus, exponent)
}

/// Returns modulus and public exponent as content octets. Accepts only version 0: keys of more than two primes are
/// not in use.
fn rsa_private_key(bytes: &[u8]) -> Result<(&[u8], &[u8]), NotDer> {
    let mut parts: Values<'_> = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    if parts.next(Tag::Integer)?.value != [0] {
        return Err(NotDer::Unexpected);
    }
    let modulus = parts.next(Tag::Integer)?.value;
    let exponent = parts.next(Tag::Integer)?.value;
    for _ in 0..6 {
        parts.next(Tag::Integer)?;
    }
    parts.end()?;
    Ok((modulus, exponent))
}
