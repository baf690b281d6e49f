//! What a value on the command line may look like.

use std::{
    convert::Infallible,
    ffi::OsString,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use broker_server::duration::{DurationError, nanoseconds};
use bytes::Bytes;
use clap::builder::{MapValueParser, OsStringValueParser, TypedValueParser as _, ValueParserFactory};

use crate::place::Place;

/// Any text is a place; clap finds this by the type of the field.
impl ValueParserFactory for Place {
    type Parser = MapValueParser<OsStringValueParser, fn(OsString) -> Self>;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().map(Self::from)
    }
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(text: &str) -> Result<Bytes, String> {
    hex::decode(text).map(Bytes::from).map_err(|error| error.to_string())
}

/// The text of a bare argument. Where a file has that name, whoever typed it may well have meant the file.
pub(super) fn bare_text(text: &str) -> Result<String, String> {
    if text != "-" && Path::new(text).metadata().is_ok_and(|found| !found.is_dir()) {
        return Err(format!(
            "there is a file of that name: write --in {text} for what is in the file, --text {text} for the text itself"
        ));
    }
    Ok(text.to_owned())
}

/// Refuses a bare argument where it could be a file as well as a text.
pub(super) fn no_bare_data(text: &str) -> Result<Infallible, String> {
    Err(format!("write --in {text} for what is in a file of that name, --text {text} for the text itself"))
}

const DAY: i128 = 24 * 60 * 60 * 1_000_000_000;

/// A time to wait: `500ms`, `1m30s`, `1.5h`, `90d`, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
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

/// A duration as the broker's configuration takes it, with days in front: `90d`, `1d12h`, `-1h`. In nanoseconds.
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

/// Unix seconds, RFC 3339, or a duration from now on.
pub(super) fn instant(text: &str) -> Result<u64, String> {
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
                "write Unix seconds, RFC 3339 such as 2027-01-31T12:00:00Z, or a time from now on such as 90d"
                    .to_owned(),
            );
        }
    };
    u64::try_from(second).map_err(|_| "lies before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn durations() {
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
    fn instants() {
        assert_eq!(instant("0"), Ok(0));
        assert_eq!(instant("1767225600"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T00:00:00Z"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T02:00:00+02:00"), Ok(1_767_225_600));
        for wrong in ["", "tomorrow", "-5", "1969-12-31T23:59:59Z", "2026-01-01", "-36500d"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_may_be_a_distance_from_now() {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for (text, seconds) in [("90d", 90 * 86_400), ("+1h30m", 5400), ("-1h", -3600_i64)] {
            let before = now();
            let found = instant(text).unwrap();
            let span = before.saturating_add_signed(seconds)..=now().saturating_add_signed(seconds);
            assert!(span.contains(&found), "{text}: {found}");
        }
    }

    #[test]
    fn hexadecimals() {
        assert_eq!(hexadecimal("00ff"), Ok(Bytes::from_static(&[0, 255])));
        assert_eq!(hexadecimal("00FF"), hexadecimal("00ff"));
        for wrong in ["0", "0x00", "00 ff", "gg"] {
            assert!(hexadecimal(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dash_is_a_stream_and_a_path_to_one_is_not() {
        assert_eq!(Place::from(OsString::from("-")), Place::Standard);
        assert_eq!(Place::from(OsString::from("./-")), Place::File("./-".into()));
    }
}
