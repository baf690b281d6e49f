//! `IssuerChecks`.

use crate::policy::{
    document::{read::Field, report::Report},
    profile::IssuerChecks,
};

pub(super) fn issuer_checks(field: &Field<'_>, report: &mut Report) -> Option<IssuerChecks> {
    let section = field.field_map(&["RequireCA", "NestValidity"], report)?;
    let (require_ca, nest_validity) =
        (section.flag("RequireCA", report), section.flag("NestValidity", report));
    Some(IssuerChecks { require_ca: require_ca?, nest_validity: nest_validity?, line: section.at.line })
}
