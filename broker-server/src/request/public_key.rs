//! SubjectPublicKeyInfo: decides from the encoding alone which keys the broker accepts.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, magnitude},
    oid::OidRef,
};
use crate::algorithm::{Curve, KeyType, MlDsa};

pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(super) const ML_DSA: [(ObjectIdentifier, MlDsa); 3] = [
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17"), MlDsa::MlDsa44),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18"), MlDsa::MlDsa65),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19"), MlDsa::MlDsa87),
];
const CURVES: [(ObjectIdentifier, Curve); 4] = [
    (ObjectIdentifier::new_unwrap("1.3.132.0.33"), Curve::P224),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521),
];
/// The largest modulus that the crypto library accepts, in bits.
const MAX_RSA_BITS: usize = 16384;

/// A checked SubjectPublicKeyInfo.
#[derive(Clone, Debug)]
pub(super) struct PublicKeyInfo {
    /// The complete encoding, byte for byte.
    pub(super) der: Vec<u8>,
    /// The octets of subjectPublicKey, from which key identifiers are computed (RFC 5280 4.2.1.2).
    pub(super) bits: Vec<u8>,
    pub(super) key_type: KeyType,
}

impl PublicKeyInfo {
    /// Checks the algorithm, its parameters and the form of the key. The crypto library checks later whether a point
    /// lies on its curve.
    pub(super) fn read(info: Tlv<'_>) -> Result<Self, FieldErrorKind> {
        let what = "SubjectPublicKeyInfo";
        let mut parts = info.inside(Tag::Sequence).map_err(NotDer::in_a(what))?;
        let algorithm = Algorithm::read(&mut parts).map_err(NotDer::in_a(what))?;
        let bits = parts.octet_bits().map_err(NotDer::in_a(what))?;
        parts.end().map_err(NotDer::in_a(what))?;
        let key_type = match algorithm.kind()? {
            Kind::Rsa => rsa_public_key(bits)?,
            Kind::Fixed(KeyType::Ec(curve)) => {
                check_point(curve, bits)?;
                KeyType::Ec(curve)
            }
            Kind::Fixed(key_type) => {
                if Some(bits.len()) != public_key_length(key_type) {
                    return Err(FieldErrorKind::Malformed(format!(
                        "its {key_type} public key has the wrong length"
                    )));
                }
                key_type
            }
        };
        Ok(Self { der: info.raw.to_vec(), bits: bits.to_vec(), key_type })
    }
}

/// An AlgorithmIdentifier.
pub(super) struct Algorithm<'a> {
    pub(super) oid: OidRef<'a>,
    pub(super) parameters: Option<Tlv<'a>>,
}

/// The kind of key that an algorithm identifies: completely, or without the size for RSA.
pub(super) enum Kind {
    Rsa,
    Fixed(KeyType),
}

impl<'a> Algorithm<'a> {
    pub(super) fn read(values: &mut Values<'a>) -> Result<Self, NotDer> {
        let mut parts = values.sequence()?;
        let oid = parts.oid_ref()?;
        let parameters = if parts.is_empty() { None } else { Some(parts.any()?) };
        parts.end()?;
        Ok(Self { oid, parameters })
    }

    /// Reports whether the parameters are NULL.
    pub(super) fn null_parameters(&self) -> bool {
        self.parameters.is_some_and(|parameters| parameters.raw == [5, 0])
    }

    /// Returns the kind of a key, public or private, with this algorithm.
    pub(super) fn kind(&self) -> Result<Kind, FieldErrorKind> {
        if self.oid == RSA_ENCRYPTION {
            // RFC 3279 2.3.1
            let wrong = match self.parameters {
                Some(_) if self.null_parameters() => return Ok(Kind::Rsa),
                Some(_) => "its RSA key has parameters other than NULL in its AlgorithmIdentifier",
                None => "its RSA key misses the NULL parameters in its AlgorithmIdentifier",
            };
            return Err(FieldErrorKind::Malformed(format!("{wrong}, which RFC 3279 2.3.1 requires")));
        }
        if self.oid == EC_PUBLIC_KEY {
            return match self.parameters {
                Some(parameters) => curve(parameters).map(|curve| Kind::Fixed(KeyType::Ec(curve))),
                None => Err(FieldErrorKind::Malformed("its EC key names no curve (RFC 5480 2.1.1)".into())),
            };
        }
        let set = ML_DSA.iter().find(|(oid, _)| self.oid == *oid).map(|(_, set)| KeyType::MlDsa(*set));
        let Some(key_type) = set.or((self.oid == ED25519).then_some(KeyType::Ed25519)) else {
            return Err(FieldErrorKind::Unsupported(format!(
                "its key has the unsupported algorithm {}; use an RSA, EC, Ed25519 or ML-DSA key",
                self.oid
            )));
        };
        if self.parameters.is_some() {
            return Err(FieldErrorKind::Malformed(format!(
                "its {key_type} key has parameters, which must be absent (RFC 8410 3, RFC 9881 2)"
            )));
        }
        Ok(Kind::Fixed(key_type))
    }
}

