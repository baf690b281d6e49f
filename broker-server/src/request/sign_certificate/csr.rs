//! PKCS#10 certification requests (RFC 2986).

use der::{Tag, asn1::ObjectIdentifier};

use super::names::{AlternativeName, alternative_names, check_name, extensions};
use crate::{
    algorithm::{KeyType, SignatureHash, SignatureScheme},
    request::{
        Problem,
        asn1::{NotDer, Tlv, Values, context},
        pem,
        public_key::{Algorithm, ED25519, ML_DSA, PublicKeyInfo},
    },
};

/// A PKCS#10 certification request (RFC 2986) with its original DER. Its signature is not verified yet.
#[derive(Debug)]
pub struct Csr {
    subject: Vec<u8>,
    public_key: PublicKeyInfo,
    alternative_names: Vec<AlternativeName>,
    signed: Vec<u8>,
    algorithm: SignatureScheme,
    signature: Vec<u8>,
}

impl Csr {
    /// The subject's public key.
    pub fn key_type(&self) -> KeyType {
        self.public_key.key_type
    }

    /// DER of the requested subject, byte for byte.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// DER of SubjectPublicKeyInfo, byte for byte.
    pub fn spki_der(&self) -> &[u8] {
        &self.public_key.der
    }

    /// The octets of subjectPublicKey, of which key identifiers are hashes (RFC 5280 4.2.1.2).
    pub fn public_key_bits(&self) -> &[u8] {
        &self.public_key.bits
    }

    /// The names that the request's extensionRequest asks for (RFC 2985 5.4.2).
    pub fn subject_alternative_names(&self) -> &[AlternativeName] {
        &self.alternative_names
    }

    /// The bytes that the request's signature covers.
    pub fn signed_der(&self) -> &[u8] {
        &self.signed
    }

    /// How the request is signed. Nothing says that the subject's key is of that kind.
    pub fn signature_algorithm(&self) -> SignatureScheme {
        self.algorithm
    }

    /// The request's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Reads the one request in a PEM text. Blocks of other kinds beside it are passed over.
    pub fn from_pem(text: &str) -> Result<Self, Problem> {
        let blocks = pem::blocks(text).map_err(|error| Problem::Malformed(error.to_string()))?;
        let mut requests = blocks
            .iter()
            .filter(|block| matches!(block.label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"));
        match (requests.next(), requests.next()) {
            (Some(request), None) => Self::from_der(&request.der),
            (None, _) => Err(Problem::Malformed("holds no PEM block `CERTIFICATE REQUEST`".into())),
            (Some(_), Some(_)) => {
                Err(Problem::Malformed("holds more than one certification request; send one".into()))
            }
        }
    }

    /// Reads one request and nothing after it.
    pub(super) fn from_der(bytes: &[u8]) -> Result<Self, Problem> {
        let outer = outer(bytes).map_err(NotDer::in_a("CertificationRequest (RFC 2986)"))?;
        let info = info(outer.info).map_err(NotDer::in_a("CertificationRequestInfo (RFC 2986 4.1)"))?;
        Ok(Self {
            subject: info.subject.raw.to_vec(),
            public_key: PublicKeyInfo::read(info.public_key)?,
            alternative_names: requested_names(info.attributes)?,
            signed: outer.info.raw.to_vec(),
            algorithm: signature_algorithm(&outer.algorithm)?,
            signature: outer.signature.to_vec(),
        })
    }
}

struct Outer<'a> {
    info: Tlv<'a>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

fn outer(bytes: &[u8]) -> Result<Outer<'_>, NotDer> {
    let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
    let info = parts.next(Tag::Sequence)?;
    let algorithm = Algorithm::read(&mut parts)?;
    let signature = parts.octet_bits()?;
    parts.end()?;
    Ok(Outer { info, algorithm, signature })
}

struct Info<'a> {
    subject: Tlv<'a>,
    public_key: Tlv<'a>,
    attributes: Option<Tlv<'a>>,
}

