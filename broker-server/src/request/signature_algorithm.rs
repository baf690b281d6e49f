//! Reads the AlgorithmIdentifier of a signature.

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values, context},
    oid::OidRef,
    public_key::{Algorithm, ED25519, ML_DSA},
};
use crate::algorithm::{RequestScheme, SignatureHash, SignatureScheme};

/// Returns the scheme of a signature.
///
/// # Errors
/// Fails with `Unsupported` for a scheme that the broker does not verify and with `Malformed` for wrong parameters.
pub(super) fn signature_algorithm(algorithm: &Algorithm<'_>) -> Result<SignatureScheme, FieldErrorKind> {
    let oid = algorithm.oid;
    let absent = algorithm.parameters.is_none();
    let absent_or_null = absent || algorithm.null_parameters();
    let parameters =
        || FieldErrorKind::Malformed("its signature algorithm has parameters, which must be absent".into());
    if let Some(hash) = lookup(&PKCS1, oid) {
        // RFC 4055 5 requires NULL parameters, but implementations must accept absent ones, too.
        return if absent_or_null { Ok(SignatureScheme::RsaPkcs1(hash)) } else { Err(parameters()) };
    }
    if oid == RSASSA_PSS {
        let (hash, salt_length) = pss_parameters(algorithm)?;
        return match hash.and_then(|hash| lookup(&HASHES, hash)) {
            Some(hash) => Ok(SignatureScheme::RsaPss { hash, salt_length }),
            None => Err(FieldErrorKind::Unsupported(
                "its RSASSA-PSS signature does not use SHA-256, SHA-384 or SHA-512 for both message and MGF1"
                    .into(),
            )),
        };
    }
    if let Some(hash) = lookup(&ECDSA, oid) {
        // RFC 5758 3.2 requires absent parameters; the JDK before version 12 wrote NULL.
        return if absent_or_null { Ok(SignatureScheme::Ecdsa(hash)) } else { Err(parameters()) };
    }
    let found = if oid == ED25519 {
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

/// Returns the scheme of a certification request's signature; fails like [`signature_algorithm`].
pub(super) fn request_algorithm(algorithm: &Algorithm<'_>) -> Result<RequestScheme, FieldErrorKind> {
    let absent_or_null = algorithm.parameters.is_none() || algorithm.null_parameters();
    if algorithm.oid == PKCS1_SHA_224 && absent_or_null {
        return Ok(RequestScheme::RsaPkcs1Sha224);
    }
    if algorithm.oid == ECDSA_SHA_224 && absent_or_null {
        return Ok(RequestScheme::EcdsaSha224);
    }
    if algorithm.oid == RSASSA_PSS
        && let (Some(hash), salt_length) = pss_parameters(algorithm)?
        && hash == SHA_224
    {
        return Ok(RequestScheme::RsaPssSha224 { salt_length });
    }
    signature_algorithm(algorithm).map(RequestScheme::Current)
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
const SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const PKCS1_SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.14");
const ECDSA_SHA_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1");
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

/// Reads RSASSA-PSS-params (RFC 4055 3.1). Returns the hash, if it is the same for message and MGF1 and not SHA-1, the default
/// of each, and the length of the salt.
fn pss_parameters<'a>(algorithm: &Algorithm<'a>) -> Result<(Option<OidRef<'a>>, u32), FieldErrorKind> {
    let parameters = algorithm.parameters.ok_or_else(|| {
        FieldErrorKind::Malformed("its RSASSA-PSS signature has no parameters (RFC 4055 3.1)".into())
    })?;
    let read = || -> Result<_, NotDer> {
        let mut parts = parameters.inside(Tag::Sequence)?;
        let hash = match parts.optional(context(0, true))? {
            Some(hash) => Some(hash_algorithm(&mut Values::new(Tlv::only(hash.value)?.raw)?)?),
            None => None,
        };
        let mask_hash = match parts.optional(context(1, true))? {
            Some(mask) => mask_hash(mask)?,
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
        Ok((hash.filter(|_| hash == mask_hash), salt_length))
    };
    read().map_err(NotDer::in_a("RSASSA-PSS-params (RFC 4055 3.1)"))
}

/// Returns the hash of MGF1, or `None` for another mask generation function.
fn mask_hash(mask: Tlv<'_>) -> Result<Option<OidRef<'_>>, NotDer> {
    let mask = Algorithm::read(&mut Values::new(Tlv::only(mask.value)?.raw)?)?;
    match mask.parameters {
        Some(hash) if mask.oid == MGF1 => hash_algorithm(&mut Values::new(hash.raw)?).map(Some),
        _ => Ok(None),
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
