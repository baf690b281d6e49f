//! A signature as its format has it. Reading is strict: of each signature there is one encoding, or the bytes are none.

use std::str::from_utf8;

use der::Tag;

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, encode},
    pem,
    signed_data::SignedData,
};
use crate::algorithm::{Composite, KeyType, SignatureFormat};

/// A signature whose shape is right.
#[derive(Debug)]
pub enum Signature {
    /// As the crypto library takes it: of ECDSA Ecdsa-Sig-Value (RFC 3279 2.2.3), of the others their own octets.
    Plain(Vec<u8>),
    /// Inside detached SignedData.
    Cms(SignedData),
}

impl Signature {
    /// Reads a signature that keys of the kind `key` make.
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
            (SignatureFormat::Cms, _) => SignedData::from_der(bytes).map(Self::Cms),
        }
    }
}

/// Reads the signature of a composite, and checks the shape of both halves. They are as the draft has them in every format:
/// of ECDSA Ecdsa-Sig-Value (draft-ietf-lamps-pq-composite-sigs-19 4). Policy grants no format but RAW, DER and PEM.
pub fn read_composite(
    bytes: &[u8],
    format: SignatureFormat,
    algorithm: Composite,
) -> Result<Vec<u8>, FieldErrorKind> {
    let octets = if format == SignatureFormat::Pem { from_pem(bytes)? } else { bytes.to_vec() };
    let [traditional, ml_dsa] = algorithm.keys();
    let halves = algorithm.halves(&octets).ok_or_else(|| {
        let wanted = algorithm.ml_dsa().signature_length();
        FieldErrorKind::Malformed(format!(
            "is {} bytes long; its half of {ml_dsa} alone has {wanted}",
            octets.len()
        ))
    })?;
    check(halves.0, ml_dsa)?;
    check(halves.1, traditional)
        .map_err(|kind| FieldErrorKind::Malformed(format!("has a half of {traditional} that {kind}")))?;
    Ok(octets)
}

/// Checks the shape of what an X.509 signature's BIT STRING holds. Whether r and s are in range is for the verification
/// to say.
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

fn wrong_length(length: usize, wanted: usize, key: KeyType) -> FieldErrorKind {
    FieldErrorKind::Malformed(format!("is {length} bytes long; a signature of {key} has {wanted}"))
}

fn is_ecdsa_sig_value(bytes: &[u8]) -> Result<(), NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    for _ in 0..2 {
        // X.690 8.3.2: the first nine bits are not all alike. Negative numbers are INTEGERs too.
        match parts.next(Tag::Integer)?.value {
            [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => return Err(NotDer),
            _ => {}
        }
    }
    parts.end()
}

/// Ecdsa-Sig-Value of two numbers of fixed width.
fn ecdsa_sig_value(r: &[u8], s: &[u8]) -> Result<Vec<u8>, NotDer> {
    let mut content = integer(r)?;
    content.extend(integer(s)?);
    encode(Tag::Sequence, &content)
}

/// DER of an INTEGER that is not negative.
fn integer(number: &[u8]) -> Result<Vec<u8>, NotDer> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut content = vec![0];
    content.extend(number.get(zeros..).unwrap_or_default());
    match content.get(1) {
        Some(..0x80) => encode(Tag::Integer, content.get(1..).unwrap_or_default()),
        _ => encode(Tag::Integer, &content),
    }
}

/// The contents of the one block `SIGNATURE`, with nothing but white space around it.
fn from_pem(bytes: &[u8]) -> Result<Vec<u8>, FieldErrorKind> {
    let malformed = || FieldErrorKind::Malformed("is not one PEM block `SIGNATURE` (RFC 7468)".into());
    let text = from_utf8(bytes).map_err(|_| malformed())?.trim();
    // RFC 7468 2: no headers.
    if !text.starts_with("-----BEGIN SIGNATURE-----")
        || !text.ends_with("-----END SIGNATURE-----")
        || text.contains(':')
    {
        return Err(malformed());
    }
    let mut blocks = pem::blocks(text).map_err(|error| FieldErrorKind::Malformed(error.to_string()))?;
    match (blocks.pop(), blocks.pop()) {
        (Some(mut block), None) => Ok(std::mem::take(&mut *block.der)),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests;
