//! The header `grpc-timeout`.

use std::time::Duration;

use http::HeaderValue;

/// The units of gRPC, and how many nanoseconds each has.
const UNITS: [(u128, char); 6] = [
    (1, 'n'),
    (1_000, 'u'),
    (1_000_000, 'm'),
    (1_000_000_000, 'S'),
    (60_000_000_000, 'M'),
    (3_600_000_000_000, 'H'),
];

/// What fits eight digits, the most that gRPC allows.
const MOST: u128 = 99_999_999;

/// The time that a call has, in the finest unit in which it can be written.
pub(crate) fn timeout(time: Duration) -> HeaderValue {
    let nanoseconds = time.as_nanos();
    let (value, unit) = UNITS
        .into_iter()
        .map(|(size, unit)| (nanoseconds / size, unit))
        .find(|(value, _)| *value <= MOST)
        .unwrap_or((MOST, 'H'));
    // Digits and a letter are always a header.
    HeaderValue::try_from(format!("{value}{unit}")).unwrap_or_else(|_| HeaderValue::from_static("99999999H"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_unit_that_fits_is_used() {
        for (time, text) in [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_secs(10), "10000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(99_999_999_999), "27777777H"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(text, timeout(time));
        }
    }
}
