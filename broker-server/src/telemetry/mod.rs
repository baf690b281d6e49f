//! What the broker says about itself: the log, which may be filtered, and the audit, which may not.

pub mod audit;
pub mod logs;
pub mod output;

/// A time as both write it: RFC 3339, UTC, milliseconds.
pub(crate) fn rfc3339(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}
