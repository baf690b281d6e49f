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
        if pem::is_pem(bytes.expose()) { Self::from_pem_bytes(bytes.expose()) } else { Self::from_der(bytes) }
    }

    /// Reads the only key in a PEM text. Ignores blocks of other kinds, such as parameters and certificates.
    pub fn from_pem(text: &str) -> Result<Self, FieldErrorKind> {
        Self::from_pem_bytes(text.as_bytes())
    }

    fn from_pem_bytes(text: &[u8]) -> Result<Self, FieldErrorKind> {
        let block = private_key(text)?;
        let unsupported = match block.label {
            "OPENSSH PRIVATE KEY" => {
                "is a private key in OpenSSH's own form; convert it to PKCS#8 first (ssh-keygen -p -m PKCS8 -f KEY)"
            }
            "DSA PRIVATE KEY" => "is a DSA key; use an RSA, EC, Ed25519 or ML-DSA key",
            _ => return Self::from_der(SecretBytes::new(std::mem::take(&mut *block.der()?))),
        };
        Err(FieldErrorKind::Unsupported(unsupported.into()))
    }

    fn from_der(der: SecretBytes) -> Result<Self, FieldErrorKind> {
        let form = form(der.expose())?;
        let key_type = key_type(form, der.expose())?;
        Ok(Self { key_type, form, der: SecretKey::new(der) })
    }
}

/// Returns the only block of `text` that holds a private key. Fails if it is encrypted.
pub(super) fn private_key(text: &[u8]) -> Result<pem::Block<'_>, FieldErrorKind> {
    let wanted = |label: &str| label.ends_with("PRIVATE KEY");
    let blocks = pem::blocks(text)?;
    let encrypted = |block: &&pem::Block<'_>| block.label == "ENCRYPTED PRIVATE KEY" || block.is_encrypted();
    if blocks.iter().filter(|block| wanted(block.label)).any(|block| encrypted(&block)) {
        return Err(FieldErrorKind::Unsupported(ENCRYPTED.into()));
    }
    pem::single(&blocks, wanted, "`PRIVATE KEY`", "private key")
}

/// Determines the form of a key from its first values. The reader of that form checks the rest.
fn form(der: &[u8]) -> Result<KeyForm, FieldErrorKind> {
    let unsupported = match first_values(der) {
        Ok((Tag::Integer, [3], Tag::Sequence)) => {
            "is a PKCS#12 file; extract the key first (openssl pkcs12 -nocerts -noenc -in FILE)"
        }
        Ok((Tag::Integer, _, Tag::Sequence)) => return Ok(KeyForm::Pkcs8),
        Ok((Tag::Integer, _, Tag::OctetString)) => return Ok(KeyForm::Sec1),
        Ok((Tag::Integer, _, Tag::Integer)) => return Ok(KeyForm::Pkcs1),
        Ok((Tag::Sequence, _, Tag::OctetString)) => ENCRYPTED,
        Ok((Tag::Sequence, _, Tag::BitString)) => "is a public key; send the private key",
        Ok((Tag::Sequence, _, Tag::Sequence)) => {
            "is a certificate or a certification request; send the private key"
        }
        Err(error @ NotDer::Encoding(_)) => return Err(NotDer::in_a("private key")(error)),
        _ => {
            return Err(FieldErrorKind::Malformed(
                "is not a private key in PKCS#8, SEC1 (EC) or PKCS#1 (RSA) form, in PEM or DER".into(),
            ));
        }
    };
    Err(FieldErrorKind::Unsupported(unsupported.into()))
}

/// Returns the tag and contents of the first value in a sequence, and the tag of the second.
fn first_values(der: &[u8]) -> Result<(Tag, &[u8], Tag), NotDer> {
    let mut parts = Tlv::only(der)?.inside(Tag::Sequence)?;
    let first = parts.any()?;
    Ok((first.tag, first.value, parts.any()?.tag))
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
        if !matches!(parts.integer()?, [0 | 1]) {
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
    if parts.integer()? != [1] {
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
    let key = rsa_private_key(bytes).map_err(NotDer::in_a("RSAPrivateKey (RFC 8017 A.1.2)"))?;
    let (modulus, exponent) = key.ok_or_else(|| {
        FieldErrorKind::Unsupported(
            "is an RSA key of more than two primes (RFC 8017 A.1.2); use one of two primes".into(),
        )
    })?;
    rsa_key_type(modulus, exponent)
}

/// The content octets of modulus and public exponent.
type RsaNumbers<'a> = (&'a [u8], &'a [u8]);

/// Returns modulus and public exponent, or `None` for a key of more than two primes, which has version 1.
fn rsa_private_key(bytes: &[u8]) -> Result<Option<RsaNumbers<'_>>, NotDer> {
    let mut parts: Values<'_> = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    match parts.integer()? {
        [0] => {}
        [1] => return Ok(None),
        _ => return Err(NotDer::Unexpected),
    }
    let modulus = parts.integer()?;
    let exponent = parts.integer()?;
    for _ in 0..6 {
        parts.next(Tag::Integer)?;
    }
    parts.end()?;
    Ok(Some((modulus, exponent)))
}
