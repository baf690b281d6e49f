//! Name constraints of a path (RFC 5280 6.1.3 b and c, 4.2.1.10), compared as the broker does when it issues.

use std::collections::BTreeSet;

use broker_server::{
    policy::CertificateNames,
    request::{AlternativeName, Name, NameConstraints},
};
use der::{Encode as _, asn1::AnyRef};

use super::rejection::Rejection;
use crate::x509::{
    certificate::{Certificate, oid},
    der::{NotDer, Reader, Tlv, tag},
    general_name,
};

/// Checks the names of each certificate of a path against the constraints of each above it. The path begins with the target
/// and ends with the anchor.
pub(super) fn check(path: &[Certificate<'_>], target_is_ca: bool) -> Result<(), Rejection> {
    for (index, issuer) in path.iter().enumerate().rev() {
        let Some(extension) = issuer.extension(oid::NAME_CONSTRAINTS) else { continue };
        let malformed = || Rejection::of(issuer, "MALFORMED", "has malformed nameConstraints");
        let constraints = NameConstraints::from_extension(extension.value).ok_or_else(malformed)?;
        let forms = forms(extension.value).map_err(|NotDer| malformed())?;
        for (below, certificate) in path.iter().take(index).enumerate().rev() {
            // Self-issued certificates are exempt, except the last of the path.
            if below > 0 && certificate.issuer.raw == certificate.subject.raw {
                continue;
            }
            let takes_common_names = below == 0 && !target_is_ca;
            if let Some(text) = violation(certificate, &constraints, &forms, takes_common_names) {
                return Err(Rejection::of(certificate, "NAME_CONSTRAINTS", &format!("is not valid: {text}")));
            }
        }
    }
    Ok(())
}

/// Returns the numbers of the tags of all bases.
fn forms(value: &[u8]) -> Result<BTreeSet<u8>, NotDer> {
    let mut forms = BTreeSet::new();
    for subtrees in Tlv::only(value)?.list(tag::SEQUENCE)? {
        for subtree in Reader::new(subtrees.value).all()? {
            forms.insert(subtree.inside(tag::SEQUENCE)?.any()?.tag & 0x1f);
        }
    }
    Ok(forms)
}

fn violation(
    certificate: &Certificate<'_>,
    constraints: &NameConstraints,
    forms: &BTreeSet<u8>,
    takes_common_names: bool,
) -> Option<String> {
    const MALFORMED: &str = "its names are malformed, so nameConstraints cannot be applied to them";
    let (mut alternatives, mut directories) = (Vec::new(), Vec::new());
    let names =
        certificate.extension(oid::SUBJECT_ALT_NAME).map(|found| Tlv::only(found.value)?.list(tag::SEQUENCE));
    let Ok(names) = names.transpose() else { return Some(MALFORMED.to_owned()) };
    for name in names.unwrap_or_default() {
        match name.tag & 0x1f {
            // Names of a form that no subtree has are not constrained.
            form if !forms.contains(&form) => {}
            1 | 2 | 6 | 7 => {
                for name in alternative_names(name) {
                    match name {
                        AlternativeName::Invalid(fault) => {
                            return Some(format!(
                                "its subjectAltName {fault}, so nameConstraints cannot be applied to it"
                            ));
                        }
                        name => alternatives.push(name),
                    }
                }
            }
            4 => match Name::from_der(name.value) {
                Some(name) => directories.push(name),
                None => return Some(MALFORMED.to_owned()),
            },
            _ => {
                let shown = general_name::text(name).unwrap_or_default();
                return Some(format!(
                    "nameConstraints of the form of its alternative name {shown} are not supported"
                ));
            }
        }
    }
    let Some(subject) = Name::from_der(certificate.subject.raw) else { return Some(MALFORMED.to_owned()) };
    let names = CertificateNames {
        subject: &subject,
        alternatives: &alternatives,
        directories: &directories,
        takes_common_names,
    };
    names.violation(constraints)
}

fn alternative_names(name: Tlv<'_>) -> Vec<AlternativeName> {
    let list = AnyRef::new(der::Tag::Sequence, name.raw).and_then(|list| list.to_der());
    AlternativeName::read_all(&list.unwrap_or_default())
}
