//! A strict DER reader over [`der`] that returns one value at a time, together with its encoding.

use der::{Encode as _, Header, Length, Reader as _, SliceReader, Tag, TagNumber, asn1::AnyRef};

use super::{FieldErrorKind, oid::Oid};

/// The bytes are not DER, or not the structure that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotDer;

impl From<der::Error> for NotDer {
    fn from(_: der::Error) -> Self {
        Self
    }
}

impl NotDer {
    /// Returns a conversion to the error of a field that should hold the structure `what`.
    pub(super) fn in_a(what: &str) -> impl Fn(Self) -> FieldErrorKind {
        move |_| FieldErrorKind::Malformed(format!("is not a well-formed DER {what}"))
    }
}

/// One DER value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tlv<'a> {
    pub(super) tag: Tag,
    /// The content octets.
    pub(super) value: &'a [u8],
    /// Tag, length and content, exactly as in the input.
    pub(super) raw: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Reads the only value in `bytes`.
    pub(super) fn only(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let mut values = Values::new(bytes)?;
        let value = values.any()?;
        values.end()?;
        Ok(value)
    }

    /// Returns a reader over the contents. Fails if the tag is not `tag`.
    pub(super) fn inside(self, tag: Tag) -> Result<Values<'a>, NotDer> {
        if self.tag != tag {
            return Err(NotDer);
        }
        Values::new(self.value)
    }
}

/// One DER value of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The first identifier octet (X.690 8.1.2.2).
    identifier: u8,
    /// The content octets.
    pub(super) value: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the first value in `bytes`, and returns it with the length of its encoding. Returns `None` if it is not DER: the
    /// length must be definite and in its shortest form (X.690 10.1).
    fn first(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let (identifier, mut rest) = bytes.split_first()?;
        if identifier & 0x1f == 0x1f {
            // The tag number follows in base 128. It must need this form and have no leading zeros (X.690 8.1.2.4).
            let end = rest.iter().position(|octet| octet & 0x80 == 0)?;
            let (number, after) = rest.split_at_checked(end + 1)?;
            if matches!(number, [0x80, ..] | [0..=0x1e]) {
                return None;
            }
            rest = after;
        }
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x80 => return None,
            _ => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = match octets {
                    [0, ..] => return None,
                    _ if octets.len() > 4 => return None,
                    _ => octets.iter().fold(0usize, |length, octet| length << 8 | usize::from(*octet)),
                };
                if length < 0x80 {
                    return None;
                }
                (length, rest)
            }
        };
        let (value, after) = rest.split_at_checked(length)?;
        Some((Self { identifier: *identifier, value }, bytes.len() - after.len()))
    }

    /// Returns the number of the tag if it is universal and primitive, and below 31.
    pub(super) const fn universal_primitive(&self) -> Option<u8> {
        if self.identifier < 0x1f { Some(self.identifier) } else { None }
    }

    /// Returns the name of the type (X.680 8.4).
    pub(super) const fn type_name(&self) -> &'static str {
        match self.identifier {
            0x01 => "BOOLEAN",
            0x02 => "INTEGER",
            0x03 => "BIT STRING",
            0x04 => "OCTET STRING",
            0x05 => "NULL",
            0x06 => "OBJECT IDENTIFIER",
            0x07 => "ObjectDescriptor",
            0x09 => "REAL",
            0x0a => "ENUMERATED",
            0x0c => "UTF8String",
            0x0d => "RELATIVE-OID",
            0x12 => "NumericString",
            0x13 => "PrintableString",
            0x14 => "TeletexString",
            0x15 => "VideotexString",
            0x16 => "IA5String",
            0x17 => "UTCTime",
            0x18 => "GeneralizedTime",
            0x19 => "GraphicString",
            0x1a => "VisibleString",
            0x1b => "GeneralString",
            0x1c => "UniversalString",
            0x1e => "BMPString",
            0x30 => "SEQUENCE",
            0x31 => "SET",
            0x40.. => "a tagged type",
            _ => "another ASN.1 type",
        }
    }
}

/// A reader over the values of a sequence, set or explicit tag.
pub(super) struct Values<'a> {
    reader: SliceReader<'a>,
    bytes: &'a [u8],
}

impl<'a> Values<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, NotDer> {
        Ok(Self { reader: SliceReader::new(bytes)?, bytes })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reader.is_finished()
    }

    /// Reads the next value, whatever its tag.
    pub(super) fn any(&mut self) -> Result<Tlv<'a>, NotDer> {
        let start = usize::try_from(self.reader.position())?;
        let header = self.reader.decode::<Header>()?;
        let value = self.reader.read_slice(header.length())?;
        let end = usize::try_from(self.reader.position())?;
        Ok(Tlv { tag: header.tag(), value, raw: self.bytes.get(start..end).ok_or(NotDer)? })
    }

    /// Reads the next value, even if it is of a type that `der` does not know, such as UniversalString.
    pub(super) fn element(&mut self) -> Result<Element<'a>, NotDer> {
        let start = usize::try_from(self.reader.position())?;
        let bytes = self.bytes.get(start..).ok_or(NotDer)?;
        let (element, length) = Element::first(bytes).ok_or(NotDer)?;
        self.reader.read_slice(Length::try_from(length)?)?;
        Ok(element)
    }

    /// Reads the next value, which must have `tag`.
    pub(super) fn next(&mut self, tag: Tag) -> Result<Tlv<'a>, NotDer> {
        let value = self.any()?;
        if value.tag == tag { Ok(value) } else { Err(NotDer) }
    }

    /// Reads the next value if it has `tag`; otherwise reads nothing.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>, NotDer> {
        if self.is_empty() || Tag::peek(&self.reader)? != tag {
            return Ok(None);
        }
        self.any().map(Some)
    }

    /// Reads the next value, which must be a sequence, and returns a reader over its contents.
    pub(super) fn sequence(&mut self) -> Result<Values<'a>, NotDer> {
        Values::new(self.next(Tag::Sequence)?.value)
    }

    /// Reads the next value as a type that `der` can decode.
    pub(super) fn decode<T: der::Decode<'a>>(&mut self) -> Result<T, NotDer> {
        T::from_der(self.any()?.raw).map_err(|_| NotDer)
    }

    /// Reads the next value, which must be an OBJECT IDENTIFIER.
    pub(super) fn oid(&mut self) -> Result<Oid, NotDer> {
        Oid::from_content(self.next(Tag::ObjectIdentifier)?.value).ok_or(NotDer)
    }

    /// Reads the octets of the next value, which must be a BIT STRING without unused bits.
    pub(super) fn octet_bits(&mut self) -> Result<&'a [u8], NotDer> {
        match self.next(Tag::BitString)?.value.split_first() {
            Some((0, bits)) => Ok(bits),
            _ => Err(NotDer),
        }
    }

    /// Fails if any value is left.
    pub(super) fn end(self) -> Result<(), NotDer> {
        if self.is_empty() { Ok(()) } else { Err(NotDer) }
    }
}

/// Returns a context-specific tag.
pub(super) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

/// Encodes one value as DER.
pub(super) fn encode(tag: Tag, value: &[u8]) -> Result<Vec<u8>, NotDer> {
    Ok(AnyRef::new(tag, value)?.to_der()?)
}

/// Returns the magnitude of a positive INTEGER in its shortest form, without the sign octet.
pub(super) fn magnitude(content: &[u8]) -> Result<&[u8], NotDer> {
    match content {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Ok(rest),
        [0x01..=0x7f, ..] => Ok(content),
        _ => Err(NotDer),
    }
}
