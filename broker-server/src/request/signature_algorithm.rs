//! Reads the AlgorithmIdentifier of a signature.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, context},
    oid::OidRef,
    public_key::{Algorithm, ED25519, ML_DSA},
};
use crate::algorithm::{SignatureHash, SignatureScheme};

/// Returns the scheme of a signature.
///
/// # Errors
/// Fails with `Unsupported` for a scheme that the broker does not verify and with `Malformed` for wrong parameters.
pub(super) fn signature_algorithm(algorithm: &Algorithm<'_>) -> Result<SignatureScheme, FieldErrorKind> {
    let oid = algorithm.oid;
    let absent = algorithm.parameters.is_none();
    let parameters =
        || FieldErrorKind::Malformed("its signature algorithm has parameters, which must be absent".into());
    if let Some(hash) = lookup(&PKCS1, oid) {
        // RFC 4055 5 requires NULL parameters, but implementations must accept absent ones, too.
        let valid = absent || algorithm.null_parameters();
        return if valid { Ok(SignatureScheme::RsaPkcs1(hash)) } else { Err(parameters()) };
    }
    if oid == RSASSA_PSS {
        let pss = algorithm.parameters.ok_or(NotDer::Unexpected).and_then(pss_parameters);
        return match pss.map_err(NotDer::in_a("RSASSA-PSS-params (RFC 4055 3.1)"))? {
            Some(algorithm) => Ok(algorithm),
            None => Err(FieldErrorKind::Unsupported(
                "its RSASSA-PSS signature does not use SHA-256, SHA-384 or SHA-512 for both message and MGF1"
                    .into(),
            )),
        };
    }
    let found = if let Some(hash) = lookup(&ECDSA, oid) {
        SignatureScheme::Ecdsa(hash)
    } else if oid == ED25519 {
        SignatureScheme::Ed25519
    } else if let Some(set) = lookup(&ML_DSA, oid) {
        SignatureScheme::MlDsa(set)
    } else if BROKEN.iter().any(|broken| oid == *broken) {
        return Err(FieldErrorKind::Unsupported(
            "is signed with SHA-1 or MD5, which are insecure; sign it with SHA-256 or better (openssl req -sha256)".into(),
        ));
    } else {
        return Err(FieldErrorKind::Unsupported(format!(
            "is signed with the unsupported algorithm {oid}; use RSA or ECDSA with SHA-256, SHA-384 or SHA-512, Ed25519 or ML-DSA"
        )));
    };
    if absent { Ok(found) } else { Err(parameters()) }
}

/// Reads a hash in a field of its own, such as CMS's digestAlgorithm; `None` if no supported scheme uses it.
pub(super) fn hash(values: &mut Values<'_>) -> Result<Option<SignatureHash>, NotDer> {
    hash_algorithm(values).map(|oid| lookup(&HASHES, oid))
}

const HASHES: [(ObjectIdentifier, SignatureHash); 3] = [
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), SignatureHash::Sha256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"), SignatureHash::Sha384),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"), SignatureHash::Sha512),
];
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const PKCS1: [(ObjectIdentifier, SignatureHash); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), SignatureHash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), SignatureHash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), SignatureHash::Sha512),
];
const ECDSA: [(ObjectIdentifier, SignatureHash); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), SignatureHash::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), SignatureHash::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), SignatureHash::Sha512),
];
/// RSA with SHA-1, MD5 or older hashes; ECDSA and DSA with SHA-1.
const BROKEN: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"),
];

/// Reads RSASSA-PSS-params (RFC 4055 3.1). Returns `None` for unsupported hashes, including SHA-1, the default of each.
fn pss_parameters(parameters: Tlv<'_>) -> Result<Option<SignatureScheme>, NotDer> {
    let mut parts = parameters.inside(Tag::Sequence)?;
    let hash = match parts.optional(context(0, true))? {
        Some(hash) => Some(hash_algorithm(&mut Values::new(Tlv::only(hash.value)?.raw)?)?),
        None => None,
    };
    let mask_hash = match parts.optional(context(1, true))? {
        Some(mask) => Some(mask_hash(mask)?),
        None => None,
    };
    let salt_length = match parts.optional(context(2, true))? {
        Some(salt) => Values::new(Tlv::only(salt.value)?.raw)?.decode::<u32>()?,
        None => 20,
    };
    if let Some(trailer) = parts.optional(context(3, true))?
        && Values::new(Tlv::only(trailer.value)?.raw)?.decode::<u32>()? != 1
    {
        return Err(NotDer::Unexpected);
    }
    parts.end()?;
    // A salt cannot be longer than the largest modulus, and the library requires a length that fits a C int.
    if salt_length > 2048 {
        return Err(NotDer::Unexpected);
    }
    // Where a hash is absent, it is SHA-1.
    Ok(hash
        .filter(|_| hash == mask_hash)
        .and_then(|hash| lookup(&HASHES, hash))
        .map(|hash| SignatureScheme::RsaPss { hash, salt_length }))
}

fn mask_hash(mask: Tlv<'_>) -> Result<OidRef<'_>, NotDer> {
    let mask = Algorithm::read(&mut Values::new(Tlv::only(mask.value)?.raw)?)?;
    match mask.parameters {
        Some(hash) if mask.oid == MGF1 => hash_algorithm(&mut Values::new(hash.raw)?),
        _ => Err(NotDer::Unexpected),
    }
}

fn hash_algorithm<'a>(values: &mut Values<'a>) -> Result<OidRef<'a>, NotDer> {
    let hash = Algorithm::read(values)?;
    if hash.parameters.is_some() && !hash.null_parameters() {
        return Err(NotDer::Unexpected);
    }
    Ok(hash.oid)
}

fn lookup<T: Copy>(table: &[(ObjectIdentifier, T)], oid: OidRef<'_>) -> Option<T> {
    table.iter().find(|(known, _)| oid == *known).map(|(_, value)| *value)
}
