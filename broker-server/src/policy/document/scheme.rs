//! `SignAlg` and the `HashAlg` beside it.

use super::{read::Section, report::Report};
use crate::algorithm::{MlDsa, SignatureHash, SignatureScheme};

/// A `SignAlg`.
#[derive(Clone, Copy)]
pub(super) enum SignAlg {
    /// With a hash of its own choice.
    Hashes(fn(SignatureHash) -> SignatureScheme),
    /// Hashes by itself.
    Whole(SignatureScheme),
}

const RSA: (&str, SignAlg) = ("rsa", SignAlg::Hashes(SignatureScheme::RsaPkcs1));
const RSA_PSS: (&str, SignAlg) = ("rsa-pss", SignAlg::Hashes(SignatureScheme::rsa_pss));
const ECDSA: (&str, SignAlg) = ("ecdsa", SignAlg::Hashes(SignatureScheme::Ecdsa));
const ED25519: (&str, SignAlg) = ("ed25519", SignAlg::Whole(SignatureScheme::Ed25519));
const ML_DSA_44: (&str, SignAlg) = ("ml-dsa-44", SignAlg::Whole(SignatureScheme::MlDsa(MlDsa::MlDsa44)));
const ML_DSA_65: (&str, SignAlg) = ("ml-dsa-65", SignAlg::Whole(SignatureScheme::MlDsa(MlDsa::MlDsa65)));
const ML_DSA_87: (&str, SignAlg) = ("ml-dsa-87", SignAlg::Whole(SignatureScheme::MlDsa(MlDsa::MlDsa87)));

/// What signs certificates.
pub(super) const CERTIFICATES: [(&str, SignAlg); 6] = [RSA, ECDSA, ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87];

/// What signs data.
pub(super) const DATA: [(&str, SignAlg); 7] = [RSA, RSA_PSS, ECDSA, ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87];

/// Reads `SignAlg`, one of `names`, and `HashAlg`: there for those that need one, absent for those that hash by
/// themselves.
pub(super) fn scheme(
    section: &Section<'_>,
    names: &[(&'static str, SignAlg)],
    report: &mut Report,
) -> Option<SignatureScheme> {
    let names: Vec<_> = names.iter().map(|(name, algorithm)| (*name, (*name, *algorithm))).collect();
    let sign = section.require("SignAlg", report).cloned().and_then(|field| field.algorithm(&names, report));
    let hashes = SignatureHash::ALL.map(|hash| (hash.name(), hash));
    match (sign, section.get("HashAlg")) {
        (Some((name, SignAlg::Whole(_))), Some(field)) => {
            field.misplaced(format!("{name} hashes by itself; take the key away"), report);
            None
        }
        (Some((_, SignAlg::Whole(scheme))), None) => Some(scheme),
        (None, None) => None,
        (None, Some(field)) => {
            field.algorithm(&hashes, report);
            None
        }
        (Some((_, SignAlg::Hashes(scheme))), Some(field)) => field.algorithm(&hashes, report).map(scheme),
        (Some((_, SignAlg::Hashes(_))), None) => {
            section.require("HashAlg", report)?;
            None
        }
    }
}
