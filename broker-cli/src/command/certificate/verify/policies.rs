//! Certificate policies (RFC 5280 6.1) with any-policy as the initial set and no policy required: a path fails only where it
//! requires an explicit policy itself, or where anyPolicy is mapped.

use super::rejection::Rejection;
use crate::x509::{
    certificate::{Certificate, oid},
    der::{NotDer, Tlv, tag, unsigned},
};

/// Checks the certificates of a path, from the target to the last below the anchor.
///
/// Which policies are valid is not computed, so a path in which `explicit_policy` reaches 0 is refused (6.1.3 f, 6.1.5 g).
pub(super) fn check(path: &[Certificate<'_>]) -> Result<(), Rejection> {
    let mut explicit_policy = path.len() as u64 + 1;
    for (index, certificate) in path.iter().enumerate().rev() {
        let malformed = |_: NotDer| Rejection::of(certificate, "MALFORMED", "has malformed policies");
        let required = required_policy(certificate).map_err(malformed)?;
        if index > 0 {
            if maps_any_policy(certificate).map_err(malformed)? {
                let text = "maps from or to anyPolicy (RFC 5280 6.1.4 a)";
                return Err(Rejection::of(certificate, "POLICIES", text));
            }
            if certificate.issuer.raw != certificate.subject.raw {
                explicit_policy = explicit_policy.saturating_sub(1);
            }
            explicit_policy = explicit_policy.min(required.unwrap_or(u64::MAX));
        } else {
            explicit_policy = explicit_policy.saturating_sub(1);
            if required == Some(0) {
                explicit_policy = 0;
            }
        }
        if explicit_policy == 0 {
            let text = "is on a path that requires an explicit policy (policyConstraints, RFC 5280 4.2.1.11), and the \
                        policies of paths are not computed";
            return Err(Rejection::of(certificate, "UNSUPPORTED", text));
        }
    }
    Ok(())
}

/// Returns requireExplicitPolicy.
fn required_policy(certificate: &Certificate<'_>) -> Result<Option<u64>, NotDer> {
    let Some(extension) = certificate.extension(oid::POLICY_CONSTRAINTS) else { return Ok(None) };
    let mut parts = Tlv::only(extension.value)?.inside(tag::SEQUENCE)?;
    parts.optional(tag::context(0, false))?.map(|number| unsigned(number.value)).transpose()
}

fn maps_any_policy(certificate: &Certificate<'_>) -> Result<bool, NotDer> {
    let Some(extension) = certificate.extension(oid::POLICY_MAPPINGS) else { return Ok(false) };
    for mapping in Tlv::only(extension.value)?.list(tag::SEQUENCE)? {
        for policy in mapping.list(tag::SEQUENCE)? {
            if policy.oid()? == oid::ANY_POLICY {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
