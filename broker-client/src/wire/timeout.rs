//! The header `grpc-timeout`.

use std::time::Duration;

use http::HeaderValue;

/// The units of gRPC, with their lengths in nanoseconds.
const UNITS: [(u128, char); 6] = [
    (1, 'n'),
    (1_000, 'u'),
    (1_000_000, 'm'),
    (1_000_000_000, 'S'),
    (60_000_000_000, 'M'),
    (3_600_000_000_000, 'H'),
];

/// The highest value, since gRPC allows eight digits.
const MAX_VALUE: u128 = 99_999_999;

/// Encodes a timeout in the finest unit in which it fits.
pub(crate) fn encode_timeout(timeout: Duration) -> HeaderValue {
    let nanoseconds = timeout.as_nanos();
    let (value, unit) = UNITS
        .into_iter()
        .map(|(size, unit)| (nanoseconds / size, unit))
        .find(|(value, _)| *value <= MAX_VALUE)
        .unwrap_or((MAX_VALUE, 'H'));
    // Digits and a letter are always a valid header value.
    HeaderValue::try_from(format!("{value}{unit}")).unwrap_or_else(|_| HeaderValue::from_static("99999999H"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_the_finest_unit_that_fits() {
        for (duration, text) in [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_secs(10), "10000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(99_999_999_999), "27777777H"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(text, encode_timeout(duration));
        }
    }
}
