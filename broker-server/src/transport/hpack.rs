//! Decodes header blocks (RFC 7541) for the filter that rewrites them.
//!
//! What a block can make this hold is bounded: the dynamic table by [`TABLE`], the list by the caller's limit. The work
//! is linear in the block and in the list.

mod huffman;
mod static_table;

use std::collections::VecDeque;

use static_table::STATIC_TABLE;

/// The largest dynamic table that a peer may use, in bytes: SETTINGS_HEADER_TABLE_SIZE, which the HTTP/2 library leaves
/// at its default (RFC 9113 6.5.2).
const TABLE: usize = 4096;
/// What a field counts for beside its name and its value (RFC 7541 4.1, RFC 9113 6.5.2).
pub(super) const OVERHEAD: usize = 32;

/// A field's name and its value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// Why a block has no list. The connection cannot go on: its dynamic table is not the peer's any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HpackError {
    /// The block is not of RFC 7541, or asks for more than the dynamic table may have.
    Malformed,
    /// The list is larger than the limit.
    TooLarge,
}

/// The decoder of a connection, with its dynamic table.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest entry is the first.
    table: VecDeque<Field>,
    /// Size of the entries (RFC 7541 4.1).
    size: usize,
    /// The size that the peer has chosen.
    limit: usize,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { table: VecDeque::new(), size: 0, limit: TABLE }
    }

    /// Returns the fields of a whole block, of `largest` bytes at most as RFC 9113 6.5.2 counts them.
    pub(super) fn decode(&mut self, mut block: &[u8], largest: usize) -> Result<Vec<Field>, HpackError> {
        let (mut fields, mut size) = (Vec::new(), 0);
        while let Some(first) = block.first() {
            let rest = &mut block;
            let (field, remembered) = match first {
                0x80.. => (self.entry(integer(rest, 7)?)?, false),
                0x40.. => (self.literal(rest, 6)?, true),
                0x20.. => {
                    // RFC 7541 4.2: only at the beginning of a block, and not above what our SETTINGS say.
                    let limit = integer(rest, 5)?;
                    if limit > TABLE || !fields.is_empty() {
                        return Err(HpackError::Malformed);
                    }
                    self.limit = limit;
                    self.evict(0);
                    continue;
                }
                _ => (self.literal(rest, 4)?, false),
            };
            size += counted(&field);
            if size > largest {
                return Err(HpackError::TooLarge);
            }
            if remembered {
                self.remember(field.clone());
            }
            fields.push(field);
        }
        Ok(fields)
    }

    /// The entry with this index in the static and the dynamic table (RFC 7541 2.3.3).
    fn entry(&self, index: usize) -> Result<Field, HpackError> {
        let index = index.checked_sub(1).ok_or(HpackError::Malformed)?;
        if let Some((name, value)) = STATIC_TABLE.get(index) {
            return Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        self.table.get(index - STATIC_TABLE.len()).cloned().ok_or(HpackError::Malformed)
    }

    /// A literal whose name is an index with a prefix of `bits` bits, or a string (RFC 7541 6.2).
    fn literal(&self, block: &mut &[u8], bits: u32) -> Result<Field, HpackError> {
        let name = match integer(block, bits)? {
            0 => string(block)?,
            index => self.entry(index)?.0,
        };
        Ok((name, string(block)?))
    }

    /// An entry that is larger than the table empties it (RFC 7541 4.4).
    fn remember(&mut self, field: Field) {
        let size = counted(&field);
        self.evict(size);
        if size <= self.limit {
            self.size += size;
            self.table.push_front(field);
        }
    }

    /// Makes room for `wanted` bytes, as far as the table's limit has it.
    fn evict(&mut self, wanted: usize) {
        while self.size + wanted > self.limit {
            let Some(oldest) = self.table.pop_back() else { return };
            self.size -= counted(&oldest);
        }
    }
}

fn counted((name, value): &Field) -> usize {
    name.len() + value.len() + OVERHEAD
}

/// Takes an integer with a prefix of `bits` bits, of up to five bytes (RFC 7541 5.1).
fn integer(block: &mut &[u8], bits: u32) -> Result<usize, HpackError> {
    let mut next = || {
        let (first, rest) = block.split_first().ok_or(HpackError::Malformed)?;
        *block = rest;
        Ok(usize::from(*first))
    };
    let full = (1_usize << bits) - 1;
    let mut value = next()? & full;
    if value < full {
        return Ok(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = next()?;
        value += (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(HpackError::Malformed)
}

/// Takes a string (RFC 7541 5.2).
fn string(block: &mut &[u8]) -> Result<Vec<u8>, HpackError> {
    let coded = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 7)?;
    let (text, rest) = block.split_at_checked(length).ok_or(HpackError::Malformed)?;
    *block = rest;
    if coded { huffman::decode(text).ok_or(HpackError::Malformed) } else { Ok(text.to_vec()) }
}

#[cfg(test)]
mod tests;
