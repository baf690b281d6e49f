//! The bits of keyUsage, and which of them a key can have.

use crate::algorithm::{KeyKind, MlDsa};

/// The bits of keyUsage (RFC 5280 4.2.1.3). Bit 0 (digitalSignature) is 1, bit 1 is 2, and so on to bit 8
/// (decipherOnly), which is 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

#[allow(missing_docs)] // the names are RFC 5280's
impl KeyUsage {
    pub const DIGITAL_SIGNATURE: u16 = 1;
    pub const CONTENT_COMMITMENT: u16 = 1 << 1;
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    pub const DATA_ENCIPHERMENT: u16 = 1 << 3;
    pub const KEY_AGREEMENT: u16 = 1 << 4;
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    pub const CRL_SIGN: u16 = 1 << 6;
    pub const ENCIPHER_ONLY: u16 = 1 << 7;
    pub const DECIPHER_ONLY: u16 = 1 << 8;

    /// Reports whether all of `bits` are set.
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// The names that a profile can use, each with its bit. Where a bit has two names, the first is the one
    /// that is printed.
    pub const NAMES: [(&'static str, u16); 10] = [
        ("digitalSignature", Self::DIGITAL_SIGNATURE),
        ("contentCommitment", Self::CONTENT_COMMITMENT),
        ("nonRepudiation", Self::CONTENT_COMMITMENT),
        ("keyEncipherment", Self::KEY_ENCIPHERMENT),
        ("dataEncipherment", Self::DATA_ENCIPHERMENT),
        ("keyAgreement", Self::KEY_AGREEMENT),
        ("keyCertSign", Self::KEY_CERT_SIGN),
        ("cRLSign", Self::CRL_SIGN),
        ("encipherOnly", Self::ENCIPHER_ONLY),
        ("decipherOnly", Self::DECIPHER_ONLY),
    ];

    /// Returns the bits that a key of this kind can have.
    #[must_use]
    pub fn of_key(self, kind: KeyKind) -> Self {
        let rule = UsageRule::of(match kind {
            KeyKind::Rsa => "1.2.840.113549.1.1.1",
            KeyKind::Ecdsa => "1.2.840.10045.2.1",
            KeyKind::Ed25519 => "1.3.101.112",
            KeyKind::MlDsa(MlDsa::MlDsa44) => "2.16.840.1.101.3.4.3.17",
            KeyKind::MlDsa(MlDsa::MlDsa65) => "2.16.840.1.101.3.4.3.18",
            KeyKind::MlDsa(MlDsa::MlDsa87) => "2.16.840.1.101.3.4.3.19",
        });
        Self(self.0 & !rule.map_or(0, |rule| rule.prohibited))
    }

    /// Reports whether no bit is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the names of the bits that are set.
    pub fn names(self) -> Vec<&'static str> {
        let alias = |name: &str| name == "nonRepudiation";
        Self::NAMES
            .iter()
            .filter(|(name, bit)| self.has(*bit) && !alias(name))
            .map(|(name, _)| *name)
            .collect()
    }
}

/// The bits that a kind of key cannot have, and the standard that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageRule {
    /// The bits, as in [`KeyUsage`].
    pub prohibited: u16,
    /// The clause.
    pub clause: &'static str,
}

impl UsageRule {
    /// Returns the rule for the keys with this algorithm in their SubjectPublicKeyInfo, in dotted form; `None` where no standard
    /// is known.
    pub fn of(algorithm: &str) -> Option<Self> {
        let (_, prohibited, clause) = RULES.iter().find(|(known, ..)| known.contains(&algorithm))?;
        Some(Self { prohibited: *prohibited, clause })
    }
}

const SIGNING: u16 =
    KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CONTENT_COMMITMENT | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
const ENCIPHERING: u16 = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
const AGREEING: u16 = KeyUsage::KEY_AGREEMENT | KeyUsage::ENCIPHER_ONLY | KeyUsage::DECIPHER_ONLY;

/// Algorithms of keys with the bits that they cannot have.
const RULES: &[(&[&str], u16, &str)] = &[
    // rsaEncryption
    (&["1.2.840.113549.1.1.1"], AGREEING, "RFC 3279 2.3.1"),
    // id-RSASSA-PSS
    (&["1.2.840.113549.1.1.10"], ENCIPHERING | AGREEING, "RFC 4055 1.2"),
    // id-RSAES-OAEP
    (&["1.2.840.113549.1.1.7"], SIGNING | AGREEING, "RFC 4055 1.2"),
    // id-dsa
    (&["1.2.840.10040.4.1"], ENCIPHERING | AGREEING, "RFC 3279 2.3.2"),
    // dhpublicnumber
    (&["1.2.840.10046.2.1"], SIGNING | ENCIPHERING, "RFC 3279 2.3.3"),
    // id-ecPublicKey
    (&["1.2.840.10045.2.1"], ENCIPHERING, "RFC 8813 3"),
    // id-ecDH, id-ecMQV
    (&["1.3.132.1.12", "1.3.132.1.13"], SIGNING | ENCIPHERING, "RFC 5480 3"),
    // X25519, X448
    (&["1.3.101.110", "1.3.101.111"], SIGNING | ENCIPHERING, "RFC 9295 3"),
    // Ed25519, Ed448
    (&["1.3.101.112", "1.3.101.113"], ENCIPHERING | AGREEING, "RFC 9295 3"),
    // ML-DSA-44, ML-DSA-65, ML-DSA-87
    (
        &["2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19"],
        ENCIPHERING | AGREEING,
        "RFC 9881 5",
    ),
    // SLH-DSA with SHA2, then with SHAKE: 128s, 128f, 192s, 192f, 256s, 256f
    (
        &[
            "2.16.840.1.101.3.4.3.20",
            "2.16.840.1.101.3.4.3.21",
            "2.16.840.1.101.3.4.3.22",
            "2.16.840.1.101.3.4.3.23",
            "2.16.840.1.101.3.4.3.24",
            "2.16.840.1.101.3.4.3.25",
            "2.16.840.1.101.3.4.3.26",
            "2.16.840.1.101.3.4.3.27",
            "2.16.840.1.101.3.4.3.28",
            "2.16.840.1.101.3.4.3.29",
            "2.16.840.1.101.3.4.3.30",
            "2.16.840.1.101.3.4.3.31",
        ],
        ENCIPHERING | AGREEING,
        "RFC 9909, Key Usage Bits",
    ),
    // ML-KEM-512, ML-KEM-768, ML-KEM-1024
    (
        &["2.16.840.1.101.3.4.4.1", "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.4.3"],
        SIGNING | KeyUsage::DATA_ENCIPHERMENT | AGREEING,
        "RFC 9935 5",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_broker_has_a_rule() {
        let all = KeyUsage(SIGNING | ENCIPHERING | AGREEING);
        for kind in KeyKind::ALL {
            assert!(all.of_key(kind) != all, "{kind:?}");
            assert!(all.of_key(kind).has(SIGNING), "{kind:?}");
        }
    }
}
