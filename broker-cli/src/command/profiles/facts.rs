//! What policy looks at in keys, requests and certificates, read from files without a broker.

use std::path::Path;

use broker_server::{
    algorithm::{Curve, KeyType, MlDsa},
    policy::CaFacts,
    request::AlternativeName,
};
use x509_parser::{
    certification_request::X509CertificationRequest,
    extensions::{GeneralName, ParsedExtension},
    pem::Pem,
    prelude::{FromDer as _, X509Certificate},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use crate::{error::Failure, input};

/// The subject's key and the names it asks for.
pub(super) fn request(path: &Path) -> Result<(KeyType, Vec<AlternativeName>), Failure> {
    let der = pem(path, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])?;
    let (_, csr) =
        X509CertificationRequest::from_der(&der).map_err(|_| wrong(path, "a certification request"))?;
    let key = key_type(&csr.certification_request_info.subject_pki).ok_or_else(|| unsupported(path))?;
    let mut names = Vec::new();
    for extension in csr.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(list) = extension {
            names.extend(list.general_names.iter().map(name));
        }
    }
    Ok((key, names))
}

/// The issuer's key and what its certificate says about it.
pub(super) fn certificate(path: &Path) -> Result<(KeyType, CaFacts), Failure> {
    let der = pem(path, &["CERTIFICATE"])?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| wrong(path, "a certificate"))?;
    let key = key_type(certificate.public_key()).ok_or_else(|| unsupported(path))?;
    let basic = certificate.basic_constraints().ok().flatten().map(|extension| extension.value);
    let facts = CaFacts {
        is_ca: basic.is_some_and(|basic| basic.ca),
        path_len: basic
            .and_then(|basic| basic.path_len_constraint)
            .map(|len| u8::try_from(len).unwrap_or(u8::MAX)),
        key_usage: certificate.key_usage().ok().flatten().map(|extension| extension.value.flags),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    };
    Ok((key, facts))
}

/// The type of a private key.
pub(super) fn private_key(path: &Path) -> Result<KeyType, Failure> {
    let text = input::secret_text(path)?;
    let key = rcgen::KeyPair::from_pem(&text).map_err(|_| {
        Failure::usage(format!(
            "{} holds no private key that is understood here; give --ca-cert instead",
            path.display()
        ))
    })?;
    let der = rcgen::PublicKeyData::subject_public_key_info(&key);
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| unsupported(path))?;
    key_type(&info).ok_or_else(|| unsupported(path))
}

/// A key type as one types it: `rsa-3072`, `p-384`, `ecdsa-384`, `ed25519`, `ml-dsa-65`.
pub(super) fn named(text: &str) -> Result<KeyType, Failure> {
    let name = text.to_ascii_lowercase();
    let curve = |bits: &str| match bits {
        "224" => Some(KeyType::Ec(Curve::P224)),
        "256" => Some(KeyType::Ec(Curve::P256)),
        "384" => Some(KeyType::Ec(Curve::P384)),
        "521" => Some(KeyType::Ec(Curve::P521)),
        _ => None,
    };
    let key = match name.as_str() {
        "ed25519" => Some(KeyType::Ed25519),
        "ml-dsa-44" => Some(KeyType::MlDsa(MlDsa::MlDsa44)),
        "ml-dsa-65" => Some(KeyType::MlDsa(MlDsa::MlDsa65)),
        "ml-dsa-87" => Some(KeyType::MlDsa(MlDsa::MlDsa87)),
        other => match other.split_once(['-', ':', ' ']) {
            Some(("rsa", bits)) => bits.parse().ok().map(|bits| KeyType::Rsa { bits }),
            Some(("p" | "ecdsa" | "ec", bits)) => curve(bits),
            _ => other.strip_prefix('p').and_then(curve),
        },
    };
    key.ok_or_else(|| {
        Failure::usage(format!("`{text}` is not a key type; write rsa-3072, p-384, ed25519 or ml-dsa-65"))
    })
}

fn key_type(info: &SubjectPublicKeyInfo<'_>) -> Option<KeyType> {
    let oid = info.algorithm.algorithm.to_id_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.1" => match info.parsed().ok()? {
            PublicKey::RSA(key) => Some(KeyType::Rsa { bits: bits(key.modulus) }),
            _ => None,
        },
        "1.2.840.10045.2.1" => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
            match curve.as_str() {
                "1.3.132.0.33" => Some(KeyType::Ec(Curve::P224)),
                "1.2.840.10045.3.1.7" => Some(KeyType::Ec(Curve::P256)),
                "1.3.132.0.34" => Some(KeyType::Ec(Curve::P384)),
                "1.3.132.0.35" => Some(KeyType::Ec(Curve::P521)),
                _ => None,
            }
        }
        "1.3.101.112" => Some(KeyType::Ed25519),
        "2.16.840.1.101.3.4.3.17" => Some(KeyType::MlDsa(MlDsa::MlDsa44)),
        "2.16.840.1.101.3.4.3.18" => Some(KeyType::MlDsa(MlDsa::MlDsa65)),
        "2.16.840.1.101.3.4.3.19" => Some(KeyType::MlDsa(MlDsa::MlDsa87)),
        _ => None,
    }
}

/// Length of an unsigned big-endian number in bits.
fn bits(number: &[u8]) -> u32 {
    let mut rest = number.iter().skip_while(|byte| **byte == 0);
    let Some(first) = rest.next() else { return 0 };
    let tail = u32::try_from(rest.count()).unwrap_or(u32::MAX / 8 - 1);
    (8 - first.leading_zeros()) + 8 * tail
}

fn name(name: &GeneralName<'_>) -> AlternativeName {
    match name {
        GeneralName::DNSName(text) => AlternativeName::Dns((*text).to_owned()),
        GeneralName::URI(text) => AlternativeName::Uri((*text).to_owned()),
        GeneralName::RFC822Name(text) => AlternativeName::Email((*text).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(|bytes| AlternativeName::Ip(bytes.into()));
            let sixteen = || <[u8; 16]>::try_from(*bytes).map(|bytes| AlternativeName::Ip(bytes.into()));
            four.or_else(|_| sixteen()).unwrap_or(AlternativeName::Other("iPAddress"))
        }
        _ => AlternativeName::Other("otherName"),
    }
}

/// The first block with one of these labels.
fn pem(path: &Path, labels: &[&str]) -> Result<Vec<u8>, Failure> {
    let bytes = input::file(path)?;
    Pem::iter_from_buffer(&bytes)
        .filter_map(Result::ok)
        .find(|block| labels.contains(&block.label.as_str()))
        .map(|block| block.contents)
        .ok_or_else(|| wrong(path, &format!("a PEM block `{}`", labels.first().unwrap_or(&""))))
}

fn wrong(path: &Path, wanted: &str) -> Failure {
    let what = format!("{} does not hold {wanted}", path.display());
    Failure::local("cannot read the file", what)
}

fn unsupported(path: &Path) -> Failure {
    let what = format!("the key in {} is of a kind that no profile knows", path.display());
    Failure::local("cannot read the key", what)
}
