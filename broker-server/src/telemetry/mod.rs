//! What the broker reports about itself: the log, which can be filtered, and the audit, which cannot.

pub mod audit;
pub mod logs;
pub mod output;

/// Formats a time as the log and the audit write it: RFC 3339, UTC, milliseconds.
pub(crate) fn rfc3339(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}
