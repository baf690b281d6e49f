//! Reads PEM: the lax form of RFC 7468 3, and headers as in RFC 1421 4.4. A block is decoded when a reader asks for it, so that
//! broken blocks of other kinds do no harm. No copy of a private key is left: a block is decoded into one buffer that is wiped
//! when it is dropped.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use super::{FieldErrorKind, asn1::Tlv};

/// One block of a PEM text.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// The label between `BEGIN` and the dashes.
    pub(super) label: &'a str,
    /// The bytes between the boundaries; `None` if the end is missing or has another label.
    body: Option<&'a [u8]>,
}

/// Why a text is not PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PemError {
    #[error("is not PEM: it has no line `-----BEGIN …-----`")]
    NoBlock,
    #[error("is not PEM: a block has no end line, or its end line has another label")]
    NoEnd,
    #[error("is not PEM: a block holds characters that are not base64, or is truncated")]
    BadBase64,
}

impl From<PemError> for FieldErrorKind {
    fn from(error: PemError) -> Self {
        Self::Malformed(error.to_string())
    }
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reports whether `bytes` are PEM. DER is not, even if it contains a PEM text.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    Tlv::only(bytes).is_err() && bytes.windows(BEGIN.len()).any(|part| part == BEGIN)
}

/// Finds all blocks of `text` in order, whether they are well formed or not. Text outside of blocks can have any encoding.
/// A block starts at the start of a line, after white space or a byte order mark.
///
/// # Errors
/// Fails if there is no block.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, PemError> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        if let Some((label, body)) = begin(rest) {
            let (block, after) = block(label, body);
            found.push(block);
            rest = after;
            continue;
        }
        match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => rest = rest.get(end + 1..).unwrap_or_default(),
            None if found.is_empty() => return Err(PemError::NoBlock),
            None => return Ok(found),
        }
    }
}

/// Returns the only block of `text` whose label is `wanted`.
///
/// # Errors
/// Fails if there is no such block, or more than one; `name` is the label in the message, and `thing` what such blocks hold.
pub(super) fn only<'a>(
    text: &'a [u8],
    wanted: impl Fn(&str) -> bool,
    name: &str,
    thing: &str,
) -> Result<Block<'a>, FieldErrorKind> {
    single(&blocks(text)?, wanted, name, thing)
}

/// Returns the only one of `blocks` whose label is `wanted`; otherwise like [`only`].
pub(super) fn single<'a>(
    blocks: &[Block<'a>],
    wanted: impl Fn(&str) -> bool,
    name: &str,
    thing: &str,
) -> Result<Block<'a>, FieldErrorKind> {
    let mut found = blocks.iter().filter(|block| wanted(block.label));
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(*block),
        (None, _) => Err(FieldErrorKind::Malformed(format!("holds no PEM block {name}"))),
        (Some(_), Some(_)) => {
            Err(FieldErrorKind::Malformed(format!("holds more than one {thing}; send one")))
        }
    }
}

impl Block<'_> {
    /// Returns the decoded bytes.
    ///
    /// # Errors
    /// Fails if the block has no end or is not base64.
    pub(super) fn der(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        let (_, text) = split_headers(self.body.ok_or(PemError::NoEnd)?);
        // The capacity is the upper bound of the length: a buffer that grew would leave a copy of a key in freed memory.
        let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
        base64.extend(text.iter().filter(|byte| !is_white_space(**byte)));
        let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3]);
        let length = Base64::decode(base64.as_slice(), &mut der).map_err(|_| PemError::BadBase64)?.len();
        der.truncate(length);
        if der.is_empty() { Err(PemError::BadBase64) } else { Ok(der) }
    }

    /// Reports whether the block has the header `Proc-Type: 4,ENCRYPTED` (RFC 1421 4.6.1.1).
    pub(super) fn is_encrypted(&self) -> bool {
        let (headers, _) = split_headers(self.body.unwrap_or_default());
        lines(headers).any(|line| {
            line.trim_ascii().starts_with(b"Proc-Type:") && line.windows(9).any(|part| part == b"ENCRYPTED")
        })
    }

    /// Reports whether the block has headers (RFC 1421 4.4), which RFC 7468 2 does not have.
    pub(super) fn has_headers(&self) -> bool {
        !split_headers(self.body.unwrap_or_default()).0.is_empty()
    }
}

/// Reads a boundary `-----BEGIN …-----` at the start of `line`. Returns the label and the bytes after the boundary.
fn begin(line: &[u8]) -> Option<(&str, &[u8])> {
    let mut start = line;
    // Not across lines, so that blank lines are read only once.
    while let Some(after) = start
        .strip_prefix(BYTE_ORDER_MARK)
        .or_else(|| start.split_first().filter(|(byte, _)| is_blank(**byte)).map(|(_, after)| after))
    {
        start = after;
    }
    label(start.strip_prefix(BEGIN)?)
}

/// Splits a boundary after `BEGIN` or `END` into its label, which ends before the dashes on the same line, and the rest.
fn label(text: &[u8]) -> Option<(&str, &[u8])> {
    let length = text
        .windows(DASHES.len())
        .take_while(|part| !matches!(part, [b'\n' | b'\r', ..]))
        .position(|part| part == DASHES)?;
    let (label, rest) = text.split_at_checked(length)?;
    Some((std::str::from_utf8(label).ok()?, rest.get(DASHES.len()..)?))
}

/// Reads a block after its first boundary. Returns it and the text after it, which starts with the next block if the end of
/// this one is missing.
fn block<'a>(name: &'a str, text: &'a [u8]) -> (Block<'a>, &'a [u8]) {
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(dash) = rest.iter().position(|byte| *byte == b'-')
    {
        at += dash;
        let (body, rest) = text.split_at_checked(at).unwrap_or_default();
        if let Some(end) = rest.strip_prefix(END) {
            return match label(end) {
                Some((same, after)) if same == name => (Block { label: name, body: Some(body) }, after),
                _ => (Block { label: name, body: None }, end),
            };
        }
        if rest.starts_with(BEGIN) {
            return (Block { label: name, body: None }, rest);
        }
        at += 1;
    }
    (Block { label: name, body: None }, &[])
}

/// Splits a body into headers and base64. A header has a colon, which base64 does not; its continuations start with white
/// space (RFC 1421 4.6).
fn split_headers(body: &[u8]) -> (&[u8], &[u8]) {
    let (mut end, mut at) = (0, 0);
    for line in lines(body) {
        at += line.len();
        let continues = end > 0 && matches!(line, [b' ' | b'\t', ..]) && !line.trim_ascii().is_empty();
        if line.contains(&b':') || continues {
            end = at;
        } else if !line.trim_ascii().is_empty() || end > 0 {
            break;
        }
    }
    body.split_at_checked(end).unwrap_or_default()
}

/// Returns the lines of `text`, each with its end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    text.split_inclusive(move |byte| *byte == end)
}

/// Reports whether RFC 7468 3 calls the byte white space (`W`).
fn is_white_space(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'\n' | b'\r')
}

/// Reports whether the byte is white space that does not end a line.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests;
