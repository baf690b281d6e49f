//! What a value on the command line may look like.

use std::{ffi::OsString, time::Duration};

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

/// A time to wait: `500ms`, `10s`, `2m`, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 = digits.parse().map_err(|_| "write it like 500ms, 10s or 2m".to_owned())?;
    let wanted = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => return Err(format!("`{unit}` is not a unit: write ms, s or m")),
    };
    let day = Duration::from_secs(24 * 60 * 60);
    wanted
        .filter(|time| !time.is_zero() && *time <= day)
        .ok_or_else(|| "must lie between 1ms and a day".to_owned())
}

/// Unix seconds, or RFC 3339.
pub(super) fn instant(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds);
    }
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| "write Unix seconds, or RFC 3339 such as 2027-01-31T12:00:00Z".to_owned())?;
    u64::try_from(time.as_second()).map_err(|_| "lies before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in
            ["", "0", "s", "1h", "-1s", "1.5s", "99999999999999999999", "18446744073709551615m", "25000m"]
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
        for wrong in ["", "tomorrow", "-5", "1969-12-31T23:59:59Z", "2026-01-01"] {
            assert!(instant(wrong).is_err(), "{wrong}");
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
