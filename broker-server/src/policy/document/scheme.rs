//! `SignAlg` and the `HashAlg` beside it.

use super::{read::FieldMap, report::Report};
use crate::algorithm::{MlDsa, SignatureHash, SignatureScheme};

/// An algorithm that `SignAlg` can name.
#[derive(Clone, Copy)]
pub(super) enum SignAlg {
    /// An algorithm whose hash is chosen by `HashAlg`.
    WithHash(fn(SignatureHash) -> SignatureScheme),
    /// An algorithm that fixes its hash.
    Fixed(SignatureScheme),
}

impl SignAlg {
    const RSA: Self = Self::WithHash(SignatureScheme::RsaPkcs1);
    const RSA_PSS: Self = Self::WithHash(SignatureScheme::rsa_pss);
    const ECDSA: Self = Self::WithHash(SignatureScheme::Ecdsa);
    const ED25519: Self = Self::Fixed(SignatureScheme::Ed25519);
    const ML_DSA_44: Self = Self::Fixed(SignatureScheme::MlDsa(MlDsa::MlDsa44));
    const ML_DSA_65: Self = Self::Fixed(SignatureScheme::MlDsa(MlDsa::MlDsa65));
    const ML_DSA_87: Self = Self::Fixed(SignatureScheme::MlDsa(MlDsa::MlDsa87));

    /// The algorithms that sign certificates.
    pub(super) const CERTIFICATES: [Self; 6] =
        [Self::RSA, Self::ECDSA, Self::ED25519, Self::ML_DSA_44, Self::ML_DSA_65, Self::ML_DSA_87];

    /// The algorithms that sign data.
    pub(super) const DATA: [Self; 7] = [
        Self::RSA,
        Self::RSA_PSS,
        Self::ECDSA,
        Self::ED25519,
        Self::ML_DSA_44,
        Self::ML_DSA_65,
        Self::ML_DSA_87,
    ];

    /// The name in profiles, which does not depend on the hash.
    fn name(self) -> &'static str {
        match self {
            Self::WithHash(scheme) => scheme(SignatureHash::Sha256).name(),
            Self::Fixed(scheme) => scheme.name(),
        }
    }
}

/// Reads `SignAlg`, which must be one of `algorithms`, and `HashAlg`, which must be present if and only if the
/// algorithm does not fix its hash.
pub(super) fn scheme(
    section: &FieldMap<'_>,
    algorithms: &[SignAlg],
    report: &mut Report,
) -> Option<SignatureScheme> {
    let names: Vec<_> = algorithms.iter().map(|algorithm| (algorithm.name(), *algorithm)).collect();
    let algorithm =
        section.require("SignAlg", report).and_then(|field| field.choice_ignoring_case(&names, report));
    let hashes = SignatureHash::ALL.map(|hash| (hash.name(), hash));
    match (algorithm, section.field("HashAlg")) {
        (Some(SignAlg::Fixed(scheme)), Some(field)) => {
            field.key_error(format!("{} has a fixed hash; remove the key", scheme.name()), report);
            None
        }
        (Some(SignAlg::Fixed(scheme)), None) => Some(scheme),
        (None, None) => None,
        (None, Some(field)) => {
            field.choice_ignoring_case(&hashes, report);
            None
        }
        (Some(SignAlg::WithHash(scheme)), Some(field)) => {
            field.choice_ignoring_case(&hashes, report).map(scheme)
        }
        (Some(SignAlg::WithHash(_)), None) => {
            section.require("HashAlg", report)?;
            None
        }
    }
}
