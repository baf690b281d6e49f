//! Certificate policies (RFC 5280 6.1) with any-policy as the initial set and no policy required: a path fails only where it
//! requires an explicit policy itself, or where anyPolicy is mapped.

use std::collections::BTreeSet;

use super::rejection::Rejection;
use crate::x509::{
    certificate::{Certificate, Extension, oid},
    der::{NotDer, Tlv, tag, unsigned},
    extension_value,
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

/// Checks that the critical extensions about policies can be processed: they are not shown to webpki as critical, so it does
/// not refuse them (RFC 5280 4.2).
pub(super) fn check_critical(certificate: &Certificate<'_>) -> Result<(), Rejection> {
    for extension in certificate.extensions().iter().filter(|extension| extension.critical) {
        let unknown_qualifier = match extension.oid.as_str() {
            oid::CERTIFICATE_POLICIES => unknown_qualifier(extension),
            oid::POLICY_MAPPINGS | oid::POLICY_CONSTRAINTS | oid::INHIBIT_ANY_POLICY
                if extension_value::is_malformed(extension) =>
            {
                Err(NotDer)
            }
            _ => Ok(None),
        };
        let name = extension_value::name(extension);
        match unknown_qualifier {
            Ok(None) => {}
            Ok(Some(qualifier)) => {
                let text = format!(
                    "has critical {name} with the qualifier {qualifier}, which is not known and must not be ignored (RFC 5280 \
                     4.2.1.4)"
                );
                return Err(Rejection::of(certificate, "UNSUPPORTED_CRITICAL_EXTENSION", &text));
            }
            Err(NotDer) => {
                let text = format!("has malformed {name}, which must not be ignored because it is critical");
                return Err(Rejection::of(certificate, "MALFORMED", &text));
            }
        }
    }
    Ok(())
}

const CPS: &str = "1.3.6.1.5.5.7.2.1";
const USER_NOTICE: &str = "1.3.6.1.5.5.7.2.2";

/// Reads certificatePolicies (RFC 5280 4.2.1.4). Returns the first type of a qualifier that the standard does not define.
///
/// # Errors
/// Fails where the value is not of the standard's structure, and where a policy is listed twice.
fn unknown_qualifier(policies: &Extension<'_>) -> Result<Option<String>, NotDer> {
    let (mut seen, mut unknown) = (BTreeSet::new(), None);
    for policy in Tlv::only(policies.value)?.list(tag::SEQUENCE)? {
        let mut parts = policy.inside(tag::SEQUENCE)?;
        if !seen.insert(parts.next(tag::OID)?.oid()?) {
            return Err(NotDer);
        }
        let qualifiers = parts.optional(tag::SEQUENCE)?;
        parts.end()?;
        for qualifier in qualifiers.map(|list| list.list(tag::SEQUENCE)).transpose()?.unwrap_or_default() {
            let mut parts = qualifier.inside(tag::SEQUENCE)?;
            let id = parts.next(tag::OID)?.oid()?;
            match id.as_str() {
                CPS => drop(parts.next(tag::IA5_STRING)?),
                USER_NOTICE => drop(parts.next(tag::SEQUENCE)?),
                _ => {
                    parts.any()?;
                    unknown = unknown.or(Some(id));
                }
            }
            parts.end()?;
        }
    }
    if seen.is_empty() { Err(NotDer) } else { Ok(unknown) }
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
