//! Reads the validity of certificates of any age. The types of `der` and `x509-cert` begin in 1970.

use der::Tag;
use jiff::civil::{Date, DateTime};

use super::because;
use crate::request::{FieldErrorKind, asn1::Values};

/// Reads the next value, a Time (RFC 5280 4.1.2.5), and returns it in Unix seconds, which are negative before 1970. `field`
/// is its name. Every year of the two types can be read: 1950 to 2049 and 0 to 9999.
///
/// # Errors
/// Fails if the value is not a time, is not in the form of RFC 5280 4.1.2.5.1 or 4.1.2.5.2, or is not in the calendar.
pub(super) fn unix_seconds(field: &'static str, values: &mut Values<'_>) -> Result<i64, FieldErrorKind> {
    let time = values.any().map_err(because("its validity does not have two times"))?;
    let (century, digits, form) = match time.tag {
        Tag::UtcTime => {
            let form = "the form YYMMDDHHMMSSZ of a UTCTime (RFC 5280 4.1.2.5.1)";
            (Century::OfTwoDigits, time.value, form)
        }
        Tag::GeneralizedTime => {
            let form = "the form YYYYMMDDHHMMSSZ of a GeneralizedTime (RFC 5280 4.1.2.5.2)";
            (Century::Written, time.value, form)
        }
        _ => {
            return Err(FieldErrorKind::Malformed(format!(
                "has a {field} that is neither a UTCTime nor a GeneralizedTime (RFC 5280 4.1.2.5)"
            )));
        }
    };
    let pairs = pairs(digits)
        .ok_or_else(|| FieldErrorKind::Malformed(format!("has a {field} that is not in {form}")))?;
    let (year, rest) = match (century, pairs.as_slice()) {
        (Century::OfTwoDigits, [year, rest @ ..]) => {
            (i16::from(*year) + if *year < 50 { 2000 } else { 1900 }, rest)
        }
        (Century::Written, [hundreds, year, rest @ ..]) => {
            (i16::from(*hundreds) * 100 + i16::from(*year), rest)
        }
        _ => (0, [].as_slice()),
    };
    let [month, day, hour, minute, second] = rest else {
        return Err(FieldErrorKind::Malformed(format!("has a {field} that is not in {form}")));
    };
    let date = Date::new(year, *month, *day);
    let time = jiff::civil::Time::new(*hour, *minute, *second, 0);
    let (Ok(date), Ok(time)) = (date, time) else {
        return Err(FieldErrorKind::Malformed(format!(
            "has a {field} that is not a time of the calendar (RFC 5280 4.1.2.5)"
        )));
    };
    Ok(date.to_datetime(time).duration_since(EPOCH).as_secs())
}

/// 1970-01-01T00:00:00.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How a type of time writes the first two digits of a year.
enum Century {
    /// It does not: a year from 50 on is of the twentieth century, any other of the twenty-first.
    OfTwoDigits,
    Written,
}

/// Returns the values of the pairs of decimal digits before the final `Z`; `None` if the octets are anything else.
fn pairs(octets: &[u8]) -> Option<Vec<i8>> {
    let digits = octets.strip_suffix(b"Z")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs
        .iter()
        .map(|pair| match pair {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::request::asn1::encode;

    fn read(tag: Tag, text: &str) -> Result<i64, String> {
        let der = encode(tag, text.as_bytes()).unwrap();
        unix_seconds("notAfter", &mut Values::new(&der).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_every_year() {
        for (text, seconds) in [
            ("500101000000Z", -631_152_000),
            ("600102030405Z", -315_521_755),
            ("691231235959Z", -1),
            ("700101000000Z", 0),
            ("000229000000Z", 951_782_400),
            ("491231235959Z", 2_524_607_999),
        ] {
            assert_eq!(read(Tag::UtcTime, text), Ok(seconds), "{text}");
        }
        for (text, seconds) in [
            ("00000101000000Z", -62_167_219_200),
            ("00010101000000Z", -62_135_596_800),
            ("19500101000000Z", -631_152_000),
            ("19700101000000Z", 0),
            ("20500101000000Z", 2_524_608_000),
            ("99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(read(Tag::GeneralizedTime, text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn says_which_form_a_time_lacks() {
        for text in [
            "",
            "Z",
            "7001010000Z",
            "700101000000",
            "700101000000+0000",
            "700101000000.5Z",
            "70010100000Z",
            "7O0101000000Z",
            "19700101000000Z",
            "700101000000ZZ",
        ] {
            let error = read(Tag::UtcTime, text).unwrap_err();
            assert!(error.contains("notAfter") && error.contains("YYMMDDHHMMSSZ"), "{text}: {error}");
        }
        for text in
            ["700101000000Z", "19700101000000", "197001010000Z", "19700101000000.5Z", "-9700101000000Z"]
        {
            let error = read(Tag::GeneralizedTime, text).unwrap_err();
            assert!(error.contains("YYYYMMDDHHMMSSZ"), "{text}: {error}");
        }
        for text in ["701301000000Z", "700230000000Z", "700101240000Z", "700101000060Z", "700100000000Z"] {
            assert!(read(Tag::UtcTime, text).unwrap_err().contains("calendar"), "{text}");
        }
        assert!(read(Tag::Integer, "\0").unwrap_err().contains("neither"));
    }
}
