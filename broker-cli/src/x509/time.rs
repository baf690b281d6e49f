//! The times of a certificate (RFC 5280 4.1.2.5).

use jiff::civil::DateTime;

use super::der::{Tlv, tag};

const EPOCH: DateTime = jiff::civil::datetime(1970, 1, 1, 0, 0, 0, 0);

/// A UTCTime or a GeneralizedTime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// Unix seconds.
    pub(crate) unix: i64,
    /// The year.
    pub(crate) year: i16,
    /// Whether it is a GeneralizedTime.
    pub(crate) is_generalized: bool,
}

impl Time {
    /// Reads a time in the one form of RFC 5280: with seconds, without a fraction, in Zulu.
    pub(crate) fn read(time: Tlv<'_>) -> Option<Self> {
        let (is_generalized, digits) = match time.tag {
            tag::UTC_TIME => (false, 12),
            tag::GENERALIZED_TIME => (true, 14),
            _ => return None,
        };
        let text = std::str::from_utf8(time.value).ok()?.strip_suffix('Z')?;
        if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match is_generalized {
            true => (text.get(..4)?.parse().ok()?, text.get(4..)?),
            // The years from 50 on are of the 20th century.
            false => match text.get(..2)?.parse::<i16>().ok()? {
                year @ 50.. => (1900 + year, text.get(2..)?),
                year => (2000 + year, text.get(2..)?),
            },
        };
        let part = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i8>().ok();
        let date = DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
        let unix = date.duration_since(EPOCH).as_secs();
        Some(Self { unix, year, is_generalized })
    }

    /// Returns the time as RFC 3339.
    pub(crate) fn text(self) -> String {
        rfc3339(self.unix)
    }
}

/// Returns Unix seconds as RFC 3339.
pub(crate) fn rfc3339(unix: i64) -> String {
    // A timestamp of the library ends on 9999-12-30.
    let date = EPOCH.checked_add(jiff::SignedDuration::from_secs(unix));
    date.map_or_else(|_| format!("{unix} s"), |date| format!("{date}Z"))
}

/// Returns the current time in Unix seconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        Time::read(Tlv { tag, value: text.as_bytes(), raw: b"" }).map(Time::text)
    }

    #[test]
    fn reads_both_forms() {
        for (tag, text, expected) in [
            (tag::UTC_TIME, "700101000000Z", "1970-01-01T00:00:00Z"),
            (tag::UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (tag::UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (tag::GENERALIZED_TIME, "99991231235959Z", "9999-12-31T23:59:59Z"),
            (tag::GENERALIZED_TIME, "00010101000000Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(tag, text).unwrap(), expected);
        }
        for (tag, text) in [
            (tag::UTC_TIME, "7001010000Z"),
            (tag::UTC_TIME, "700101000000+0000"),
            (tag::UTC_TIME, "700132000000Z"),
            (tag::GENERALIZED_TIME, "20260101000000.5Z"),
            (tag::GENERALIZED_TIME, "20260101000000"),
            (tag::UTF8_STRING, "20260101000000Z"),
        ] {
            assert_eq!(read(tag, text), None, "{text}");
        }
    }
}
