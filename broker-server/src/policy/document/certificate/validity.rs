//! `Validity`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    duration,
    policy::document::{
        read::{Field, quote},
        report::Report,
        tree::Value,
    },
};

/// Reads `Validity`. Returns both offsets in seconds, and the line.
pub(super) fn validity(field: &Field<'_>, report: &mut Report) -> Option<(i64, i64, u32)> {
    let section = field.field_map(&["ValidNotBeforeOffset", "ValidNotAfterOffset"], report)?;
    let mut offset = |key| section.require(key, report).and_then(|field| duration(field, report));
    let (before, after) = (offset("ValidNotBeforeOffset"), offset("ValidNotAfterOffset"));
    let (before, after) = (before?, after?);
    if after < before {
        let message = format!(
            "notAfter ({}) is before notBefore ({})",
            duration::print(after),
            duration::print(before)
        );
        section.field("ValidNotAfterOffset").unwrap_or(field).error(message, report);
        return None;
    }
    // The longest duration does not reach the year 9999, the last one of a certificate (RFC 5280 4.1.2.5).
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for (key, offset) in [("ValidNotBeforeOffset", before), ("ValidNotAfterOffset", after)] {
        if now.checked_add_signed(offset).is_none() {
            let message = "leads to a time before the year 1970, which is not supported";
            section.field(key).unwrap_or(field).error(message, report);
            return None;
        }
    }
    Some((before, after, section.at.line))
}

fn duration(field: &Field<'_>, report: &mut Report) -> Option<i64> {
    // In Go `0` needs no unit, and in YAML it is a number.
    if let Value::Integer(number) = field.node.value {
        if number != 0 {
            field.error(format!("{number} needs a unit, such as `{number}h`"), report);
        }
        return (number == 0).then_some(0);
    }
    let text = field.text(report)?;
    match duration::parse(text) {
        Ok(seconds) => Some(seconds),
        Err(error) => {
            field.error(format!("{} {error}", quote(text)), report);
            None
        }
    }
}
