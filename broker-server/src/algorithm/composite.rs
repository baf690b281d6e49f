//! Composite signatures: an ML-DSA signature and a traditional signature over the same message
//! (draft-ietf-lamps-pq-composite-sigs-19).

use super::{Curve, KeyType, MlDsa, SignatureHash, SignatureScheme};

/// An algorithm of draft-ietf-lamps-pq-composite-sigs-19 section 6. The algorithms with brainpool curves and
/// with Ed448 are left out because the crypto library has neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the draft's
pub enum Composite {
    MlDsa44Rsa2048PssSha256,
    MlDsa44Rsa2048Pkcs15Sha256,
    MlDsa44Ed25519Sha512,
    MlDsa44EcdsaP256Sha256,
    MlDsa65Rsa3072PssSha512,
    MlDsa65Rsa3072Pkcs15Sha512,
    MlDsa65Rsa4096PssSha512,
    MlDsa65Rsa4096Pkcs15Sha512,
    MlDsa65EcdsaP256Sha512,
    MlDsa65EcdsaP384Sha512,
    MlDsa65Ed25519Sha512,
    MlDsa87EcdsaP384Sha512,
    MlDsa87Rsa3072PssSha512,
    MlDsa87Rsa4096PssSha512,
    MlDsa87EcdsaP521Sha512,
}

impl Composite {
    /// Every algorithm, in the draft's order.
    pub const ALL: [Self; 15] = [
        Self::MlDsa44Rsa2048PssSha256,
        Self::MlDsa44Rsa2048Pkcs15Sha256,
        Self::MlDsa44Ed25519Sha512,
        Self::MlDsa44EcdsaP256Sha256,
        Self::MlDsa65Rsa3072PssSha512,
        Self::MlDsa65Rsa3072Pkcs15Sha512,
        Self::MlDsa65Rsa4096PssSha512,
        Self::MlDsa65Rsa4096Pkcs15Sha512,
        Self::MlDsa65EcdsaP256Sha512,
        Self::MlDsa65EcdsaP384Sha512,
        Self::MlDsa65Ed25519Sha512,
        Self::MlDsa87EcdsaP384Sha512,
        Self::MlDsa87Rsa3072PssSha512,
        Self::MlDsa87Rsa4096PssSha512,
        Self::MlDsa87EcdsaP521Sha512,
    ];

