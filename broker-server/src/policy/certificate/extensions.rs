//! The check of the extensions in a certification request.

use crate::policy::{
    Denial, DenialKind,
    check::CheckInput,
    collector::DenialCollector,
    facts::FactName,
    profile::{SignCertificateRule, UnknownExtensions},
};

/// Denies a request for extensions that the broker does not know, where the profile refuses these.
pub(super) fn unknown_extensions(
    input: &CheckInput<'_, SignCertificateRule>,
    collector: &mut DenialCollector,
) -> Result<(), Denial> {
    let UnknownExtensions::Refuse { line } = input.rule.unknown_extensions else { return Ok(()) };
    let facts = input.facts.unknown_extensions;
    let Some(extensions) = collector.require(FactName::UnknownExtensions, facts)? else { return Ok(()) };
    let extensions: Vec<&str> = input.rule.ignored_extensions(extensions).collect();
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
