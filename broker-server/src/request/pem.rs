//! Reads PEM (RFC 7468 and the older OpenSSL form) without leaving a copy of a private key: each block is decoded into one
//! buffer that is wiped when it is dropped.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use super::asn1::Tlv;

/// One block of a PEM text.
pub(super) struct Block<'a> {
    /// The label between `BEGIN` and the dashes.
    pub(super) label: &'a str,
    /// The decoded bytes; empty for an encrypted block, which is not decoded.
    pub(super) der: Zeroizing<Vec<u8>>,
    /// `true` if the block has the header `Proc-Type: 4,ENCRYPTED` (RFC 1421 4.6.1.1).
    pub(super) encrypted: bool,
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

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Returns the text if `bytes` are PEM; `None` for DER, even if it contains a PEM text, and for anything else.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    if Tlv::only(bytes).is_ok() {
        return None;
    }
    std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN))
}

/// Reads all blocks of `text` in order. Ignores text outside blocks, blank lines, CRLF and spaces around lines.
///
/// # Errors
/// Fails if there is no block or if any block is not well formed.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, PemError> {
    let mut lines = Lines(Some(text));
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) {
            found.push(block(label, &mut lines)?);
        }
    }
    if found.is_empty() {
        return Err(PemError::NoBlock);
    }
    Ok(found)
}

/// An iterator over lines without the spaces around them. `\r\n` yields an additional empty line.
struct Lines<'a>(Option<&'a str>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let (line, rest) = match text.split_once(['\n', '\r']) {
            Some((line, rest)) => (line, Some(rest)),
            None => (text, None),
        };
        self.0 = rest;
        Some(line.trim())
    }
}

fn block<'a>(label: &'a str, lines: &mut Lines<'a>) -> Result<Block<'a>, PemError> {
    // The capacity is the upper bound of the length: a buffer that grew would leave a copy of a key in freed memory. It is
    // not larger either, because all of it is wiped, once for each of possibly many blocks.
    let size = lines.0.and_then(|text| text.find(END)).ok_or(PemError::NoEnd)?;
    let mut base64 = Zeroizing::new(Vec::with_capacity(size));
    let mut encrypted = false;
    for line in lines {
        if let Some(rest) = line.strip_prefix(END) {
            if rest.strip_suffix(DASHES) != Some(label) {
                return Err(PemError::NoEnd);
            }
            let der = if encrypted { Zeroizing::default() } else { decode(&base64)? };
            return Ok(Block { label, der, encrypted });
        }
        if line.starts_with(BEGIN) {
            return Err(PemError::NoEnd);
        }
        if line.contains(END) {
            return Err(PemError::BadBase64);
        }
        if base64.is_empty() && line.contains(':') {
            encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
            continue;
        }
        if !encrypted {
            base64.extend(line.bytes().filter(|byte| !matches!(byte, b' ' | b'\t')));
        }
    }
    Err(PemError::NoEnd)
}

fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, PemError> {
    let mut der = Zeroizing::new(vec![0; base64.len() / 4 * 3]);
    let length = Base64::decode(base64, &mut der).map_err(|_| PemError::BadBase64)?.len();
    der.truncate(length);
    if der.is_empty() {
        return Err(PemError::BadBase64);
    }
    Ok(der)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn ignores_surrounding_text_blank_lines_and_crlf() {
        let text = "hello\r\n-----BEGIN A B-----\r\n\r\nAAEC\r\nAw==\r\n-----END A B-----\r\nbye\n-----BEGIN C-----\nBA==\n-----END C-----";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].label, &found[0].der[..]), ("A B", &[0, 1, 2, 3][..]));
        assert_eq!((found[1].label, &found[1].der[..]), ("C", &[4][..]));
    }

    #[test]
    fn recognizes_encrypted_block() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        assert!(blocks(text).unwrap()[0].encrypted);
    }

    /// If each block had a buffer of the length of the whole text, this test would wipe 4 MB a hundred thousand times.
    #[test]
    fn many_blocks_take_linear_time() {
        const BLOCKS: usize = 100_000;
        let text = "-----BEGIN A-----\nAAEC\n-----END A-----\n".repeat(BLOCKS);
        let found = blocks(&text).unwrap();
        assert_eq!(found.len(), BLOCKS);
        assert!(found.iter().all(|block| *block.der == [0, 1, 2]));
    }

    #[test]
    fn rejects_malformed_text() {
        for (text, error) in [
            ("", PemError::NoBlock),
            ("-----BEGIN A-----\nAAAA\n", PemError::NoEnd),
            ("-----BEGIN A-----\nAAAA\n-----END B-----", PemError::NoEnd),
            ("-----BEGIN A-----\nAAAA\n-----BEGIN A-----\nAAAA\n-----END A-----", PemError::NoEnd),
            ("-----BEGIN A-----\nA\n-----END A-----", PemError::BadBase64),
            ("-----BEGIN A-----\nA€AA\n-----END A-----", PemError::BadBase64),
            ("-----BEGIN A-----\n-----END A-----", PemError::BadBase64),
            ("-----BEGIN A-----\nAAAA -----END A-----\nAAAA\n-----END A-----", PemError::BadBase64),
        ] {
            assert_eq!(blocks(text).err(), Some(error), "{text}");
        }
    }
}
