//! Parsers of values on the command line.

use std::{
    convert::Infallible,
    ffi::OsString,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use broker_server::duration::{DurationError, nanoseconds};
use bytes::Bytes;
use clap::builder::{MapValueParser, OsStringValueParser, TypedValueParser as _, ValueParserFactory};

use crate::location::Location;

/// Makes clap parse fields of this type: any text is a location.
impl ValueParserFactory for Location {
    type Parser = MapValueParser<OsStringValueParser, fn(OsString) -> Self>;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().map(Self::from)
    }
}

/// Parses bytes in hexadecimal.
pub(crate) fn hexadecimal(text: &str) -> Result<Bytes, String> {
    hex::decode(text).map(Bytes::from).map_err(|error| error.to_string())
}

/// Refuses a bare argument, which could be a file as well as a text.
pub(super) fn no_bare_data(text: &str) -> Result<Infallible, String> {
    Err(format!(
        "write --in {text} for the content of a file with that name, --text {text} for the text itself"
    ))
}

const DAY: i128 = 24 * 60 * 60 * 1_000_000_000;

/// Parses a duration from 1 ms to 365 days: `500ms`, `1m30s`, `1.5h`, `90d`, or a bare number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let time = match text.parse::<u32>() {
        Ok(seconds) => i128::from(seconds) * 1_000_000_000,
        Err(_) => with_days(text).map_err(|_| "write it like 500ms, 10s, 1h30m or 90d".to_owned())?,
    };
    u64::try_from(time)
        .ok()
        .filter(|_| (1_000_000..=365 * DAY).contains(&time))
        .map(Duration::from_nanos)
        .ok_or_else(|| "must lie between 1ms and 365d".to_owned())
}

/// Parses a duration that may be zero.
#[cfg(feature = "bench")]
pub(crate) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") { Ok(Duration::ZERO) } else { duration(text) }
}

/// Parses the pause of `--loop`: like [`duration`], but a bare number is milliseconds, as in the Go command line.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(milliseconds) => Ok(Duration::from_millis(milliseconds.into())),
        Err(_) => duration(text),
    }
}

/// Parses a duration as the broker's configuration takes it, with days in front: `90d`, `1d12h`, `-1h`. Returns nanoseconds.
fn with_days(text: &str) -> Result<i128, DurationError> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (days, rest) = match unsigned.split_once('d') {
        Some((days, rest)) => (days.parse::<u32>().map_err(|_| DurationError::Malformed)?, rest),
        None => (0, unsigned),
    };
    let rest = match rest {
        "" if unsigned.ends_with('d') => 0,
        _ if rest.starts_with(['-', '+']) => return Err(DurationError::Malformed),
        _ => nanoseconds(rest)?,
    };
    Ok(sign * (i128::from(days) * DAY + rest))
}

/// Parses Unix seconds, RFC 3339, or a duration from now. Returns Unix seconds.
pub(crate) fn instant(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds);
    }
    let second = match (text.parse::<jiff::Timestamp>(), with_days(text)) {
        (Ok(time), _) => time.as_second(),
        (Err(_), Ok(distance)) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let distance = i64::try_from(distance / 1_000_000_000).unwrap_or(i64::MAX);
            i64::try_from(now).unwrap_or(i64::MAX).saturating_add(distance)
        }
        (Err(_), Err(_)) => {
            return Err(
                "write Unix seconds, RFC 3339 such as 2027-01-31T12:00:00Z, or a time from now such as 90d"
                    .to_owned(),
            );
        }
    };
    u64::try_from(second).map_err(|_| "is before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parses_durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(duration("1d12h"), Ok(Duration::from_secs(36 * 3600)));
        for wrong in ["", "0", "s", "d", "-1s", "1w", "1.5d", "1d-1h", "1h1d", "366d", "99999999999999999999"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parses_pauses() {
        assert_eq!(pause("0"), Ok(Duration::ZERO));
        assert_eq!(pause("250"), Ok(Duration::from_millis(250)));
        assert_eq!(pause("2s"), Ok(Duration::from_secs(2)));
        assert!(pause("-1").is_err() && pause("soon").is_err());
    }

    #[test]
    #[cfg(feature = "bench")]
    fn parses_durations_that_may_be_zero() {
        assert_eq!(duration_or_zero("0"), Ok(Duration::ZERO));
        assert_eq!(duration_or_zero("1s"), Ok(Duration::from_secs(1)));
        assert!(duration_or_zero("").is_err());
    }

    #[test]
    fn parses_instants() {
        assert_eq!(instant("0"), Ok(0));
        assert_eq!(instant("1767225600"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T00:00:00Z"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T02:00:00+02:00"), Ok(1_767_225_600));
        for wrong in ["", "tomorrow", "-5", "1969-12-31T23:59:59Z", "2026-01-01", "-36500d"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parses_instants_relative_to_now() {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for (text, seconds) in [("90d", 90 * 86_400), ("+1h30m", 5400), ("-1h", -3600_i64)] {
            let before = now();
            let found = instant(text).unwrap();
            let span = before.saturating_add_signed(seconds)..=now().saturating_add_signed(seconds);
            assert!(span.contains(&found), "{text}: {found}");
        }
    }

    #[test]
    fn parses_hexadecimal() {
        assert_eq!(hexadecimal("00ff"), Ok(Bytes::from_static(&[0, 255])));
        assert_eq!(hexadecimal("00FF"), hexadecimal("00ff"));
        for wrong in ["0", "0x00", "00 ff", "gg"] {
            assert!(hexadecimal(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dash_is_a_standard_stream_and_a_path_is_not() {
        assert_eq!(Location::from(OsString::from("-")), Location::Stdio);
        assert_eq!(Location::from(OsString::from("./-")), Location::File("./-".into()));
    }
}
