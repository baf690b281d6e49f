//! Header compression (RFC 7541) for the I/O layers, which decode header blocks and encode them anew.
//!
//! The memory that a block can occupy is limited: the dynamic table by [`MAX_TABLE_SIZE`], the list by the caller. The
//! time is linear in the length of the block and of the list.

mod huffman;
mod static_table;

use std::collections::VecDeque;

use static_table::STATIC_TABLE;

/// The largest size of the dynamic table, in bytes: SETTINGS_HEADER_TABLE_SIZE, which h2 leaves at its initial
/// value (RFC 9113 6.5.2).
const MAX_TABLE_SIZE: usize = 4096;
/// The size of a field is that of its name and its value, and this (RFC 7541 4.1, RFC 9113 6.5.2).
pub(super) const FIELD_OVERHEAD: usize = 32;

/// The name and the value of a field.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// Why a header block cannot be decoded. The connection has to end, because the dynamic table no longer equals the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HpackError {
    /// The block violates RFC 7541, or sets a dynamic table size above [`MAX_TABLE_SIZE`].
    Malformed,
    /// The list of fields is larger than the limit of the caller.
    ListTooLarge,
}

/// The decoder of one connection, with its dynamic table.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The entries, the newest first.
    table: VecDeque<Field>,
    /// The size of all entries (RFC 7541 4.1).
    size: usize,
    /// The maximum size of the table, which the peer sets with a dynamic table size update (RFC 7541 6.3).
    max_size: usize,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { table: VecDeque::new(), size: 0, max_size: MAX_TABLE_SIZE }
    }

    /// Returns the fields of a complete block. Fails if they have more than `limit` bytes, as RFC 9113 6.5.2 counts them.
    pub(super) fn decode(&mut self, mut block: &[u8], limit: usize) -> Result<Vec<Field>, HpackError> {
        let (mut fields, mut size) = (Vec::new(), 0);
        while let Some(first) = block.first() {
            let rest = &mut block;
            let (field, incremental) = match first {
                0x80.. => (self.entry(integer(rest, 7)?)?, false),
                0x40.. => (self.literal(rest, 6)?, true),
                0x20.. => {
                    // RFC 7541 4.2: an update stands at the beginning of a block, and is limited by our SETTINGS.
                    let max_size = integer(rest, 5)?;
                    if max_size > MAX_TABLE_SIZE || !fields.is_empty() {
                        return Err(HpackError::Malformed);
                    }
                    self.max_size = max_size;
                    self.evict(0);
                    continue;
                }
                _ => (self.literal(rest, 4)?, false),
            };
            size += size_of(&field);
            if size > limit {
                return Err(HpackError::ListTooLarge);
            }
            if incremental {
                self.insert(field.clone());
            }
            fields.push(field);
        }
        Ok(fields)
    }

    /// Returns the entry with this index in the static and the dynamic table (RFC 7541 2.3.3).
    fn entry(&self, index: usize) -> Result<Field, HpackError> {
        let index = index.checked_sub(1).ok_or(HpackError::Malformed)?;
        if let Some((name, value)) = STATIC_TABLE.get(index) {
            return Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        self.table.get(index - STATIC_TABLE.len()).cloned().ok_or(HpackError::Malformed)
    }

    /// Takes a literal whose name is a string, or an index with a prefix of `bits` bits (RFC 7541 6.2).
    fn literal(&self, block: &mut &[u8], bits: u32) -> Result<Field, HpackError> {
        let name = match integer(block, bits)? {
            0 => string(block)?,
            index => self.entry(index)?.0,
        };
        Ok((name, string(block)?))
    }

    /// Inserts an entry. One that is larger than the table empties it (RFC 7541 4.4).
    fn insert(&mut self, field: Field) {
        let size = size_of(&field);
        self.evict(size);
        if size <= self.max_size {
            self.size += size;
            self.table.push_front(field);
        }
    }

    /// Evicts the oldest entries until `additional` bytes fit, or until the table is empty.
    fn evict(&mut self, additional: usize) {
        while self.size + additional > self.max_size {
            let Some(oldest) = self.table.pop_back() else { return };
            self.size -= size_of(&oldest);
        }
    }
}

fn size_of((name, value): &Field) -> usize {
    name.len() + value.len() + FIELD_OVERHEAD
}

/// Takes an integer with a prefix of `bits` bits, which may have up to five bytes (RFC 7541 5.1).
fn integer(block: &mut &[u8], bits: u32) -> Result<usize, HpackError> {
    let mut next = || {
        let (first, rest) = block.split_first().ok_or(HpackError::Malformed)?;
        *block = rest;
        Ok(usize::from(*first))
    };
    let maximum = (1_usize << bits) - 1;
    let mut value = next()? & maximum;
    if value < maximum {
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

/// Takes a string and decodes it (RFC 7541 5.2).
fn string(block: &mut &[u8]) -> Result<Vec<u8>, HpackError> {
    let (octets, is_huffman_coded) = raw_string(block)?;
    if is_huffman_coded { huffman::decode(octets).ok_or(HpackError::Malformed) } else { Ok(octets.to_vec()) }
}

/// Takes a string and returns its octets as they are encoded, and whether they are Huffman-coded (RFC 7541 5.2).
fn raw_string<'a>(block: &mut &'a [u8]) -> Result<(&'a [u8], bool), HpackError> {
    let is_huffman_coded = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer(block, 7)?;
    let (octets, rest) = block.split_at_checked(length).ok_or(HpackError::Malformed)?;
    *block = rest;
    Ok((octets, is_huffman_coded))
}

/// Reports whether h2 keeps slices of the buffer that it read this block into. It does so if the block contains a literal
/// field with incremental indexing (RFC 7541 6.2.1) whose strings are not Huffman-coded (RFC 7541 5.2), because it stores
/// those strings in its dynamic table without copying them. Returns true for a malformed block.
pub(super) fn retains_buffer(mut block: &[u8]) -> bool {
    while let Some(first) = block.first() {
        let (bits, incremental) = match first {
            0x80.. => (7, None),
            0x40.. => (6, Some(true)),
            0x20.. => (5, None),
            _ => (4, Some(false)),
        };
        let Ok(index) = integer(&mut block, bits) else { return true };
        let Some(incremental) = incremental else { continue };
        let strings = if index == 0 { 2 } else { 1 };
        for _ in 0..strings {
            match raw_string(&mut block) {
                Ok((_, is_huffman_coded)) if is_huffman_coded || !incremental => {}
                _ => return true,
            }
        }
    }
    false
}

/// Writes a literal field without indexing and without Huffman coding (RFC 7541 6.2.2).
pub(super) fn write_literal(name: &[u8], value: &[u8], to: &mut Vec<u8>) {
    to.push(0);
    write_string(name, to);
    write_string(value, to);
}

/// Writes a string without Huffman coding (RFC 7541 5.2), its length as an integer with a prefix of 7 bits (5.1).
pub(super) fn write_string(octets: &[u8], to: &mut Vec<u8>) {
    let mut length = octets.len();
    if length < 0x7f {
        to.push(u8::try_from(length).unwrap_or(0x7e));
    } else {
        to.push(0x7f);
        length -= 0x7f;
        while length >= 0x80 {
            to.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
            length >>= 7;
        }
        to.push(u8::try_from(length).unwrap_or(0));
    }
    to.extend_from_slice(octets);
}

#[cfg(test)]
mod tests;
