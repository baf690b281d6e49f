//! The string types of ASN.1 that names use, each with its alphabet (X.680 41).

use std::fmt;

/// A string type that certificate parsers read in names. They read no other: OpenSSL refuses a VisibleString or a
/// GeneralString, and Go refuses a UniversalString, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StringType {
    Bmp,
    Ia5,
    Numeric,
    Printable,
    Teletex,
    Utf8,
}

impl StringType {
    /// Returns the type with a number among the universal tags (X.680 8.4).
    pub(super) const fn from_universal(number: u8) -> Option<Self> {
        match number {
            12 => Some(Self::Utf8),
            18 => Some(Self::Numeric),
            19 => Some(Self::Printable),
            20 => Some(Self::Teletex),
            22 => Some(Self::Ia5),
            30 => Some(Self::Bmp),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bmp => "BMPString",
            Self::Ia5 => "IA5String",
            Self::Numeric => "NumericString",
            Self::Printable => "PrintableString",
            Self::Teletex => "TeletexString",
            Self::Utf8 => "UTF8String",
        }
    }

    /// The clause of X.680 that defines the alphabet.
    const fn clause(self) -> &'static str {
        match self {
            Self::Bmp => "41.15",
            Self::Ia5 | Self::Teletex => "41.1, table 8",
            Self::Numeric => "41.2",
            Self::Printable => "41.4",
            Self::Utf8 => "41.16",
        }
    }

    /// Decodes the content octets of a value. A TeletexString is read as Latin-1, as OpenSSL, Go and Java do, although T.61 is
    /// another character set.
    ///
    /// # Errors
    /// Fails at the first octet or character that the type does not have.
    pub(super) fn decode(self, octets: &[u8]) -> Result<String, StringError> {
        let has_octet: fn(u8) -> bool = match self {
            Self::Bmp => return decode_bmp(octets),
            Self::Utf8 => return decode_utf8(octets),
            Self::Ia5 => |octet| octet.is_ascii(),
            Self::Numeric => |octet| octet.is_ascii_digit() || octet == b' ',
            Self::Printable => |octet| is_printable_string(octet) || b"*&".contains(&octet),
            Self::Teletex => |_| true,
        };
        if let Some((index, octet)) = octets.iter().enumerate().find(|(_, octet)| !has_octet(**octet)) {
            return Err(StringError { string_type: self, position: index + 1, fault: Fault::octet(*octet) });
        }
        Ok(octets.iter().copied().map(char::from).collect())
    }
}

/// Reports whether PrintableString has the character (X.680 41.4). Parsers also accept `*` and `&` in what they read.
pub(super) const fn is_printable_string(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?')
}

fn decode_utf8(octets: &[u8]) -> Result<String, StringError> {
    std::str::from_utf8(octets).map(str::to_owned).map_err(|error| {
        let valid = octets.get(..error.valid_up_to()).unwrap_or_default();
        let position = std::str::from_utf8(valid).map_or(0, |text| text.chars().count()) + 1;
        let octet = octets.get(error.valid_up_to()).copied().unwrap_or_default();
        StringError { string_type: StringType::Utf8, position, fault: Fault::Octet(octet) }
    })
}

/// Decodes a BMPString. Surrogates are not characters of the Basic Multilingual Plane, and Go refuses noncharacters.
fn decode_bmp(octets: &[u8]) -> Result<String, StringError> {
    let error = |position, fault| StringError { string_type: StringType::Bmp, position, fault };
    let (units, rest) = octets.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    for (index, unit) in units.iter().enumerate() {
        let unit = u16::from_be_bytes(*unit);
        match char::from_u32(unit.into()) {
            Some(character) if !matches!(unit, 0xfdd0..=0xfdef | 0xfffe | 0xffff) => text.push(character),
            _ => return Err(error(index + 1, Fault::Unit(unit))),
        }
    }
    if rest.is_empty() { Ok(text) } else { Err(error(units.len() + 1, Fault::HalfUnit)) }
}