    /// The name in profiles and descriptors: the draft's name without `id-`, such as `MLDSA65-ECDSA-P384-SHA512`.
    pub const fn name(self) -> &'static str {
        // The draft derives each label from the name (section 6).
        self.label().split_at("COMPSIG-".len()).1
    }

    /// The label that binds both component signatures to the algorithm. It is a part of the message
    /// representative and the context of ML-DSA (sections 2.2 and 3.2).
    pub const fn label(self) -> &'static str {
        self.row().label
    }

    /// The object identifier.
    pub const fn oid(self) -> &'static str {
        self.row().oid
    }

    /// The parameter set of the ML-DSA component.
    pub const fn ml_dsa(self) -> MlDsa {
        self.row().ml_dsa
    }

    /// The scheme of the traditional component, with the hash of that component.
    pub const fn traditional(self) -> SignatureScheme {
        self.row().traditional
    }

    /// The types of the two component keys: the traditional key, then the ML-DSA key.
    pub const fn keys(self) -> [KeyType; 2] {
        [self.row().key, KeyType::MlDsa(self.ml_dsa())]
    }

    /// PH, the hash that is applied to the message before both components sign it (section 2.1).
    pub const fn pre_hash(self) -> SignatureHash {
        self.row().pre_hash
    }

    /// Splits a signature into its ML-DSA part and its traditional part (section 4.3). Returns `None` where it
    /// is too short to have both.
    pub fn halves(self, signature: &[u8]) -> Option<(&[u8], &[u8])> {
        signature.split_at_checked(self.ml_dsa().signature_length())
    }

    const fn row(self) -> Row {
        use SignatureHash::{Sha256, Sha384, Sha512};
        use SignatureScheme::{Ecdsa, Ed25519, RsaPkcs1};
        match self {
            Self::MlDsa44Rsa2048PssSha256 => Row {
                label: "COMPSIG-MLDSA44-RSA2048-PSS-SHA256",
                oid: "1.3.6.1.5.5.7.6.37",
                ml_dsa: MlDsa::MlDsa44,
                key: KeyType::Rsa { bits: 2048 },
                traditional: SignatureScheme::rsa_pss(Sha256),
                pre_hash: Sha256,
            },
            Self::MlDsa44Rsa2048Pkcs15Sha256 => Row {
                label: "COMPSIG-MLDSA44-RSA2048-PKCS15-SHA256",
                oid: "1.3.6.1.5.5.7.6.38",
                ml_dsa: MlDsa::MlDsa44,
                key: KeyType::Rsa { bits: 2048 },
                traditional: RsaPkcs1(Sha256),
                pre_hash: Sha256,
            },
            Self::MlDsa44Ed25519Sha512 => Row {
                label: "COMPSIG-MLDSA44-Ed25519-SHA512",
                oid: "1.3.6.1.5.5.7.6.39",
                ml_dsa: MlDsa::MlDsa44,
                key: KeyType::Ed25519,
                traditional: Ed25519,
                pre_hash: Sha512,
            },
            Self::MlDsa44EcdsaP256Sha256 => Row {
                label: "COMPSIG-MLDSA44-ECDSA-P256-SHA256",
                oid: "1.3.6.1.5.5.7.6.40",
                ml_dsa: MlDsa::MlDsa44,
                key: KeyType::Ec(Curve::P256),
                traditional: Ecdsa(Sha256),
                pre_hash: Sha256,
            },
            Self::MlDsa65Rsa3072PssSha512 => Row {
                label: "COMPSIG-MLDSA65-RSA3072-PSS-SHA512",
                oid: "1.3.6.1.5.5.7.6.41",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Rsa { bits: 3072 },
                traditional: SignatureScheme::rsa_pss(Sha256),
                pre_hash: Sha512,
            },
            Self::MlDsa65Rsa3072Pkcs15Sha512 => Row {
                label: "COMPSIG-MLDSA65-RSA3072-PKCS15-SHA512",
                oid: "1.3.6.1.5.5.7.6.42",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Rsa { bits: 3072 },
                traditional: RsaPkcs1(Sha256),
                pre_hash: Sha512,
            },
            Self::MlDsa65Rsa4096PssSha512 => Row {
                label: "COMPSIG-MLDSA65-RSA4096-PSS-SHA512",
                oid: "1.3.6.1.5.5.7.6.43",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Rsa { bits: 4096 },
                traditional: SignatureScheme::rsa_pss(Sha384),
                pre_hash: Sha512,
            },
            Self::MlDsa65Rsa4096Pkcs15Sha512 => Row {
                label: "COMPSIG-MLDSA65-RSA4096-PKCS15-SHA512",
                oid: "1.3.6.1.5.5.7.6.44",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Rsa { bits: 4096 },
                traditional: RsaPkcs1(Sha384),
                pre_hash: Sha512,
            },
            Self::MlDsa65EcdsaP256Sha512 => Row {
                label: "COMPSIG-MLDSA65-ECDSA-P256-SHA512",
                oid: "1.3.6.1.5.5.7.6.45",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Ec(Curve::P256),
                traditional: Ecdsa(Sha256),
                pre_hash: Sha512,
            },
            Self::MlDsa65EcdsaP384Sha512 => Row {
                label: "COMPSIG-MLDSA65-ECDSA-P384-SHA512",
                oid: "1.3.6.1.5.5.7.6.46",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Ec(Curve::P384),
                traditional: Ecdsa(Sha384),
                pre_hash: Sha512,
            },
            Self::MlDsa65Ed25519Sha512 => Row {
                label: "COMPSIG-MLDSA65-Ed25519-SHA512",
                oid: "1.3.6.1.5.5.7.6.48",
                ml_dsa: MlDsa::MlDsa65,
                key: KeyType::Ed25519,
                traditional: Ed25519,
                pre_hash: Sha512,
            },
            Self::MlDsa87EcdsaP384Sha512 => Row {
                label: "COMPSIG-MLDSA87-ECDSA-P384-SHA512",
                oid: "1.3.6.1.5.5.7.6.49",
                ml_dsa: MlDsa::MlDsa87,
                key: KeyType::Ec(Curve::P384),
                traditional: Ecdsa(Sha384),
                pre_hash: Sha512,
            },
            Self::MlDsa87Rsa3072PssSha512 => Row {
                label: "COMPSIG-MLDSA87-RSA3072-PSS-SHA512",
                oid: "1.3.6.1.5.5.7.6.52",
                ml_dsa: MlDsa::MlDsa87,
                key: KeyType::Rsa { bits: 3072 },
                traditional: SignatureScheme::rsa_pss(Sha256),
                pre_hash: Sha512,
            },
            Self::MlDsa87Rsa4096PssSha512 => Row {
                label: "COMPSIG-MLDSA87-RSA4096-PSS-SHA512",
                oid: "1.3.6.1.5.5.7.6.53",
                ml_dsa: MlDsa::MlDsa87,
                key: KeyType::Rsa { bits: 4096 },
                traditional: SignatureScheme::rsa_pss(Sha384),
                pre_hash: Sha512,
            },
            Self::MlDsa87EcdsaP521Sha512 => Row {
                label: "COMPSIG-MLDSA87-ECDSA-P521-SHA512",
                oid: "1.3.6.1.5.5.7.6.54",
                ml_dsa: MlDsa::MlDsa87,
                key: KeyType::Ec(Curve::P521),
                traditional: Ecdsa(Sha512),
                pre_hash: Sha512,
            },
        }
    }
}

/// The parameters of one algorithm of the draft's list.
struct Row {
    label: &'static str,
    oid: &'static str,
    ml_dsa: MlDsa,
    key: KeyType,
    traditional: SignatureScheme,
    pre_hash: SignatureHash,
}
