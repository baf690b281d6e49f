//! A strict DER reader over [`der`] that returns one value at a time, together with its encoding.

use der::{Encode as _, Header, Length, Reader as _, SliceReader, Tag, TagNumber, asn1::AnyRef};

use super::oid::{Oid, OidRef};

mod not_der;

pub(super) use not_der::{Encoding, NotDer};

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
        if values.is_empty() { Ok(value) } else { Err(NotDer::Trailing) }
    }

    /// Returns a reader over the contents. Fails if the tag is not `tag`.
    pub(super) fn inside(self, tag: Tag) -> Result<Values<'a>, NotDer> {
        if self.tag != tag {
            return Err(NotDer::Unexpected);
        }
        Values::new(self.value)
    }
}

/// Reports whether the bytes are one SEQUENCE in DER, or begin one in BER.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    match Tlv::only(bytes) {
        Ok(value) => value.tag == Tag::Sequence,
        Err(error) => matches!(error, NotDer::Encoding(_)) && bytes.first() == Some(&0x30),
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
    /// Reads the first value in `bytes`, and returns it with the length of its encoding. The length must be definite and in its
    /// shortest form (X.690 10.1).
    fn first(bytes: &'a [u8]) -> Result<(Self, usize), NotDer> {
        let (identifier, mut rest) = bytes.split_first().ok_or(NotDer::Malformed)?;
        if identifier & 0x1f == 0x1f {
            // The tag number follows in base 128. It must need this form and have no leading zeros (X.690 8.1.2.4).
            let end = rest.iter().position(|octet| octet & 0x80 == 0).ok_or(NotDer::Malformed)?;
            let (number, after) = rest.split_at_checked(end + 1).ok_or(NotDer::Malformed)?;
            if matches!(number, [0x80, ..] | [0..=0x1e]) {
                return Err(NotDer::Malformed);
            }
            rest = after;
        }
        let (first, rest) = rest.split_first().ok_or(NotDer::Malformed)?;
        let (length, is_shortest, rest) = match first {
            0..=0x7f => (usize::from(*first), true, rest),
            // Only a constructed value can have an indefinite length (X.690 8.1.3.2).
            0x80 if identifier & 0x20 != 0 => return Err(NotDer::Encoding(Encoding::IndefiniteLength)),
            0x80 => return Err(NotDer::Malformed),
            _ => {
                let octets = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(NotDer::Malformed)?;
                let (octets, rest) = octets;
                let zeros = octets.iter().take_while(|octet| **octet == 0).count();
                if octets.len() - zeros > 4 {
                    return Err(NotDer::Malformed);
                }
                let length = octets.iter().fold(0usize, |length, octet| length << 8 | usize::from(*octet));
                (length, zeros == 0 && length >= 0x80, rest)
            }
        };
        let (value, after) = rest.split_at_checked(length).ok_or(NotDer::Malformed)?;
        if is_shortest {
            Ok((Self { identifier: *identifier, value }, bytes.len() - after.len()))
        } else {
            Err(NotDer::Encoding(Encoding::LongLength))
        }
    }

    /// Returns the number of the tag if it is universal and primitive, and below 31.
    pub(super) const fn universal_primitive(&self) -> Option<u8> {
        if self.identifier < 0x1f { Some(self.identifier) } else { None }
    }

    /// Returns [`Encoding::Pieces`] if the value is a string that is constructed of others.
    fn pieces(&self) -> Option<Encoding> {
        let is_string = matches!(self.identifier, 0x23 | 0x24 | 0x2c | 0x32..=0x3c | 0x3e);
        is_string.then_some(Encoding::Pieces)
    }

    /// Returns the name of the type (X.680 8.4).
    pub(super) fn type_name(&self) -> &'static str {
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
            _ if self.pieces().is_some() => "a string in pieces (BER, X.690 10.2)",
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
        if self.is_empty() {
            return Err(NotDer::Unexpected);
        }
        let start = usize::try_from(self.reader.position())?;
        // A value that is DER all the same has a tag that `der` does not know.
        let other = |_| match self.bytes.get(start..).map(Element::first) {
            Some(Ok((element, _))) => element.pieces().map_or(NotDer::Unexpected, NotDer::Encoding),
            Some(Err(error)) => error,
            None => NotDer::Malformed,
        };
        let header = self.reader.decode::<Header>().map_err(other)?;
        let value = self.reader.read_slice(header.length()).map_err(|_| NotDer::Malformed)?;
        let end = usize::try_from(self.reader.position())?;
        Ok(Tlv { tag: header.tag(), value, raw: self.bytes.get(start..end).ok_or(NotDer::Malformed)? })
    }

    /// Reads the next value, even if it is of a type that `der` does not know, such as UniversalString.
    pub(super) fn element(&mut self) -> Result<Element<'a>, NotDer> {
        let start = usize::try_from(self.reader.position())?;
        let bytes = self.bytes.get(start..).ok_or(NotDer::Malformed)?;
        let (element, length) = Element::first(bytes)?;
        self.reader.read_slice(Length::try_from(length)?)?;
        Ok(element)
    }

    /// Reads the next value, which must have `tag`.
    pub(super) fn next(&mut self, tag: Tag) -> Result<Tlv<'a>, NotDer> {
        let value = self.any()?;
        if value.tag == tag { Ok(value) } else { Err(NotDer::Unexpected) }
    }

    /// Reads the only value, which must have `tag`.
    pub(super) fn only(mut self, tag: Tag) -> Result<Tlv<'a>, NotDer> {
        let value = self.next(tag)?;
        self.end()?;
        Ok(value)
    }

    /// Reads the next value if it has `tag`; otherwise reads nothing.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>, NotDer> {
        // A tag that `der` does not know is another one.
        if self.is_empty() || Tag::peek(&self.reader).ok() != Some(tag) {
            return Ok(None);
        }
        self.any().map(Some)
    }

    /// Reads the next value, which must be a sequence, and returns a reader over its contents.
    pub(super) fn sequence(&mut self) -> Result<Values<'a>, NotDer> {
        Values::new(self.next(Tag::Sequence)?.value)
    }

    /// Reads the next value as a type that `der` can decode.
    pub(super) fn decode<T: der::Decode<'a, Error = der::Error>>(&mut self) -> Result<T, NotDer> {
        Ok(T::from_der(self.any()?.raw)?)
    }

    /// Reads the next value, which must be an OBJECT IDENTIFIER.
    pub(super) fn oid(&mut self) -> Result<Oid, NotDer> {
        Oid::from_content(self.next(Tag::ObjectIdentifier)?.value).ok_or(NotDer::Malformed)
    }

    /// Reads the next value, which must be an OBJECT IDENTIFIER, without a copy.
    pub(super) fn oid_ref(&mut self) -> Result<OidRef<'a>, NotDer> {
        OidRef::from_content(self.next(Tag::ObjectIdentifier)?.value).ok_or(NotDer::Malformed)
    }

    /// Reads the next value, which must be an INTEGER, and returns its content octets. It may be negative.
    pub(super) fn integer(&mut self) -> Result<&'a [u8], NotDer> {
        match self.next(Tag::Integer)?.value {
            [] => Err(NotDer::Malformed),
            [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(NotDer::Encoding(Encoding::LongInteger)),
            content => Ok(content),
        }
    }

    /// Reads the next value if it is a BOOLEAN.
    pub(super) fn optional_boolean(&mut self) -> Result<Option<bool>, NotDer> {
        match self.optional(Tag::Boolean)?.map(|boolean| boolean.value) {
            None => Ok(None),
            Some([0]) => Ok(Some(false)),
            Some([0xff]) => Ok(Some(true)),
            Some([_]) => Err(NotDer::Encoding(Encoding::Boolean)),
            Some(_) => Err(NotDer::Malformed),
        }
    }

    /// Reads the octets of the next value, which must be a BIT STRING without unused bits.
    pub(super) fn octet_bits(&mut self) -> Result<&'a [u8], NotDer> {
        match self.next(Tag::BitString)?.value.split_first() {
            Some((0, bits)) => Ok(bits),
            Some((unused @ 1..=7, [.., last])) if last.trailing_zeros() < u32::from(*unused) => {
                Err(NotDer::Encoding(Encoding::UnusedBits))
            }
            Some((1..=7, [.., _])) => Err(NotDer::Unexpected),
            _ => Err(NotDer::Malformed),
        }
    }

    /// Fails if any value is left.
    pub(super) fn end(mut self) -> Result<(), NotDer> {
        if self.is_empty() { Ok(()) } else { self.any().and(Err(NotDer::Unexpected)) }
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
        _ => Err(NotDer::Unexpected),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use der::asn1::ObjectIdentifier;

    use super::*;

    #[test]
    fn tells_malformed_der_from_another_structure() {
        let read = |bytes: &[u8]| {
            let mut parts = Tlv::only(bytes)?.inside(Tag::Sequence)?;
            parts.decode::<u8>()?;
            parts.decode::<ObjectIdentifier>()?;
            parts.octet_bits()?;
            parts.end()
        };
        let (malformed, unexpected) = (NotDer::Malformed, NotDer::Unexpected);
        let [long_length, indefinite, long_integer, pieces, unused_bits] = [
            Encoding::LongLength,
            Encoding::IndefiniteLength,
            Encoding::LongInteger,
            Encoding::Pieces,
            Encoding::UnusedBits,
        ]
        .map(NotDer::Encoding);
        assert_eq!(read(b"\x30\x0a\x02\x01\x05\x06\x01\x2a\x03\x02\x00\x01"), Ok(()));
        for (bytes, expected) in [
            (&b""[..], unexpected),
            (b"-----", malformed),
            (b"\x30\x03\x02\x01\x05\x00", NotDer::Trailing),
            (b"\x30\x04\x02\x01\x05", malformed),
            (b"\x30\x81\x03\x02\x01\x05", long_length),
            (b"\x30\x83\x00\x00\x03\x02\x01\x05", long_length),
            (b"\x30\x88\x00\x00\x00\x00\x00\x00\x00\x03\x02\x01\x05", long_length),
            (b"\x30\x04\x02\x81\x01\x05", long_length),
            (b"\x30\x81\x04\x02\x01\x05", malformed),
            (b"\x30\x85\x01\x00\x00\x00\x03\x02\x01\x05", malformed),
            (b"\x30\x81", malformed),
            (b"\x30\xff\x02\x01\x05", malformed),
            (b"\x30\x80\x02\x01\x05\x00\x00", indefinite),
            (b"\x30\x03\x02\x80\x05", malformed),
            (b"\x24\x03\x04\x01\x05", pieces),
            (b"\x30\x05\x23\x03\x03\x01\x00", pieces),
            (b"\x31\x03\x02\x01\x05", unexpected),
            (b"\x30\x00", unexpected),
            (b"\x30\x03\x04\x01\x05", unexpected),
            (b"\x30\x04\x02\x02\x01\x05", unexpected),
            (b"\x30\x04\x02\x02\x00\x05", long_integer),
            (b"\x30\x06\x02\x01\x05\x06\x01\x80", malformed),
            (b"\x30\x0a\x02\x01\x05\x06\x01\x2a\x03\x02\x01\x02", unexpected),
            (b"\x30\x0a\x02\x01\x05\x06\x01\x2a\x03\x02\x01\x03", unused_bits),
            (b"\x30\x0c\x02\x01\x05\x06\x01\x2a\x03\x02\x00\x01\x05\x00", unexpected),
            (b"\x30\x0b\x02\x01\x05\x06\x01\x2a\x03\x02\x00\x01\xff", malformed),
        ] {
            assert_eq!(read(bytes), Err(expected), "{bytes:02x?}");
        }
        assert!(NotDer::in_a("Thing")(unexpected).to_string().starts_with("is DER, but"));
    }

    #[test]
    fn tells_which_rule_of_der_an_encoding_breaks() {
        let integer = |bytes| Values::new(bytes).and_then(|mut values| values.integer());
        let boolean = |bytes| Values::new(bytes).and_then(|mut values| values.optional_boolean());
        assert_eq!(integer(b"\x02\x02\x00\x80"), Ok(&b"\x00\x80"[..]));
        assert_eq!(integer(b"\x02\x01\xff"), Ok(&b"\xff"[..]));
        for bytes in [b"\x02\x02\x00\x7f", b"\x02\x02\x00\x00", b"\x02\x02\xff\x80"] {
            assert_eq!(integer(bytes), Err(NotDer::Encoding(Encoding::LongInteger)), "{bytes:x?}");
        }
        assert_eq!(integer(b"\x02\x00"), Err(NotDer::Malformed));
        assert_eq!(boolean(b"\x01\x01\x00"), Ok(Some(false)));
        assert_eq!(boolean(b"\x01\x01\xff"), Ok(Some(true)));
        assert_eq!(boolean(b"\x05\x00"), Ok(None));
        assert_eq!(boolean(b"\x01\x01\x01"), Err(NotDer::Encoding(Encoding::Boolean)));
        assert_eq!(boolean(b"\x01\x00"), Err(NotDer::Malformed));
        for (encoding, expected) in [
            (Encoding::LongLength, "is a Thing in BER, not in DER: a length has more octets"),
            (Encoding::Boolean, "is a Thing in BER, not in DER: a BOOLEAN is neither 00 nor FF (X.690 11.1)"),
            // BER does not allow it, either.
            (Encoding::LongInteger, "is a Thing, but not in DER: an INTEGER has more octets"),
        ] {
            let text = NotDer::in_a("Thing")(NotDer::Encoding(encoding)).to_string();
            assert!(text.starts_with(expected), "{text}");
        }
    }
}