/// A value that its string type does not have. The text continues a sentence that names the attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StringError {
    string_type: StringType,
    /// The position of the character, from 1.
    position: usize,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Character(char),
    /// An octet that is no character.
    Octet(u8),
    /// Two octets that are no character.
    Unit(u16),
    /// A single octet at the end of a string with two for each character.
    HalfUnit,
}

impl Fault {
    const fn octet(octet: u8) -> Self {
        if octet.is_ascii() { Self::Character(octet as char) } else { Self::Octet(octet) }
    }
}

impl fmt::Display for StringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { string_type, position, fault } = self;
        f.write_str("has ")?;
        match fault {
            Fault::Character(character) => write!(f, "the character {}", Quoted(*character))?,
            Fault::Octet(octet) => write!(f, "the octet 0x{octet:02X}")?,
            Fault::Unit(unit) => write!(f, "the code unit 0x{unit:04X}")?,
            Fault::HalfUnit => f.write_str("half a character")?,
        }
        write!(
            f,
            " at position {position}, which {} does not have (X.680 {})",
            string_type.name(),
            string_type.clause()
        )
    }
}

/// A character in a message: its code point, and the character itself unless it could change how the message is displayed.
pub(super) struct Quoted(pub(super) char);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))?;
        if self.0.is_ascii_graphic() { write!(f, " '{}'", self.0) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_each_type_has() {
        use StringType::{Bmp, Ia5, Numeric, Printable, Teletex, Utf8};
        for (string_type, octets, text) in [
            (Printable, &b"A-z 0'()+,-./:=?*&"[..], "A-z 0'()+,-./:=?*&"),
            (Numeric, b"0 9", "0 9"),
            (Ia5, b"a@b_\x00\x7f", "a@b_\0\x7f"),
            (Teletex, b"caf\xe9", "caf\u{e9}"),
            (Utf8, "Zo\u{eb} \u{1f512}".as_bytes(), "Zo\u{eb} \u{1f512}"),
            (Bmp, b"\0Z\x20\xac", "Z\u{20ac}"),
            (Bmp, b"", ""),
        ] {
            assert_eq!(string_type.decode(octets).unwrap(), text, "{string_type:?}");
        }
    }

    #[test]
    fn names_the_first_character_that_a_type_lacks() {
        use StringType::{Bmp, Ia5, Numeric, Printable, Utf8};
        for (string_type, octets, expected) in [
            (
                Printable,
                &b"a*&_@"[..],
                "has the character U+005F '_' at position 4, which PrintableString does not have (X.680 41.4)",
            ),
            (Printable, b"\xe9", "the octet 0xE9 at position 1, which PrintableString"),
            (Printable, b"a\0", "the character U+0000 at position 2,"),
            (
                Numeric,
                b"1a",
                "the character U+0061 'a' at position 2, which NumericString does not have (X.680 41.2)",
            ),
            (Ia5, b"ab\x80", "the octet 0x80 at position 3, which IA5String"),
            (Utf8, b"\xc3\xa9\xff", "the octet 0xFF at position 2, which UTF8String"),
            (Utf8, b"\xc0\x80", "the octet 0xC0 at position 1,"),
            (Utf8, b"\xed\xa0\x80", "the octet 0xED at position 1,"),
            (Utf8, b"\xf4\x90\x80\x80", "the octet 0xF4 at position 1,"),
            (Utf8, b"a\xe2\x82", "the octet 0xE2 at position 2,"),
            (Bmp, b"\0a\xd8\x3d\xdd\x12", "the code unit 0xD83D at position 2, which BMPString"),
            (Bmp, b"\xff\xff", "0xFFFF"),
            (Bmp, b"\xfd\xd0", "0xFDD0"),
            (Bmp, b"\0ab", "half a character at position 2"),
        ] {
            let error = string_type.decode(octets).unwrap_err().to_string();
            assert!(error.contains(expected), "{string_type:?} {octets:?}: {error}");
        }
    }
}
