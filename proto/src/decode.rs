//! Decodes messages of untrusted peers.
//!
//! An element of a repeated field takes at least two bytes on the wire and 24 in memory, so a message could decode to many
//! times its size before the number of elements is checked. [`decode`] first counts the elements in the bytes. It finds
//! them by the message's [`Shape`](crate::Shape) and reads the bytes exactly as prost does: bytes that it cannot follow are
//! an error.

use std::fmt;

use bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::{
    described::Described,
    shape::{Elements, Field, Repeated},
};

/// The largest number of repeated fields that a message can have.
const SLOTS: usize = 16;

/// The reason why bytes are not decoded.
#[derive(Debug)]
pub enum DecodeError {
    /// The bytes are not a message of this type.
    Malformed(prost::DecodeError),
    /// A length or a varint exceeds the bytes, or a group ends that has not started.
    InvalidWireFormat,
    /// A repeated field has more elements than its limit.
    TooMany {
        /// The path of the field in the request.
        field: &'static str,
        /// The largest number of elements that is allowed.
        limit: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::InvalidWireFormat => f.write_str("failed to decode Protobuf message: a field is truncated"),
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

/// Decodes a message. If `bytes` is of type `Bytes`, fields of that type are slices of it. Nothing is allocated until each
/// repeated field is known to have at most as many elements, in the whole message, as `limit` returns for its path.
///
/// # Errors
/// Fails where the bytes are not a message of this type, or a repeated field has too many elements.
pub fn decode<M: Described>(
    bytes: impl Buf + AsRef<[u8]>,
    limit: impl Fn(&'static str) -> usize,
) -> Result<M, DecodeError> {
    if M::SHAPE.slots > 0 {
        Count { counts: [0; SLOTS], limit }.message(M::SHAPE.fields, bytes.as_ref())?;
    }
    M::decode(bytes).map_err(DecodeError::from)
}

/// The number of elements that have been counted, by the slot of their field.
struct Count<F> {
    counts: [usize; SLOTS],
    limit: F,
}

impl<F: Fn(&'static str) -> usize> Count<F> {
    /// Counts the elements in a message. The depth of recursion is bounded by the declarations, not by the bytes.
    fn message(&mut self, fields: &[Field], mut bytes: &[u8]) -> Result<(), DecodeError> {
        while !bytes.is_empty() {
            let (number, wire) = key(&mut bytes)?;
            if wire == WireType::LengthDelimited {
                let content = content(&mut bytes)?;
                if let Some(field) = fields.iter().find(|field| field.number == number) {
                    if let Some(repeated) = &field.repeated {
                        self.add(repeated, repeated.elements.of(content))?;
                    }
                    // Only messages with repeated fields are searched.
                    if !field.fields.is_empty() {
                        self.message(field.fields, content)?;
                    }
                }
            } else {
                match wire {
                    WireType::Varint => _ = varint(&mut bytes)?,
                    _ => skip_record(wire, &mut bytes)?,
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
            // The last byte of each varint has no continuation bit.
            Self::Varints => content.iter().filter(|byte| **byte < 0x80).count(),
            Self::Fixed(bytes) => content.len() / bytes.max(1),
        }
    }
}

/// Reads the key of a record. Most keys have one byte.
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

/// Reads a varint. Most have one byte.
#[inline]
fn varint(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    if let [first @ ..=0x7f, rest @ ..] = *bytes {
        *bytes = rest;
        return Ok(u64::from(*first));
    }
    Ok(decode_varint(bytes)?)
}

/// Reads the content of a length-delimited record.
fn content<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = usize::try_from(varint(bytes)?).map_err(|_| DecodeError::InvalidWireFormat)?;
    let (content, rest) = bytes.split_at_checked(length).ok_or(DecodeError::InvalidWireFormat)?;
    *bytes = rest;
    Ok(content)
}

/// Skips a record that is not length-delimited. The depth of groups is not limited here, because prost limits it.
fn skip_record(wire: WireType, bytes: &mut &[u8]) -> Result<(), DecodeError> {
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
            WireType::EndGroup => open = open.checked_sub(1).ok_or(DecodeError::InvalidWireFormat)?,
        }
        if open == 0 {
            return Ok(());
        }
        (_, wire) = decode_key(bytes)?;
    }
}

fn skip(bytes: &mut &[u8], count: usize) -> Result<(), DecodeError> {
    if bytes.len() < count {
        return Err(DecodeError::InvalidWireFormat);
    }
    bytes.advance(count);
    Ok(())
}

#[cfg(test)]
mod tests;
