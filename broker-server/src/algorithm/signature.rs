//! Signature algorithms and their keys.

use std::fmt;

/// A hash function inside a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SignatureHash {
    Sha256,
    Sha384,
    Sha512,
}

impl SignatureHash {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Length of the digest in bytes.
    pub const fn length(self) -> u32 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A named curve of FIPS 186-5 / SP 800-186.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    /// Every curve, the smallest first.
    pub const ALL: [Self; 4] = [Self::P224, Self::P256, Self::P384, Self::P521];

    /// The size in bits that profiles constrain.
    pub const fn bits(self) -> u32 {
        match self {
            Self::P224 => 224,
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Length of the order in bytes: of r and of s in a signature.
    pub const fn order_length(self) -> usize {
        self.bits().div_ceil(8) as usize
    }
}

/// A parameter set of FIPS 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
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

    /// Length of a signature in bytes (FIPS 204 table 2).
    pub const fn signature_length(self) -> usize {
        match self {
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }
}

/// What kind of key, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with a modulus of `bits` bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
    /// An elliptic-curve key on a named curve.
    Ec(Curve),
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// ML-DSA (RFC 9881).
    MlDsa(MlDsa),
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ec(curve) => write!(f, "ECDSA {}", curve.bits()),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa(MlDsa::MlDsa44) => f.write_str("ML-DSA-44"),
            Self::MlDsa(MlDsa::MlDsa65) => f.write_str("ML-DSA-65"),
            Self::MlDsa(MlDsa::MlDsa87) => f.write_str("ML-DSA-87"),
        }
    }
}

/// How a private key's DER is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// PrivateKeyInfo (RFC 5208) or OneAsymmetricKey (RFC 5958): RSA, EC, Ed25519 (RFC 8410), ML-DSA (RFC 9881: seed,
    /// expanded key, or both).
    Pkcs8,
    /// ECPrivateKey (RFC 5915) with its named curve inside.
    Sec1,
    /// RSAPrivateKey (RFC 8017 A.1.2) with its CRT values.
    Pkcs1,
}

impl KeyForm {
    /// Every form, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Pkcs8, Self::Sec1, Self::Pkcs1];
}

/// How something is signed, or was: the key's kind and, where the kind leaves it open, hash and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(SignatureHash),
    /// RSASSA-PSS (RFC 8017 8.1) with MGF1 over the same hash.
    RsaPss {
        /// Hash of the message and of MGF1.
        hash: SignatureHash,
        /// Length of the salt in bytes. The broker's own signatures have the hash's length; a signature to be verified
        /// says its own, and one with another length is wrong.
        salt_length: u32,
    },
    /// ECDSA (FIPS 186-5), the signature as Ecdsa-Sig-Value (RFC 3279 2.2.3).
    Ecdsa(SignatureHash),
    /// Ed25519 (RFC 8032), pure.
    Ed25519,
    /// ML-DSA (FIPS 204), pure, with empty context.
    MlDsa(MlDsa),
}

impl SignatureScheme {
    /// RSASSA-PSS as the broker signs: the salt as long as the hash (RFC 8017 9.1, note 4).
    pub const fn rsa_pss(hash: SignatureHash) -> Self {
        Self::RsaPss { hash, salt_length: hash.length() }
    }

    /// Whether keys of `kind` make and verify such signatures.
    pub fn fits(self, kind: KeyType) -> bool {
        match (self, kind) {
            (Self::RsaPkcs1(_) | Self::RsaPss { .. }, KeyType::Rsa { .. })
            | (Self::Ecdsa(_), KeyType::Ec(_))
            | (Self::Ed25519, KeyType::Ed25519) => true,
            (Self::MlDsa(wanted), KeyType::MlDsa(set)) => wanted == set,
            _ => false,
        }
    }

    /// `SignAlg` in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1(_) => "rsa",
            Self::RsaPss { .. } => "rsa-pss",
            Self::Ecdsa(_) => "ecdsa",
            Self::Ed25519 => "ed25519",
            Self::MlDsa(set) => set.name(),
        }
    }

    /// The hash, where the scheme leaves it open.
    pub const fn hash(self) -> Option<SignatureHash> {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss { hash, .. } | Self::Ecdsa(hash) => Some(hash),
            Self::Ed25519 | Self::MlDsa(_) => None,
        }
    }

    /// The name in the descriptors of signed data, such as `ecdsa-with-sha-512`.
    pub const fn data_descriptor(self) -> &'static str {
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

    /// The name in the descriptors of certificates, such as `ecdsa-with-SHA512` (RFC 5758) or `sha256WithRSAEncryption` (RFC 8017).
    pub const fn descriptor(self) -> &'static str {
        match self {
            Self::RsaPkcs1(SignatureHash::Sha256) => "sha256WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha384) => "sha384WithRSAEncryption",
            Self::RsaPkcs1(SignatureHash::Sha512) => "sha512WithRSAEncryption",
            Self::Ecdsa(SignatureHash::Sha256) => "ecdsa-with-SHA256",
            Self::Ecdsa(SignatureHash::Sha384) => "ecdsa-with-SHA384",
            Self::Ecdsa(SignatureHash::Sha512) => "ecdsa-with-SHA512",
            Self::RsaPss { .. } => "id-RSASSA-PSS",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa(MlDsa::MlDsa44) => "ML-DSA-44",
            Self::MlDsa(MlDsa::MlDsa65) => "ML-DSA-65",
            Self::MlDsa(MlDsa::MlDsa87) => "ML-DSA-87",
        }
    }
}

/// How a signature over data travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFormat {
    /// The signature's own octets; of ECDSA r and s, each as long as the curve's order.
    Raw,
    /// What an X.509 signature's BIT STRING holds: of ECDSA Ecdsa-Sig-Value, of the others their own octets.
    Der,
    /// DER in a `SIGNATURE` block (RFC 7468).
    Pem,
    /// Detached SignedData (RFC 5652) in DER, the signer by subject key identifier.
    Cms,
}

impl SignatureFormat {
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
