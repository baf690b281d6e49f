//! What policy looks at in keys, requests and certificates, read without a broker by the broker's own parsers.

use std::path::Path;

use broker_server::{
    algorithm::{Curve, KeyType, MlDsa},
    request::{CaCertificate, Csr, Limits, Problem, SigningKey},
};

use crate::{
    error::{Failure, Refusal},
    input,
};

/// A certification request.
pub(super) fn request(path: &Path) -> Result<Csr, Failure> {
    parse(path, &input::text(path)?, Limits::default().csr, Csr::from_pem)
}

/// The issuer's certificate.
pub(super) fn certificate(path: &Path) -> Result<CaCertificate, Failure> {
    parse(path, &input::text(path)?, Limits::default().ca_cert, CaCertificate::from_pem)
}

/// The type of a private key.
pub(super) fn private_key(path: &Path) -> Result<KeyType, Failure> {
    let text = input::secret_text(path)?;
    parse(path, &text, Limits::default().ca_private_key, SigningKey::from_pem).map(|key| key.key_type())
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

/// What the broker's parser says of a file is what the broker would say of the field.
fn parse<T>(
    path: &Path,
    text: &str,
    limit: usize,
    read: impl FnOnce(&str) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let parsed = match text.len() {
        0 => Err(Problem::Missing),
        length if length > limit => Err(Problem::TooLong { length, limit }),
        _ => read(text),
    };
    parsed.map_err(|problem| {
        Failure::Refused(Box::new(Refusal {
            code: "INVALID_ARGUMENT".to_owned(),
            reason: problem.reason().to_owned(),
            message: match problem {
                Problem::Missing => format!("{}: is empty", path.display()),
                other => format!("{}: {other}", path.display()),
            },
            ..Refusal::default()
        }))
    })
}