/// Returns the curve that ECParameters name (RFC 5480 2.1.1).
pub(super) fn curve(parameters: Tlv<'_>) -> Result<Curve, FieldErrorKind> {
    if parameters.tag == Tag::Sequence {
        return Err(FieldErrorKind::Unsupported(
            "its EC key has explicit curve parameters; only named curves are supported (RFC 5480 2.1.1)"
                .into(),
        ));
    }
    let named = Values::new(parameters.raw)
        .and_then(|mut values| values.oid_ref())
        .map_err(|_| FieldErrorKind::Malformed("its EC key names no curve (RFC 5480 2.1.1)".into()))?;
    CURVES.iter().find(|(oid, _)| named == *oid).map(|(_, curve)| *curve).ok_or_else(|| {
        FieldErrorKind::Unsupported(format!(
            "its EC key is on the unsupported curve {named}; use P-224, P-256, P-384 or P-521"
        ))
    })
}

/// Checks a modulus and a public exponent, given as content octets, and returns the key type with the length in bits.
pub(super) fn rsa_key_type(modulus: &[u8], exponent: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let malformed = |_| {
        FieldErrorKind::Malformed("its RSA key has a component that is not a positive DER INTEGER".into())
    };
    let modulus = magnitude(modulus).map_err(malformed)?;
    let exponent = magnitude(exponent).map_err(malformed)?;
    let bits = bit_length(modulus);
    if is_even(modulus) {
        return Err(FieldErrorKind::Malformed("its RSA key has an even modulus".into()));
    }
    if bits > MAX_RSA_BITS {
        return Err(FieldErrorKind::Unsupported(format!(
            "its RSA key has {bits} bits; at most {MAX_RSA_BITS} are supported"
        )));
    }
    // 65537 is the smallest odd number of 17 bits (FIPS 186-5 A.1.1).
    if is_even(exponent) || bit_length(exponent) < 17 {
        return Err(FieldErrorKind::Unsupported(
            "its RSA key's public exponent is not an odd number of at least 65537 (FIPS 186-5 A.1.1)".into(),
        ));
    }
    Ok(KeyType::Rsa { bits: u32::try_from(bits).unwrap_or(u32::MAX) })
}

fn rsa_public_key(bits: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let what = "RSAPublicKey";
    let mut parts = Tlv::only(bits).and_then(|key| key.inside(Tag::Sequence)).map_err(NotDer::in_a(what))?;
    let modulus = parts.integer().map_err(NotDer::in_a(what))?;
    let exponent = parts.integer().map_err(NotDer::in_a(what))?;
    parts.end().map_err(NotDer::in_a(what))?;
    rsa_key_type(modulus, exponent)
}

/// Checks the form of a point. RFC 5480 2.2 makes compressed points optional; they are rejected, because key identifiers
/// and comparisons with private keys use the uncompressed form.
fn check_point(curve: Curve, point: &[u8]) -> Result<(), FieldErrorKind> {
    let coordinate = curve.bits().div_ceil(8) as usize;
    match point.first() {
        Some(4) if point.len() == 1 + 2 * coordinate => Ok(()),
        Some(2 | 3) if point.len() == 1 + coordinate => Err(FieldErrorKind::Unsupported(
            "its EC key is a compressed point; only the uncompressed form is supported (RFC 5480 2.2)".into(),
        )),
        _ => Err(FieldErrorKind::Malformed("its EC key is not a point of its curve (RFC 5480 2.2)".into())),
    }
}

/// Returns the length of a raw public key in bytes (RFC 8032 5.1.5, FIPS 204 table 2).
const fn public_key_length(key_type: KeyType) -> Option<usize> {
    match key_type {
        KeyType::Ed25519 => Some(32),
        KeyType::MlDsa(MlDsa::MlDsa44) => Some(1312),
        KeyType::MlDsa(MlDsa::MlDsa65) => Some(1952),
        KeyType::MlDsa(MlDsa::MlDsa87) => Some(2592),
        KeyType::Rsa { .. } | KeyType::Ec(_) => None,
    }
}

fn bit_length(magnitude: &[u8]) -> usize {
    magnitude.first().map_or(0, |first| magnitude.len() * 8 - first.leading_zeros() as usize)
}

fn is_even(magnitude: &[u8]) -> bool {
    magnitude.last().is_none_or(|last| last & 1 == 0)
}
