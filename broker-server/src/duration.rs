//! Durations in the syntax of Go's `time.ParseDuration`, which profiles, the configuration and the oldest
//! requests use.

use std::fmt::Write as _;

/// The reason why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// A number is missing.
    #[error("is not a duration such as `-1h`, `8760h` or `1h30m`")]
    Malformed,
    /// A number has no unit.
    #[error("has a number without a unit (ns, us, ms, s, m or h)")]
    NoUnit,
    /// A unit is unknown.
    #[error("has a unit other than ns, us, ms, s, m and h")]
    UnknownUnit,
    /// The duration exceeds Go's 64-bit count of nanoseconds.
    #[error("is longer than 2562047h47m16s, the longest supported duration")]
    TooLong,
}

const SECOND: i128 = 1_000_000_000;

/// Parses a duration such as `-1h`, `1h30m`, `1.5h` or `250ms` into whole seconds. It rounds towards zero, so
/// that a validity window never becomes wider than the profile states.
///
/// # Errors
/// Fails where the text is not a duration.
pub(crate) fn parse(text: &str) -> Result<i64, DurationError> {
    i64::try_from(nanoseconds(text)? / SECOND).map_err(|_| DurationError::TooLong)
}

/// Parses a duration into nanoseconds.
///
/// # Errors
/// Fails where the text is not a duration.
pub fn nanoseconds(text: &str) -> Result<i128, DurationError> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut rest = unsigned;
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let (value, remainder) = component(rest)?;
        nanoseconds = nanoseconds.checked_add(value).ok_or(DurationError::TooLong)?;
        if nanoseconds > i128::from(i64::MAX) {
            return Err(DurationError::TooLong);
        }
        rest = remainder;
    }
    Ok(if negative { -nanoseconds } else { nanoseconds })
}

/// Formats seconds in Go's syntax and omits the components that are zero: `8760h`, `1h30m`, `-30m`, `0s`.
pub(crate) fn print(seconds: i64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if seconds < 0 { "-" } else { "" });
    let total = seconds.unsigned_abs();
    for (value, unit) in [(total / 3600, 'h'), (total / 60 % 60, 'm'), (total % 60, 's')] {
        if value > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{value}{unit}");
        }
    }
    text
}

/// Parses the first number with its unit. Returns its value in nanoseconds and the rest of the text.
fn component(text: &str) -> Result<(i128, &str), DurationError> {
    let (integer, rest) = split(text, |c| c.is_ascii_digit());
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => split(after, |c| c.is_ascii_digit()),
        None => ("", rest),
    };
    if integer.is_empty() && fraction.is_empty() {
        return Err(DurationError::Malformed);
    }
    let (unit, rest) = split(rest, |c| c != '.' && !c.is_ascii_digit());
    let scale: i128 = match unit {
        "" => return Err(DurationError::NoUnit),
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return Err(DurationError::UnknownUnit),
    };
    let integer: i128 = match integer {
        "" => 0,
        digits => i128::from(digits.parse::<u64>().map_err(|_| DurationError::TooLong)?),
    };
    Ok((integer * scale + fraction_of(fraction, scale), rest))
}

/// Returns the decimal fraction `0.digits` of `scale` nanoseconds. Digits after the 18th are worth less than a
/// nanosecond.
fn fraction_of(digits: &str, scale: i128) -> i128 {
    let mut value = 0;
    let mut divisor: i128 = 1;
    for digit in digits.bytes().take(18) {
        value = value * 10 + i128::from(digit - b'0');
        divisor *= 10;
    }
    value * scale / divisor
}

/// Splits a text before the first character that does not match.
fn split(text: &str, matches: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !matches(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DurationError, parse, print};

    #[test]
    fn parses_the_durations_of_go() {
        for (text, seconds) in [
            ("0", 0),
            ("-0", 0),
            ("-1h", -3600),
            ("+5s", 5),
            ("26280h", 26280 * 3600),
            ("1h30m", 5400),
            ("1.5h", 5400),
            (".5m", 30),
            ("1.m", 60),
            ("1500ms", 1),
            ("-1500ms", -1),
            ("999999us", 0),
            ("1000000\u{b5}s", 1),
            ("1000000\u{3bc}s", 1),
            ("2000000000ns", 2),
            ("1h1m1.999s", 3661),
            ("2562047h47m16.854775807s", 9_223_372_036),
            ("0.33333333333333333333h", 1199),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn rejects_what_go_rejects() {
        use DurationError::{Malformed, NoUnit, TooLong, UnknownUnit};
        for (text, error) in [
            ("", Malformed),
            ("-", Malformed),
            ("h", Malformed),
            (".h", Malformed),
            ("--1h", Malformed),
            ("1h ", UnknownUnit),
            ("3", NoUnit),
            ("1h3", NoUnit),
            ("1d", UnknownUnit),
            ("1H", UnknownUnit),
            ("1 h", UnknownUnit),
            ("2562048h", TooLong),
            ("99999999999999999999999h", TooLong),
            ("\u{661}h", Malformed),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn print_omits_zero_components() {
        for (seconds, text) in [(0, "0s"), (-3600, "-1h"), (5400, "1h30m"), (3601, "1h1s"), (59, "59s")] {
            assert_eq!(print(seconds), text);
        }
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn parse_never_panics_on_malformed_durations(text in "[-+]?([0-9]{0,25}(\\.[0-9]{0,25})?(ns|us|ms|s|m|h|d)?){0,4}") {
            let _ = parse(&text);
        }

        #[test]
        fn parse_reads_back_printed_durations(seconds in -9_223_372_036i64..=9_223_372_036) {
            prop_assert_eq!(parse(&print(seconds)), Ok(seconds));
        }
    }
}
