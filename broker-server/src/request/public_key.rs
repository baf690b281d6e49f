//! SubjectPublicKeyInfo: which keys the broker takes, decided from the bytes alone.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, magnitude},
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
/// The largest modulus that the crypto library takes.
const LARGEST_RSA: usize = 16384;

/// A checked SubjectPublicKeyInfo.
#[derive(Clone, Debug)]
pub(super) struct PublicKeyInfo {
    /// The whole of it, byte for byte.
    pub(super) der: Vec<u8>,
    /// The octets of subjectPublicKey, of which key identifiers are hashes (RFC 5280 4.2.1.2).
    pub(super) bits: Vec<u8>,
    pub(super) key_type: KeyType,
}

impl PublicKeyInfo {
    /// Checks the algorithm, its parameters and the key's shape. Whether a point lies on its curve is the crypto
    /// library's to say.
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
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Option<Tlv<'a>>,
}

/// What an algorithm says of a key: all, or all but the size.
pub(super) enum Kind {
    Rsa,
    Fixed(KeyType),
}

impl<'a> Algorithm<'a> {
    pub(super) fn read(values: &mut Values<'a>) -> Result<Self, NotDer> {
        let mut parts = values.sequence()?;
        let oid = parts.decode()?;
        let parameters = if parts.is_empty() { None } else { Some(parts.any()?) };
        parts.end()?;
        Ok(Self { oid, parameters })
    }

    /// Whether the parameters are NULL.
    pub(super) fn null_parameters(&self) -> bool {
        self.parameters.is_some_and(|parameters| parameters.raw == [5, 0])
    }

    /// As the algorithm of a key, public or private.
    pub(super) fn kind(&self) -> Result<Kind, FieldErrorKind> {
        if self.oid == RSA_ENCRYPTION {
            // RFC 3279 2.3.1
            return if self.null_parameters() {
                Ok(Kind::Rsa)
            } else {
                Err(FieldErrorKind::Malformed(
                    "its RSA key's parameters are not NULL (RFC 3279 2.3.1)".into(),
                ))
            };
        }
        if self.oid == EC_PUBLIC_KEY {
            return match self.parameters {
                Some(parameters) => curve(parameters).map(|curve| Kind::Fixed(KeyType::Ec(curve))),
                None => Err(FieldErrorKind::Malformed("its EC key names no curve (RFC 5480 2.1.1)".into())),
            };
        }
        let set = ML_DSA.iter().find(|(oid, _)| *oid == self.oid).map(|(_, set)| KeyType::MlDsa(*set));
        let Some(key_type) = set.or((self.oid == ED25519).then_some(KeyType::Ed25519)) else {
            return Err(FieldErrorKind::Unsupported(format!(
                "its key is of the algorithm {}; RSA, EC, Ed25519 and ML-DSA keys are taken",
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

/// The curve that ECParameters name (RFC 5480 2.1.1).
pub(super) fn curve(parameters: Tlv<'_>) -> Result<Curve, FieldErrorKind> {
    if parameters.tag == Tag::Sequence {
        return Err(FieldErrorKind::Unsupported(
            "its EC key spells its curve out; only named curves are taken (RFC 5480 2.1.1)".into(),
        ));
    }
    let named: ObjectIdentifier = Values::new(parameters.raw)
        .and_then(|mut values| values.decode())
        .map_err(|_| FieldErrorKind::Malformed("its EC key names no curve (RFC 5480 2.1.1)".into()))?;
    CURVES.iter().find(|(oid, _)| *oid == named).map(|(_, curve)| *curve).ok_or_else(|| {
        FieldErrorKind::Unsupported(format!(
            "its EC key is on the curve {named}; P-224, P-256, P-384 and P-521 are taken"
        ))
    })
}

/// Checks a modulus and a public exponent, given as content octets, and gives the modulus's length in bits.
pub(super) fn rsa_key_type(modulus: &[u8], exponent: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let bad =
        |_| FieldErrorKind::Malformed("its RSA key has a number that is not a positive DER INTEGER".into());
    let modulus = magnitude(modulus).map_err(bad)?;
    let exponent = magnitude(exponent).map_err(bad)?;
    let bits = bit_length(modulus);
    if is_even(modulus) {
        return Err(FieldErrorKind::Malformed("its RSA key has an even modulus".into()));
    }
    if bits > LARGEST_RSA {
        return Err(FieldErrorKind::Unsupported(format!(
            "its RSA key has {bits} bits; at most {LARGEST_RSA} are taken"
        )));
    }
    // 65537 takes 17 bits and is the smallest odd number that does: FIPS 186-5 A.1.1.
    if is_even(exponent) || bit_length(exponent) < 17 {
        return Err(FieldErrorKind::Unsupported(
            "its RSA key's public exponent is not an odd number from 65537 on (FIPS 186-5 A.1.1)".into(),
        ));
    }
    Ok(KeyType::Rsa { bits: u32::try_from(bits).unwrap_or(u32::MAX) })
}

fn rsa_public_key(bits: &[u8]) -> Result<KeyType, FieldErrorKind> {
    let what = "RSAPublicKey";
    let mut parts = Tlv::only(bits).and_then(|key| key.inside(Tag::Sequence)).map_err(NotDer::in_a(what))?;
    let modulus = parts.next(Tag::Integer).map_err(NotDer::in_a(what))?.value;
    let exponent = parts.next(Tag::Integer).map_err(NotDer::in_a(what))?.value;
    parts.end().map_err(NotDer::in_a(what))?;
    rsa_key_type(modulus, exponent)
}

/// RFC 5480 2.2 lets an implementation choose about compressed points; none is taken, because key identifiers and
/// comparisons with private keys are over the uncompressed form.
fn check_point(curve: Curve, point: &[u8]) -> Result<(), FieldErrorKind> {
    let coordinate = curve.bits().div_ceil(8) as usize;
    match point.first() {
        Some(4) if point.len() == 1 + 2 * coordinate => Ok(()),
        Some(2 | 3) if point.len() == 1 + coordinate => Err(FieldErrorKind::Unsupported(
            "its EC key is a compressed point; only the uncompressed form is taken (RFC 5480 2.2)".into(),
        )),
        _ => Err(FieldErrorKind::Malformed("its EC key is not a point of its curve (RFC 5480 2.2)".into())),
    }
}

/// Bytes of a raw public key: RFC 8032 5.1.5, FIPS 204 table 2.
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
