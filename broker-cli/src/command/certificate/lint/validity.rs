//! The validity (RFC 5280 4.1.2.5).

use super::finding::Findings;
use crate::{
    escape::printable_bytes,
    x509::{
        certificate::Certificate,
        der::Tlv,
        time::{Time, now},
    },
};

const CLAUSE: &str = "RFC 5280 4.1.2.5";

/// Checks the encodings and the order of the times, and whether the certificate is valid now.
pub(super) fn check(certificate: &Certificate<'_>, findings: &mut Findings) {
    let from = time("notBefore", certificate.not_before, findings);
    let to = time("notAfter", certificate.not_after, findings);
    let (Some(from), Some(to)) = (from, to) else { return };
    if from.unix > to.unix {
        findings.error(
            "validity-reversed",
            CLAUSE,
            format!("notBefore ({}) is after notAfter ({})", from.text(), to.text()),
        );
    } else if to.unix < now() {
        findings.notice("expired", CLAUSE, format!("the certificate has expired at {}", to.text()));
    } else if from.unix > now() {
        findings.notice("not-yet-valid", CLAUSE, format!("the certificate is valid from {} on", from.text()));
    }
}

fn time(field: &str, value: Tlv<'_>, findings: &mut Findings) -> Option<Time> {
    let Some(time) = Time::read(value) else {
        let text = printable_bytes(value.value);
        findings.error(
            "time-form",
            CLAUSE,
            format!("{field} is `{text}`; a time has the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ"),
        );
        return None;
    };
    // A UTCTime cannot express a later year.
    if time.is_generalized && time.year < 2050 {
        findings.error(
            "time-encoding",
            CLAUSE,
            format!("{field} ({}) is a GeneralizedTime; dates through 2049 are UTCTime", time.text()),
        );
    }
    Some(time)
}