fn info(info: Tlv<'_>) -> Result<Info<'_>, NotDer> {
    let mut parts = info.inside(Tag::Sequence)?;
    if parts.next(Tag::Integer)?.value != [0] {
        return Err(NotDer);
    }
    let subject = parts.next(Tag::Sequence)?;
    check_name(subject)?;
    let public_key = parts.next(Tag::Sequence)?;
    // RFC 2986 wants the set even when it is empty; some tools leave it out.
    let attributes = parts.optional(context(0, true))?;
    parts.end()?;
    Ok(Info { subject, public_key, attributes })
}

const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

fn requested_names(attributes: Option<Tlv<'_>>) -> Result<Vec<AlternativeName>, Problem> {
    let Some(attributes) = attributes else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    let mut seen = false;
    let malformed = NotDer::in_a("set of attributes (RFC 2986 4.1)");
    let mut attributes = Values::new(attributes.value).map_err(&malformed)?;
    while !attributes.is_empty() {
        let (oid, values) = attribute(&mut attributes).map_err(&malformed)?;
        if oid != EXTENSION_REQUEST {
            continue;
        }
        if seen || values.len() != 1 {
            return Err(Problem::Malformed("has more than one extensionRequest (RFC 2985 5.4.2)".into()));
        }
        seen = true;
        for list in values {
            for extension in extensions(list)? {
                if extension.oid == SUBJECT_ALT_NAME {
                    names = alternative_names(extension.value)?;
                }
            }
        }
    }
    Ok(names)
}

fn attribute<'a>(attributes: &mut Values<'a>) -> Result<(ObjectIdentifier, Vec<Tlv<'a>>), NotDer> {
    let mut parts = attributes.sequence()?;
    let oid = parts.decode()?;
    let mut set = parts.any()?.inside(Tag::Set)?;
    parts.end()?;
    let mut values = Vec::new();
    while !set.is_empty() {
        values.push(set.any()?);
    }
    Ok((oid, values))
}

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
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
/// SHA-1 and MD5 and older with RSA, SHA-1 with ECDSA and DSA.
const BROKEN: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"),
];

fn signature_algorithm(algorithm: &Algorithm<'_>) -> Result<SignatureScheme, Problem> {
    let oid = algorithm.oid;
    let absent = algorithm.parameters.is_none();
    let parameters =
        || Problem::Malformed("its signature algorithm has parameters that it must not have".into());
    if let Some(hash) = lookup(&PKCS1, oid) {
        // RFC 4055 5 wants NULL and has absent parameters accepted too.
        let fine = absent || algorithm.null_parameters();
        return if fine { Ok(SignatureScheme::RsaPkcs1(hash)) } else { Err(parameters()) };
    }
    if oid == RSASSA_PSS {
        let pss = algorithm.parameters.ok_or(NotDer).and_then(pss_parameters);
        return match pss.map_err(NotDer::in_a("RSASSA-PSS-params (RFC 4055 3.1)"))? {
            Some(algorithm) => Ok(algorithm),
            None => Err(Problem::Unsupported(
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
    } else if BROKEN.contains(&oid) {
        return Err(Problem::Unsupported(
            "is signed with SHA-1 or MD5, which prove nothing any more; sign it with SHA-256 or better (openssl req -sha256)".into(),
        ));
    } else {
        return Err(Problem::Unsupported(format!(
            "is signed with the algorithm {oid}; RSA and ECDSA with SHA-256, SHA-384 or SHA-512, Ed25519 and ML-DSA are taken"
        )));
    };
    if absent { Ok(found) } else { Err(parameters()) }
}

/// RFC 4055 3.1. `None` for hashes that are not taken, among them SHA-1, the default of every part.
fn pss_parameters(parameters: Tlv<'_>) -> Result<Option<SignatureScheme>, NotDer> {
    let mut parts = parameters.inside(Tag::Sequence)?;
    let hash = match parts.optional(context(0, true))? {
        Some(hash) => hash_algorithm(&mut Values::new(Tlv::only(hash.value)?.raw)?)?,
        None => SHA_1,
    };
    let mask_hash = match parts.optional(context(1, true))? {
        Some(mask) => mask_hash(mask)?,
        None => SHA_1,
    };
    let salt_length = match parts.optional(context(2, true))? {
        Some(salt) => Values::new(Tlv::only(salt.value)?.raw)?.decode::<u32>()?,
        None => 20,
    };
    if let Some(trailer) = parts.optional(context(3, true))?
        && Values::new(Tlv::only(trailer.value)?.raw)?.decode::<u32>()? != 1
    {
        return Err(NotDer);
    }
    parts.end()?;
    // No salt is longer than the largest modulus; the library takes the length as a C int.
    if salt_length > 2048 {
        return Err(NotDer);
    }
    Ok(lookup(&HASHES, hash)
        .filter(|_| hash == mask_hash)
        .map(|hash| SignatureScheme::RsaPss { hash, salt_length }))
}

fn mask_hash(mask: Tlv<'_>) -> Result<ObjectIdentifier, NotDer> {
    let mask = Algorithm::read(&mut Values::new(Tlv::only(mask.value)?.raw)?)?;
    match mask.parameters {
        Some(hash) if mask.oid == MGF1 => hash_algorithm(&mut Values::new(hash.raw)?),
        _ => Err(NotDer),
    }
}

fn hash_algorithm(values: &mut Values<'_>) -> Result<ObjectIdentifier, NotDer> {
    let hash = Algorithm::read(values)?;
    if hash.parameters.is_some() && !hash.null_parameters() {
        return Err(NotDer);
    }
    Ok(hash.oid)
}

fn lookup<T: Copy>(table: &[(ObjectIdentifier, T)], oid: ObjectIdentifier) -> Option<T> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, value)| *value)
}
