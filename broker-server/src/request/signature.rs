//! Reads signatures in each format. Reading is strict: each signature has exactly one valid encoding.

use std::str::from_utf8;

use der::Tag;

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, encode},
    pem,
    signed_data::SignedData,
};
use crate::algorithm::{Composite, KeyType, SignatureFormat};

/// A well-formed signature, not yet verified.
#[derive(Debug)]
pub enum Signature {
    /// The crypto library's form: Ecdsa-Sig-Value (RFC 3279 2.2.3) for ECDSA, the algorithm's own octets otherwise.
    Plain(Vec<u8>),
    /// SignedData.
    Cms(SignedData),
}

impl Signature {
    /// Reads a signature that was made with a key of the kind `key`.
    pub fn read(bytes: &[u8], format: SignatureFormat, key: KeyType) -> Result<Self, FieldErrorKind> {
        match (format, key) {
            (SignatureFormat::Raw, KeyType::Ec(curve)) => {
                let length = curve.order_length();
                match bytes.split_at_checked(length) {
                    Some((r, s)) if s.len() == length => {
                        let value = ecdsa_sig_value(r, s).map_err(NotDer::in_a("Ecdsa-Sig-Value"))?;
                        Ok(Self::Plain(value))
                    }
                    _ => Err(wrong_length(bytes.len(), 2 * length, key)),
                }
            }
            (SignatureFormat::Raw | SignatureFormat::Der, _) => {
                check(bytes, key)?;
                Ok(Self::Plain(bytes.to_vec()))
            }
            (SignatureFormat::Pem, _) => {
                let der = from_pem(bytes)?;
                check(&der, key)?;
                Ok(Self::Plain(der))
            }
            (SignatureFormat::Cms, _) => SignedData::from_bytes(bytes).map(Self::Cms),
        }
    }
}

/// Reads the signature of a composite and checks that both halves are well formed. Each format encodes the halves as
/// the draft does, with Ecdsa-Sig-Value for ECDSA (draft-ietf-lamps-pq-composite-sigs-19 4). Policy grants only RAW,
/// DER and PEM.
pub fn read_composite(
    bytes: &[u8],
    format: SignatureFormat,
    algorithm: Composite,
) -> Result<Vec<u8>, FieldErrorKind> {
    let octets = if format == SignatureFormat::Pem { from_pem(bytes)? } else { bytes.to_vec() };
    let [traditional, ml_dsa] = algorithm.keys();
    let halves = algorithm.halves(&octets).ok_or_else(|| {
        let minimum = algorithm.ml_dsa().signature_length();
        FieldErrorKind::Malformed(format!(
            "is {} bytes long; its {ml_dsa} half alone has {minimum}",
            octets.len()
        ))
    })?;
    check(halves.0, ml_dsa)?;
    check(halves.1, traditional)
        .map_err(|kind| FieldErrorKind::Malformed(format!("has a {traditional} half that {kind}")))?;
    Ok(octets)
}

/// Checks the form of the octets in an X.509 signature's BIT STRING. The verification checks later whether r and s are in
/// range.
pub fn check(octets: &[u8], key: KeyType) -> Result<(), FieldErrorKind> {
    let length = match key {
        KeyType::Ec(_) => {
            return is_ecdsa_sig_value(octets).map_err(NotDer::in_a("Ecdsa-Sig-Value (RFC 3279 2.2.3)"));
        }
        KeyType::Rsa { bits } => bits.div_ceil(8) as usize,
        KeyType::Ed25519 => 64,
        KeyType::MlDsa(set) => set.signature_length(),
    };
    if octets.len() == length { Ok(()) } else { Err(wrong_length(octets.len(), length, key)) }
}

fn wrong_length(length: usize, expected: usize, key: KeyType) -> FieldErrorKind {
    FieldErrorKind::Malformed(format!("is {length} bytes long; a signature of {key} has {expected}"))
}

fn is_ecdsa_sig_value(bytes: &[u8]) -> Result<(), NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    for _ in 0..2 {
        // Negative numbers are valid INTEGERs.
        parts.integer()?;
    }
    parts.end()
}

/// Encodes two numbers of fixed width as Ecdsa-Sig-Value.
fn ecdsa_sig_value(r: &[u8], s: &[u8]) -> Result<Vec<u8>, NotDer> {
    let mut content = integer(r)?;
    content.extend(integer(s)?);
    encode(Tag::Sequence, &content)
}

/// Encodes a number that is not negative as a DER INTEGER.
fn integer(number: &[u8]) -> Result<Vec<u8>, NotDer> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut content = vec![0];
    content.extend(number.get(zeros..).unwrap_or_default());
    match content.get(1) {
        Some(..0x80) => encode(Tag::Integer, content.get(1..).unwrap_or_default()),
        _ => encode(Tag::Integer, &content),
    }
}

/// Returns the contents of the only block, `SIGNATURE`, which may have only white space around it.
fn from_pem(bytes: &[u8]) -> Result<Vec<u8>, FieldErrorKind> {
    let malformed = || FieldErrorKind::Malformed("is not a single PEM block `SIGNATURE` (RFC 7468)".into());
    let text = from_utf8(bytes).map_err(|_| malformed())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if !text.starts_with("-----BEGIN SIGNATURE-----") || !text.ends_with("-----END SIGNATURE-----") {
        return Err(malformed());
    }
    let mut blocks = pem::blocks(text.as_bytes())?;
    match (blocks.pop(), blocks.pop()) {
        // Headers are not allowed (RFC 7468 2).
        (Some(block), None) if !block.has_headers() => Ok(std::mem::take(&mut *block.der()?)),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests;
