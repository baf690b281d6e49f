//! Signature algorithms and their keys.

use std::fmt;

use super::HashAlgorithm;

/// A hash function that a signature scheme applies to the message (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the algorithms
pub enum SignatureHash {
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureHash {
    /// Every hash function of this type.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => HashAlgorithm::Sha256.name(),
            Self::Sha384 => HashAlgorithm::Sha384.name(),
            Self::Sha512 => HashAlgorithm::Sha512.name(),
        }
    }

    /// The length of the digest in bytes.
    pub const fn length(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A named curve of FIPS 186-5 and SP 800-186.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the standards'
pub enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    /// Every curve, in ascending order of size.
    pub const ALL: [Self; 4] = [Self::P224, Self::P256, Self::P384, Self::P521];

    /// The size of the field in bits, which is what profiles constrain.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P224 => 224,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// The length of the order in bytes, which is also the length of r and of s in a raw signature.
    pub const fn order_length(self) -> usize {
        self.bits().div_ceil(8) as usize
    }
}

/// A parameter set of FIPS 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the standard's
pub enum MlDsa {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl MlDsa {
    /// The name in profiles, such as `ml-dsa-65`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }

    /// The collision resistance in bits that a digest of the signed content needs: lambda of FIPS 204 table 1.
    pub const fn collision_strength(self) -> usize {
        match self {
            Self::MlDsa44 => 128,
            Self::MlDsa65 => 192,
            Self::MlDsa87 => 256,
        }
    }

    /// The length of a signature in bytes (FIPS 204 table 2).
    pub const fn signature_length(self) -> usize {
        match self {
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }
}

/// The kind of a key without its size. Each entry of `KeyConstraints` names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA (RFC 8017).
    Rsa,
    /// An elliptic-curve key for ECDSA (FIPS 186-5).
    Ecdsa,
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA (FIPS 204); each parameter set is a kind of its own.
    MlDsa(MlDsa),
}

impl KeyKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Rsa,
        Self::Ecdsa,
        Self::Ed25519,
        Self::MlDsa(MlDsa::MlDsa44),
        Self::MlDsa(MlDsa::MlDsa65),
        Self::MlDsa(MlDsa::MlDsa87),
    ];

    /// The name in profiles and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa(MlDsa::MlDsa44) => "ML-DSA-44",
            Self::MlDsa(MlDsa::MlDsa65) => "ML-DSA-65",
            Self::MlDsa(MlDsa::MlDsa87) => "ML-DSA-87",
        }
    }
}

/// The kind and the size of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with a modulus of `bits` bits.
    Rsa {
        /// The length of the modulus in bits.
        bits: u32,
    },
    /// An elliptic-curve key on a named curve.
    Ec(Curve),
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ML-DSA (RFC 9881).
    MlDsa(MlDsa),
}

impl KeyType {
    /// Returns the kind without the size.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Rsa { .. } => KeyKind::Rsa,
            Self::Ec(_) => KeyKind::Ecdsa,
            Self::Ed25519 => KeyKind::Ed25519,
            Self::MlDsa(set) => KeyKind::MlDsa(set),
        }
    }
}

/// Prints the kind, and the size in bits where the kind has more than one: `RSA 3072`, `ECDSA 384`, `Ed25519`.
impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().name();
        match self {
            Self::Rsa { bits } => write!(f, "{kind} {bits}"),
            Self::Ec(curve) => write!(f, "{kind} {}", curve.bits()),
            Self::Ed25519 | Self::MlDsa(_) => f.write_str(kind),
        }
    }
}

/// The DER structure of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// PrivateKeyInfo (RFC 5208) or OneAsymmetricKey (RFC 5958): RSA, EC, Ed25519 (RFC 8410), ML-DSA (RFC 9881:
    /// seed, expanded key, or both).
    Pkcs8,
    /// ECPrivateKey (RFC 5915) with its named curve inside.
    Sec1,
    /// RSAPrivateKey (RFC 8017 A.1.2) with its CRT values.
    Pkcs1,
}

impl KeyForm {
    /// Every form, in the order in which a parser tries them.
    pub const ALL: [Self; 3] = [Self::Pkcs8, Self::Sec1, Self::Pkcs1];
}

/// A signature scheme: the kind of key and, where the kind leaves them open, the hash and the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(SignatureHash),
    /// RSASSA-PSS (RFC 8017 8.1) with MGF1 over the same hash.
    RsaPss {
        /// The hash of the message and of MGF1.
        hash: SignatureHash,
        /// The length of the salt in bytes. The broker signs with a salt as long as the digest. A signature that is
        /// verified declares its own length, and verification fails where the actual salt has another.
        salt_length: u32,
    },
    /// ECDSA (FIPS 186-5), the signature as Ecdsa-Sig-Value (RFC 3279 2.2.3).
    Ecdsa(SignatureHash),
    /// Ed25519 (RFC 8032), pure.
    Ed25519,
    /// ML-DSA (FIPS 204), pure. The context is empty in certificates and CMS (RFC 9881, RFC 9882).
    MlDsa(MlDsa),
}

