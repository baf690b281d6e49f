//! Decodes messages that come from others.
//!
//! An element of a repeated field takes two bytes on the wire and 24 and more in memory, so a message could be decoded to
//! many times its size before anybody looks at the number of its elements. [`decode`] counts them in the bytes first. It
//! finds them by the message's [`Shape`], and reads nothing that prost would not read in the same way: bytes that it cannot
//! follow are refused, and not handed on.

use std::fmt;

use bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::Described;

/// Where a message has repeated fields.
#[derive(Debug)]
pub struct Shape {
    /// How many repeated fields there are, with those of the messages inside.
    pub slots: usize,
    /// The fields that are repeated or have repeated ones inside.
    pub fields: &'static [Field],
}

/// A field of a [`Shape`].
#[derive(Debug)]
pub struct Field {
    /// Its number on the wire.
    pub number: u32,
    /// Set where it is repeated.
    pub repeated: Option<Repeated>,
    /// The same of the message that it holds; empty where it holds none, or one without repeated fields.
    pub fields: &'static [Field],
}

/// A repeated field.
#[derive(Debug)]
pub struct Repeated {
    /// Its path in the request, such as `key_source.component_keys.keys`.
    pub name: &'static str,
    /// Its place among the repeated fields of the message.
    pub slot: usize,
    /// How its elements stand on the wire.
    pub elements: Elements,
}

/// How many elements a length-delimited record of a repeated field holds.
#[derive(Clone, Copy, Debug)]
pub enum Elements {
    /// One: a text, bytes, a message, an entry of a map.
    One,
    /// As many as there are numbers of variable length.
    Varints,
    /// As many as there are numbers of so many bytes.
    Fixed(usize),
}

/// The most repeated fields that a message can have.
const SLOTS: usize = 16;

/// Why bytes are not decoded.
#[derive(Debug)]
pub enum DecodeError {
    /// They are no message of this kind.
    Malformed(prost::DecodeError),
    /// A length or a number leads beyond their end, or a group ends that has not begun.
    Inconsistent,
    /// A repeated field has more elements than its limit.
    TooMany {
        /// Its path in the request.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::Inconsistent => f.write_str("failed to decode Protobuf message: a field is cut short"),
            Self::TooMany { field, limit } => write!(f, "{field} has more than {limit} entries"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<prost::DecodeError> for DecodeError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Malformed(error)
    }
}

/// Decodes a message. Where `bytes` are `Bytes`, fields of that type are parts of them. Nothing is allocated for it until it is
/// certain that each repeated field has at most as many elements, in the whole message, as `limit` says for its path.
///
/// # Errors
/// Where the bytes are no such message, or have too many elements.
pub fn decode<M: Described>(
    bytes: impl Buf + AsRef<[u8]>,
    limit: impl Fn(&'static str) -> usize,
) -> Result<M, DecodeError> {
    if M::SHAPE.slots > 0 {
        Count { counts: [0; SLOTS], limit }.message(M::SHAPE.fields, bytes.as_ref())?;
    }
    M::decode(bytes).map_err(DecodeError::from)
}

/// The elements that have been counted, by the slot of their field.
struct Count<F> {
    counts: [usize; SLOTS],
    limit: F,
}

impl<F: Fn(&'static str) -> usize> Count<F> {
    /// Counts in a message. It calls itself as deep as messages are declared in one another, whatever the bytes say.
    fn message(&mut self, fields: &[Field], mut bytes: &[u8]) -> Result<(), DecodeError> {
        while !bytes.is_empty() {
            let (number, wire) = key(&mut bytes)?;
            if wire == WireType::LengthDelimited {
                let content = content(&mut bytes)?;
                if let Some(field) = fields.iter().find(|field| field.number == number) {
                    if let Some(repeated) = &field.repeated {
                        self.add(repeated, repeated.elements.of(content))?;
                    }
                    // What is not a message, or one without repeated fields, is not looked into.
                    if !field.fields.is_empty() {
                        self.message(field.fields, content)?;
                    }
                }
            } else {
                match wire {
                    WireType::Varint => _ = varint(&mut bytes)?,
                    _ => pass(wire, &mut bytes)?,
                }
                let field = fields.iter().find(|field| field.number == number);
                if let Some(repeated) = field.and_then(|field| field.repeated.as_ref()) {
                    self.add(repeated, 1)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, repeated: &Repeated, elements: usize) -> Result<(), DecodeError> {
        let limit = (self.limit)(repeated.name);
        let too_many = DecodeError::TooMany { field: repeated.name, limit };
        let Some(count) = self.counts.get_mut(repeated.slot) else { return Err(too_many) };
        *count = count.saturating_add(elements);
        if *count > limit { Err(too_many) } else { Ok(()) }
    }
}

impl Elements {
    fn of(self, content: &[u8]) -> usize {
        match self {
            Self::One => 1,
            // The last byte of each has no continuation bit.
            Self::Varints => content.iter().filter(|byte| **byte < 0x80).count(),
            Self::Fixed(bytes) => content.len() / bytes.max(1),
        }
    }
}

/// Takes a record's key. Most have one byte.
#[inline]
fn key(bytes: &mut &[u8]) -> Result<(u32, WireType), DecodeError> {
    if let [first @ 0x08..=0x7f, rest @ ..] = *bytes
        && let Ok(wire) = WireType::try_from(u64::from(first & 7))
    {
        *bytes = rest;
        return Ok((u32::from(first >> 3), wire));
    }
    Ok(decode_key(bytes)?)
}

/// Takes a number of variable length. Most have one byte.
#[inline]
fn varint(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    if let [first @ ..=0x7f, rest @ ..] = *bytes {
        *bytes = rest;
        return Ok(u64::from(*first));
    }
    Ok(decode_varint(bytes)?)
}

/// Takes the content of a length-delimited record.
fn content<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = usize::try_from(varint(bytes)?).map_err(|_| DecodeError::Inconsistent)?;
    let (content, rest) = bytes.split_at_checked(length).ok_or(DecodeError::Inconsistent)?;
    *bytes = rest;
    Ok(content)
}

/// Passes over a record that is not length-delimited. Groups may stand in one another as deep as they like: prost has a
/// limit of its own for that.
fn pass(wire: WireType, bytes: &mut &[u8]) -> Result<(), DecodeError> {
    let mut open = 0_usize;
    let mut wire = wire;
    loop {
        match wire {
            WireType::Varint => {
                decode_varint(bytes)?;
            }
            WireType::SixtyFourBit => skip(bytes, 8)?,
            WireType::ThirtyTwoBit => skip(bytes, 4)?,
            WireType::LengthDelimited => {
                content(bytes)?;
            }
            WireType::StartGroup => open += 1,
            WireType::EndGroup => open = open.checked_sub(1).ok_or(DecodeError::Inconsistent)?,
        }
        if open == 0 {
            return Ok(());
        }
        (_, wire) = decode_key(bytes)?;
    }
}

fn skip(bytes: &mut &[u8], count: usize) -> Result<(), DecodeError> {
    if bytes.len() < count {
        return Err(DecodeError::Inconsistent);
    }
    bytes.advance(count);
    Ok(())
}

#[cfg(test)]
mod tests;
