//! Histograms of times.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::error::LoadError;

/// Returns a time in nanoseconds.
pub(crate) fn saturating_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns a histogram from a nanosecond to an hour with three significant digits.
pub(crate) fn histogram() -> Result<Histogram<u64>, LoadError> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
        .map_err(|source| LoadError::local("cannot make a histogram", source))
}
