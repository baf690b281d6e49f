//! Durations as Go's `time.ParseDuration` takes them: in profiles, in the configuration, in the oldest requests.

use std::fmt::Write as _;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// No number where one belongs.
    #[error("is not a duration such as `-1h`, `8760h` or `1h30m`")]
    Malformed,
    /// A number without a unit.
    #[error("has a number without a unit (ns, us, ms, s, m or h)")]
    NoUnit,
    /// A unit that does not exist.
    #[error("has a unit other than ns, us, ms, s, m and h")]
    UnknownUnit,
    /// More than Go's 64-bit count of nanoseconds holds.
    #[error("is longer than 2562047h47m16s, the longest duration there is")]
    TooLong,
}

const SECOND: i128 = 1_000_000_000;

/// Reads a duration such as `-1h`, `1h30m`, `1.5h` or `250ms` and cuts it to whole seconds towards zero, so that a
/// window never becomes wider than it was written.
pub(crate) fn parse(text: &str) -> Result<i64, DurationError> {
    i64::try_from(nanoseconds(text)? / SECOND).map_err(|_| DurationError::TooLong)
}

/// Reads a duration to the nanosecond.
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
        let (value, after) = component(rest)?;
        nanoseconds = nanoseconds.checked_add(value).ok_or(DurationError::TooLong)?;
        if nanoseconds > i128::from(i64::MAX) {
            return Err(DurationError::TooLong);
        }
        rest = after;
    }
    Ok(if negative { -nanoseconds } else { nanoseconds })
}

/// Prints whole seconds as Go does, without the parts that are nought: `8760h`, `1h30m`, `-30m`, `0s`.
pub(crate) fn print(seconds: i64) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if seconds < 0 { "-" } else { "" });
    let total = seconds.unsigned_abs();
    for (value, unit) in [(total / 3600, 'h'), (total / 60 % 60, 'm'), (total % 60, 's')] {
        if value > 0 {
            // Writing to a String does not fail.
            let _ = write!(text, "{value}{unit}");
        }
    }
    text
}

/// One number and its unit, in nanoseconds, and what follows.
fn component(text: &str) -> Result<(i128, &str), DurationError> {
    let (whole, rest) = split(text, |c| c.is_ascii_digit());
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => split(after, |c| c.is_ascii_digit()),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
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
    let whole: i128 = match whole {
        "" => 0,
        digits => i128::from(digits.parse::<u64>().map_err(|_| DurationError::TooLong)?),
    };
    Ok((whole * scale + part(fraction, scale), rest))
}

/// The decimals of a number times its scale. Past 18 digits they are worth less than a nanosecond.
fn part(fraction: &str, scale: i128) -> i128 {
    let mut value = 0;
    let mut divisor: i128 = 1;
    for digit in fraction.bytes().take(18) {
        value = value * 10 + i128::from(digit - b'0');
        divisor *= 10;
    }
    value * scale / divisor
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DurationError, parse, print};

    #[test]
    fn what_go_takes() {
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
    fn what_go_refuses() {
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
    fn printing_leaves_out_what_is_nought() {
        for (seconds, text) in [(0, "0s"), (-3600, "-1h"), (5400, "1h30m"), (3601, "1h1s"), (59, "59s")] {
            assert_eq!(print(seconds), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn no_near_miss_panics(text in "[-+]?([0-9]{0,25}(\\.[0-9]{0,25})?(ns|us|ms|s|m|h|d)?){0,4}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_printed_is_read_back(seconds in -9_223_372_036i64..=9_223_372_036) {
            prop_assert_eq!(parse(&print(seconds)), Ok(seconds));
        }
    }
}
