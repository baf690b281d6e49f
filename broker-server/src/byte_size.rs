//! Numbers of bytes with binary units, which profiles and the configuration use.

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Parses a number of bytes: digits, and a suffix `KiB`, `MiB` or `GiB` where there is one, such as `2097152` or `2MiB`.
/// Returns `None` for any other text, and for numbers that do not fit into 64 bits.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let with_unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
    let (digits, unit) = with_unit.unwrap_or((text, 1));
    let digits = digits.trim_end();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// Formats a number of bytes in the largest unit that divides it: `64MiB`, `1GiB`, `1000`.
pub fn print(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(_, unit)| bytes != 0 && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| bytes.to_string(), |(name, unit)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse, print};

    #[test]
    fn parses_numbers_with_binary_units() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("1KiB", 1024),
            ("64MiB", 64 << 20),
            ("3 GiB", 3 << 30),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in [
            "", "KiB", "1KB", "1MB", "1kib", "1.5MiB", "-1", "+1", "1KiBKiB", "1MiBKiB", " 1", "0x10",
            "1_000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["18446744073709551616", "17179869184GiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn prints_the_largest_unit_that_divides() {
        for (bytes, text) in [
            (0, "0"),
            (1000, "1000"),
            (1536, "1536"),
            (2048, "2KiB"),
            (64 << 20, "64MiB"),
            (1 << 40, "1024GiB"),
        ] {
            assert_eq!(print(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn parse_reads_back_printed_sizes(bytes in any::<u64>(), shift in 0u32..40) {
            let bytes = bytes >> shift << shift;
            prop_assert_eq!(parse(&print(bytes)), Some(bytes));
        }

        #[test]
        fn parse_never_panics(text in "[ 0-9+-]{0,30}(KiB|MiB|GiB|\\PC){0,2}") {
            let _ = parse(&text);
        }
    }
}
