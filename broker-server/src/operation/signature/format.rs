//! Encodes signatures in the caller's format.

use der::{Decode as _, Sequence, asn1::UintRef};

use super::SignatureError;
use crate::algorithm::{KeyType, SignatureFormat};

/// Ecdsa-Sig-Value (RFC 3279 2.2.3).
#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// Encodes the crypto library's signature with a key of the kind `key` as RAW, DER or PEM.
pub(super) fn encode(
    signature: Vec<u8>,
    format: SignatureFormat,
    key: KeyType,
) -> Result<Vec<u8>, SignatureError> {
    match (format, key) {
        (SignatureFormat::Raw, KeyType::Ec(curve)) => fixed_width(&signature, curve.order_length()),
        _ => encode_octets(signature, format),
    }
}

/// Encodes a signature whose RAW and DER forms are the same.
pub(super) fn encode_octets(signature: Vec<u8>, format: SignatureFormat) -> Result<Vec<u8>, SignatureError> {
    match format {
        SignatureFormat::Raw | SignatureFormat::Der => Ok(signature),
        SignatureFormat::Pem => {
            let block = pem::Pem::new("SIGNATURE", signature);
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            Ok(pem::encode_config(&block, config).into_bytes())
        }
        // SignedData contains the signature, so it is built in `cms`.
        SignatureFormat::Cms => Err(SignatureError::Internal),
    }
}

/// Returns r and s, each padded with leading zeros to `width` bytes.
fn fixed_width(der: &[u8], width: usize) -> Result<Vec<u8>, SignatureError> {
    let value = EcdsaSigValue::from_der(der)?;
    let mut fixed = Vec::with_capacity(2 * width);
    for number in [value.r, value.s] {
        let number = number.as_bytes();
        let zeros = width.checked_sub(number.len()).ok_or(SignatureError::Internal)?;
        fixed.resize(fixed.len() + zeros, 0);
        fixed.extend(number);
    }
    Ok(fixed)
}

#[cfg(test)]
mod tests;
