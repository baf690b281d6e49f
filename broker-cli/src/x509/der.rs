//! Reads DER (X.690) as far as certificates need it, and takes what is only unusual: it is for programs that show a file or
//! say what is wrong with it.

use broker_server::request::Oid;

/// One value: tag, length and contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    /// The identifier octet.
    pub(crate) tag: u8,
    /// The contents.
    pub(crate) value: &'a [u8],
    /// The complete encoding.
    pub(crate) raw: &'a [u8],
}

/// The identifier octets that occur in certificates.
pub(crate) mod tag {
    #![allow(missing_docs)] // the names are X.680's
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const NUMERIC_STRING: u8 = 0x12;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// Returns the octet of a context-specific tag below 31.
    pub(crate) const fn context(number: u8, constructed: bool) -> u8 {
        0x80 | if constructed { 0x20 } else { 0 } | number
    }
}

/// The bytes are not DER of the expected structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not well-formed DER of the expected structure")]
pub(crate) struct NotDer;

impl<'a> Tlv<'a> {
    /// Reads the only value.
    pub(crate) fn only(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let mut reader = Reader::new(bytes);
        let value = reader.any()?;
        reader.end()?;
        Ok(value)
    }

    /// Returns a reader of the contents of a value with this tag.
    pub(crate) fn inside(self, tag: u8) -> Result<Reader<'a>, NotDer> {
        if self.tag == tag { Ok(Reader::new(self.value)) } else { Err(NotDer) }
    }

    /// Returns the values inside a SEQUENCE or a SET.
    pub(crate) fn list(self, tag: u8) -> Result<Vec<Self>, NotDer> {
        self.inside(tag)?.all()
    }

    /// Returns an OBJECT IDENTIFIER in dotted form.
    pub(crate) fn oid(self) -> Result<String, NotDer> {
        if self.tag == tag::OID { oid(self.value) } else { Err(NotDer) }
    }

    /// Returns the contents of an OCTET STRING.
    pub(crate) fn octets(self) -> Result<&'a [u8], NotDer> {
        if self.tag == tag::OCTET_STRING { Ok(self.value) } else { Err(NotDer) }
    }

    /// Returns the number of unused bits and the octets of a BIT STRING.
    pub(crate) fn bits(self) -> Result<(u8, &'a [u8]), NotDer> {
        match (self.tag, self.value.split_first()) {
            (tag::BIT_STRING, Some((unused @ 0..=7, bits))) if *unused == 0 || !bits.is_empty() => {
                Ok((*unused, bits))
            }
            _ => Err(NotDer),
        }
    }

    /// Returns a BOOLEAN.
    pub(crate) fn boolean(self) -> Result<bool, NotDer> {
        match (self.tag, self.value) {
            (tag::BOOLEAN, [0]) => Ok(false),
            (tag::BOOLEAN, [_]) => Ok(true),
            _ => Err(NotDer),
        }
    }

    /// Returns an INTEGER that is not negative and fits 64 bits.
    pub(crate) fn unsigned(self) -> Result<u64, NotDer> {
        unsigned(if self.tag == tag::INTEGER { self.value } else { &[] })
    }
}

/// Returns the contents of an INTEGER as a number that is not negative and fits 64 bits.
pub(crate) fn unsigned(octets: &[u8]) -> Result<u64, NotDer> {
    let digits = match octets.split_first() {
        None | Some((0x80.., _)) => return Err(NotDer),
        Some((0, rest)) => rest,
        Some(_) => octets,
    };
    match digits.len() {
        ..=8 => Ok(digits.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))),
        _ => Err(NotDer),
    }
}

