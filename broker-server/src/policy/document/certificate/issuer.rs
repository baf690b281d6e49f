//! `IssuerChecks`.

use crate::policy::{
    document::{read::Field, report::Report},
    profile::IssuerChecks,
};

pub(super) fn issuer_checks(field: &Field<'_>, report: &mut Report) -> Option<IssuerChecks> {
    let section = field.field_map(&["AllowExpired", "RequireCA", "NestValidity"], report)?;
    let (allow_expired, require_ca, nest_validity) = (
        section.flag("AllowExpired", report),
        section.flag("RequireCA", report),
        section.flag("NestValidity", report),
    );
    Some(IssuerChecks {
        refuse_expired: !allow_expired?,
        require_ca: require_ca?,
        nest_validity: nest_validity?,
        line: section.at.line,
    })
}