impl SignatureScheme {
    /// Returns RSASSA-PSS as the broker signs with it: the salt is as long as the digest (RFC 8017 9.1, note 4).
    pub const fn rsa_pss(hash: SignatureHash) -> Self {
        Self::RsaPss { hash, salt_length: hash.length() }
    }

    /// Returns the kind of key that makes and verifies such signatures.
    pub const fn key_kind(self) -> KeyKind {
        match self {
            Self::RsaPkcs1(_) | Self::RsaPss { .. } => KeyKind::Rsa,
            Self::Ecdsa(_) => KeyKind::Ecdsa,
            Self::Ed25519 => KeyKind::Ed25519,
            Self::MlDsa(set) => KeyKind::MlDsa(set),
        }
    }

    /// Reports whether keys of the type `key` make and verify such signatures.
    pub fn accepts_key(self, key: KeyType) -> bool {
        self.key_kind() == key.kind()
    }

    /// The name in `SignAlg` of profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1(_) => "rsa",
            Self::RsaPss { .. } => "rsa-pss",
            Self::Ecdsa(_) => "ecdsa",
            Self::Ed25519 => "ed25519",
            Self::MlDsa(set) => set.name(),
        }
    }

    /// Returns the hash, or `None` where the algorithm fixes it.
    pub const fn hash(self) -> Option<SignatureHash> {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss { hash, .. } | Self::Ecdsa(hash) => Some(hash),
            Self::Ed25519 | Self::MlDsa(_) => None,
        }
    }

    /// The name in the descriptors of signed data, such as `ecdsa-with-sha-512`.
    pub const fn data_algorithm_name(self) -> &'static str {
        match self {
            Self::RsaPkcs1(SignatureHash::Sha256) => "rsa-with-sha-256",
            Self::RsaPkcs1(SignatureHash::Sha384) => "rsa-with-sha-384",
            Self::RsaPkcs1(SignatureHash::Sha512) => "rsa-with-sha-512",
            Self::RsaPss { hash: SignatureHash::Sha256, .. } => "rsa-pss-with-sha-256",
            Self::RsaPss { hash: SignatureHash::Sha384, .. } => "rsa-pss-with-sha-384",
            Self::RsaPss { hash: SignatureHash::Sha512, .. } => "rsa-pss-with-sha-512",
            Self::Ecdsa(SignatureHash::Sha256) => "ecdsa-with-sha-256",
            Self::Ecdsa(SignatureHash::Sha384) => "ecdsa-with-sha-384",
            Self::Ecdsa(SignatureHash::Sha512) => "ecdsa-with-sha-512",
            Self::Ed25519 => "ed25519",
            Self::MlDsa(set) => set.name(),
        }
    }

    /// The name in the descriptors of certificates, such as `ecdsa-with-SHA512` (RFC 5758) or
    /// `sha256WithRSAEncryption` (RFC 8017).
    pub const fn certificate_algorithm_name(self) -> &'static str {
        match self {
            Self::RsaPkcs1(SignatureHash::Sha256) => "sha256WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha384) => "sha384WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha512) => "sha512WithRSAEncryption",
            Self::Ecdsa(SignatureHash::Sha256) => "ecdsa-with-SHA256",
            Self::Ecdsa(SignatureHash::Sha384) => "ecdsa-with-SHA384",
            Self::Ecdsa(SignatureHash::Sha512) => "ecdsa-with-SHA512",
            Self::RsaPss { .. } => "id-RSASSA-PSS",
            Self::Ed25519 | Self::MlDsa(_) => self.key_kind().name(),
        }
    }
}

/// The encoding of a signature over data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFormat {
    /// The octets of the signature itself; for ECDSA r and s, each as long as the order of the curve.
    Raw,
    /// The contents of the BIT STRING of an X.509 signature: Ecdsa-Sig-Value for ECDSA, the raw octets otherwise.
    Der,
    /// The DER encoding in a PEM block labelled `SIGNATURE` (RFC 7468).
    Pem,
    /// Detached SignedData (RFC 5652) in DER whose signer is identified by its subject key identifier.
    Cms,
}

impl SignatureFormat {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Der, Self::Pem, Self::Cms];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "RAW",
            Self::Der => "DER",
            Self::Pem => "PEM",
            Self::Cms => "CMS",
        }
    }
}