/// Reads values one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Returns a reader of these bytes.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reports whether all is read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails where something is left.
    pub(crate) fn end(&self) -> Result<(), NotDer> {
        if self.is_empty() { Ok(()) } else { Err(NotDer) }
    }

    /// Reads the next value.
    pub(crate) fn any(&mut self) -> Result<Tlv<'a>, NotDer> {
        let [tag, first, rest @ ..] = self.0 else { return Err(NotDer) };
        // Tags above 30 have more octets; nothing here uses them.
        if tag & 0x1f == 0x1f {
            return Err(NotDer);
        }
        let (length, contents) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            long => {
                let (octets, contents) = rest.split_at_checked(usize::from(long & 0x7f)).ok_or(NotDer)?;
                // The shortest form is the only one (X.690 10.1).
                let length = match octets {
                    [] | [0, ..] | [_, _, _, _, _, ..] => return Err(NotDer),
                    [0..=0x7f] => return Err(NotDer),
                    octets => octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
                };
                (length, contents)
            }
        };
        let (value, rest) = contents.split_at_checked(length).ok_or(NotDer)?;
        let raw = self.0.get(..self.0.len() - rest.len()).ok_or(NotDer)?;
        self.0 = rest;
        Ok(Tlv { tag: *tag, value, raw })
    }

    /// Reads the next value, which has this tag.
    pub(crate) fn next(&mut self, tag: u8) -> Result<Tlv<'a>, NotDer> {
        self.optional(tag)?.ok_or(NotDer)
    }

    /// Reads the next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, NotDer> {
        let mut ahead = *self;
        if ahead.is_empty() {
            return Ok(None);
        }
        let value = ahead.any()?;
        if value.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(value))
    }

    /// Reads all values that are left.
    pub(crate) fn all(mut self) -> Result<Vec<Tlv<'a>>, NotDer> {
        let mut values = Vec::new();
        while !self.is_empty() {
            values.push(self.any()?);
        }
        Ok(values)
    }
}

/// Returns the contents of an OBJECT IDENTIFIER in dotted form. Where an arc has more than 128 bits, the contents follow in
/// hexadecimal, so that two identifiers never have the same text.
fn oid(octets: &[u8]) -> Result<String, NotDer> {
    let text = Oid::from_content(octets).ok_or(NotDer)?.to_string();
    Ok(if text.contains('…') { format!("{text} (#{})", hex::encode(octets)) } else { text })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_object_identifiers() {
        for (octets, text) in [
            (&[0x55, 4, 3][..], "2.5.4.3"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], "1.2.840.113549"),
            (&[0x69, 1], "2.25.1"),
            (&[0x88, 0x37], "2.999"),
        ] {
            assert_eq!(oid(octets).unwrap(), text);
        }
        // 2.25.329800735698586629295641978511506172918 (X.667 annex C).
        let uuid = [
            0x69, 0x83, 0xf8, 0xa7, 0x8c, 0xbd, 0x8f, 0x8e, 0xd8, 0x9c, 0xa0, 0xf2, 0xb4, 0xc6, 0x84, 0xb8,
            0xd4, 0xc8, 0xfb, 0x36,
        ];
        assert!(oid(&uuid).unwrap().starts_with("2.25."));
        let long = [&[0x69][..], &[0xff; 20], &[1]].concat();
        assert_eq!(oid(&long).unwrap(), format!("2.25.… (#69{}01)", "ff".repeat(20)));
        for octets in [&[][..], &[0x80, 1], &[0x55, 0x80, 1], &[0x55, 0x84], &[0xff; 40]] {
            assert_eq!(oid(octets), Err(NotDer), "{octets:?}");
        }
    }

    #[test]
    fn lengths_have_one_form() {
        assert_eq!(Tlv::only(&[4, 1, 9]).unwrap().value, [9]);
        let long = [&[4, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(Tlv::only(&long).unwrap().value, [7; 128]);
        for wrong in [
            &[][..],
            &[4],
            &[4, 2, 9],
            &[4, 1, 9, 9],
            &[4, 0x81, 1, 9],
            &[4, 0x80, 9, 0, 0],
            &[4, 0x82, 0, 1, 9],
            &[4, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 1, 9],
        ] {
            assert!(Tlv::only(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn reads_numbers() {
        for (octets, number) in [(&[0][..], 0), (&[0x7f], 127), (&[0, 0x80], 128), (&[0, 0xff, 0xff], 65535)]
        {
            assert_eq!(unsigned(octets), Ok(number));
        }
        assert_eq!(unsigned(&[0, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(u64::MAX));
        for octets in [&[][..], &[0x80], &[1; 9]] {
            assert!(unsigned(octets).is_err(), "{octets:?}");
        }
    }
}
