//! Judges a refusal: it has a code that tells the caller not to try again, a reason, a field or a rule, and a message.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{case::Case, der, support};

/// The fields of SignCertificateRequest that a generated request can be wrong in.
const FIELDS: [&str; 6] =
    ["csr", "subject", "crl_distribution_points", "valid_not_before", "valid_not_after", "profile"];

/// Checks a refusal and returns its reason.
pub fn check(case: &Case, request: &[u8], status: &Status) -> Result<String, String> {
    let require = |holds: bool, otherwise: &str| {
        if holds { Ok(()) } else { Err(format!("{otherwise}: {:?} {}", status.code(), status.message())) }
    };
    require(
        matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition | Code::PermissionDenied),
        "the code of a refusal",
    )?;
    let reason = support::reason(status);
    let details = status.get_error_details();
    let rule = details.error_info().and_then(|info| info.metadata.get("rule").cloned()).unwrap_or_default();
    let field = support::field(status);
    require(!reason.is_empty(), "no reason")?;
    require(!rule.is_empty() || FIELDS.contains(&field.as_str()), "neither a field nor a rule")?;
    let message = status.message();
    require(!message.is_empty() && message.len() <= 1000, "the length of the message")?;
    require(message.chars().all(|c| !c.is_control()), "a control character in the message")?;
    if der::is_well_formed(request) && der::extension_values_are_well_formed(request) {
        require(!message.contains("not well-formed DER"), "the request is well-formed DER")?;
    }
    require(!case.must_be_issued(), "a common request was refused")?;
    Ok(reason)
}
