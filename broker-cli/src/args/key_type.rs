//! Types of keys by name.

use broker_server::algorithm::{Curve, KeyType, MlDsa};

use crate::error::Failure;

/// Parses a type of key that signs: `rsa-3072`, `p-384`, `ec-p384`, `ecdsa-384`, `ed25519`, `ml-dsa-65`.
///
/// # Errors
/// Fails with a usage error that shows the names.
pub(crate) fn key_type(text: &str) -> Result<KeyType, Failure> {
    parse(text).ok_or_else(|| {
        Failure::usage(format!("`{text}` is not a key type; write rsa-3072, p-384, ed25519 or ml-dsa-65"))
    })
}

fn parse(text: &str) -> Option<KeyType> {
    let name = text.to_ascii_lowercase();
    Some(match name.as_str() {
        "ed25519" => KeyType::Ed25519,
        "ml-dsa-44" => KeyType::MlDsa(MlDsa::MlDsa44),
        "ml-dsa-65" => KeyType::MlDsa(MlDsa::MlDsa65),
        "ml-dsa-87" => KeyType::MlDsa(MlDsa::MlDsa87),
        other => match other.split_once(['-', ':', ' ']) {
            Some(("rsa", bits)) => KeyType::Rsa { bits: bits.parse().ok()? },
            Some(("p", bits)) => curve(bits)?,
            Some(("ecdsa" | "ec", name)) => {
                curve(name.strip_prefix('p').map_or(name, |bits| bits.strip_prefix('-').unwrap_or(bits)))?
            }
            _ => curve(other.strip_prefix('p')?)?,
        },
    })
}

fn curve(bits: &str) -> Option<KeyType> {
    Curve::ALL.into_iter().find(|curve| curve.bits().to_string() == bits).map(KeyType::Ec)
}

/// Returns the name of a key type that [`key_type`] parses.
pub(crate) fn key_type_name(key: KeyType) -> String {
    match key {
        KeyType::Rsa { bits } => format!("rsa-{bits}"),
        KeyType::Ec(curve) => format!("p-{}", curve.bits()),
        KeyType::Ed25519 => "ed25519".to_owned(),
        KeyType::MlDsa(set) => set.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed() {
        for (text, key) in [
            ("rsa-3072", KeyType::Rsa { bits: 3072 }),
            ("RSA:2048", KeyType::Rsa { bits: 2048 }),
            ("p-384", KeyType::Ec(Curve::P384)),
            ("P256", KeyType::Ec(Curve::P256)),
            ("ec-p521", KeyType::Ec(Curve::P521)),
            ("ec-p-256", KeyType::Ec(Curve::P256)),
            ("ecdsa-384", KeyType::Ec(Curve::P384)),
            ("ECDSA 224", KeyType::Ec(Curve::P224)),
            ("ed25519", KeyType::Ed25519),
            ("ML-DSA-65", KeyType::MlDsa(MlDsa::MlDsa65)),
        ] {
            assert_eq!(parse(text), Some(key), "{text}");
            assert_eq!(parse(&key_type_name(key)), Some(key), "{text}");
        }
        for text in ["", "rsa", "rsa-x", "p-512", "ec-", "q-256", "ed448", "ml-dsa-66"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
