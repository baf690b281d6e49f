//! The check of the extensions in a certification request.

use const_oid::{ObjectIdentifier, db::rfc5280};

use crate::{
    policy::{
        Denial, DenialKind,
        check::CheckInput,
        collector::DenialCollector,
        facts::FactName,
        profile::{AuthorityInformationAccess, SignCertificateRule, UnknownExtensions},
    },
    request::Oid,
};

/// The extensions that the broker knows how to issue, whether a profile copies or decides them or has none of them.
const KNOWN: [ObjectIdentifier; 6] = [
    rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
    rfc5280::ID_CE_KEY_USAGE,
    rfc5280::ID_CE_SUBJECT_ALT_NAME,
    rfc5280::ID_CE_BASIC_CONSTRAINTS,
    rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
    rfc5280::ID_CE_EXT_KEY_USAGE,
];

/// Denies a request for extensions that the broker does not know, where the profile refuses these.
pub(super) fn unknown_extensions(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let UnknownExtensions::Refuse { line } = input.rule.unknown_extensions else { return Ok(()) };
    let facts = input.facts.requested_extensions;
    let Some(extensions) = collector.require(FactName::RequestedExtensions, facts)? else { return Ok(()) };
    let is_known = |oid: &&Oid| KNOWN.iter().any(|known| **oid == *known) || is_stated(input.rule, oid);
    let extensions = Oid::short_list(extensions.iter().filter(|oid| !is_known(oid)));
    if extensions.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the request asks for the extensions {}, which the broker does not issue; profile {} refuses such requests",
        extensions.join(", "),
        input.profile.name
    );
    let path = "API.SignCertificate.UnknownExtensions";
    collector.add(input.denial(DenialKind::ExtensionNotAllowed, path, line, message))
}

/// Reports whether the profile states the contents of an extension.
fn is_stated(rule: &SignCertificateRule, oid: &Oid) -> bool {
    let states_access = rule.authority_information_access != AuthorityInformationAccess::default();
    *oid == rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS && rule.crl_distribution_points.is_some()
        || *oid == rfc5280::ID_CE_CERTIFICATE_POLICIES && !rule.certificate_policies.is_empty()
        || *oid == rfc5280::ID_PE_AUTHORITY_INFO_ACCESS && states_access
}
