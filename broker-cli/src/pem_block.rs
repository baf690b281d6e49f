//! The blocks of PEM files (RFC 7468), decoded. A block that is not well formed is found too, with the reason, so that a
//! program that wants another block can ignore it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::pem::{self, BlockKind};

/// One block.
pub(crate) struct Block {
    /// The label between `BEGIN` and the dashes.
    pub(crate) label: String,
    /// The decoded bytes, or why there are none.
    pub(crate) der: Result<Zeroizing<Vec<u8>>, PemError>,
}

/// The reason why a block has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PemError {
    #[error("has no line `-----END …-----` with the same label")]
    NoEnd,
    #[error("holds characters that are not base64, or is truncated")]
    BadBase64,
    #[error("is encrypted in OpenSSL's traditional form")]
    TraditionalEncryption,
}

impl Block {
    /// Returns what the label says the block is.
    pub(crate) fn kind(&self) -> BlockKind {
        BlockKind::of(&self.label)
    }
}

/// Returns all blocks in order.
pub(crate) fn blocks(bytes: &[u8]) -> Vec<Block> {
    pem::raw_blocks(bytes)
        .into_iter()
        .map(|block| Block { label: block.label(), der: content(block.bytes(), &block.label()) })
        .collect()
}

fn content(block: &[u8], label: &str) -> Result<Zeroizing<Vec<u8>>, PemError> {
    // As long as the block, so that the buffer of a key never grows.
    let mut base64 = Zeroizing::new(Vec::with_capacity(block.len()));
    let mut encrypted = false;
    let lines = block.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    for line in lines.skip(1) {
        if let Some(end) = line.strip_prefix(b"-----END ") {
            return match end.strip_suffix(b"-----").map(<[u8]>::trim_ascii) {
                Some(end) if end != label.as_bytes() => Err(PemError::NoEnd),
                None => Err(PemError::NoEnd),
                Some(_) if encrypted => Err(PemError::TraditionalEncryption),
                Some(_) => decode(&base64),
            };
        }
        // Headers (RFC 1421 4.6) precede the base64, which has no colon.
        if base64.is_empty() && line.contains(&b':') {
            encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
        } else {
            base64.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }
    Err(PemError::NoEnd)
}

/// Returns a block as text with lines of 64 characters, which is wiped when dropped.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text =
        Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, PemError> {
    match STANDARD.decode(base64) {
        Ok(der) if !der.is_empty() => Ok(Zeroizing::new(der)),
        _ => Err(PemError::BadBase64),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn found(bytes: &[u8]) -> Vec<(String, Result<Vec<u8>, PemError>)> {
        blocks(bytes).into_iter().map(|block| (block.label, block.der.map(|der| der.to_vec()))).collect()
    }

    #[test]
    fn finds_blocks_between_other_text() {
        let text = b"\xef\xbb\xbf-----BEGIN A-----\r\nAAEC\r\nAw==\r\n-----END A-----\r\n\xff\xfe\n -----BEGIN B C-----\nBA==\n-----END B C-----";
        assert_eq!(found(text), [("A".into(), Ok(vec![0, 1, 2, 3])), ("B C".into(), Ok(vec![4]))]);
    }

    #[test]
    fn a_broken_block_does_not_hide_the_next() {
        let whole = "-----BEGIN B-----\nBA==\n-----END B-----\n";
        for (broken, error) in [
            ("-----BEGIN A-----\nAAEC\n", PemError::NoEnd),
            ("-----BEGIN A-----\nAAEC\n-----END X-----\n", PemError::NoEnd),
            ("-----BEGIN A-----\n\u{e9}\n-----END A-----\n", PemError::BadBase64),
            (
                "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAEC\n-----END A-----\n",
                PemError::TraditionalEncryption,
            ),
        ] {
            let text = format!("{broken}{whole}");
            assert_eq!(
                found(text.as_bytes()),
                [("A".into(), Err(error)), ("B".into(), Ok(vec![4]))],
                "{broken}"
            );
        }
        assert!(blocks(b"no block").is_empty());
    }

    #[test]
    fn encoded_text_is_read_again() {
        for length in 1..200 {
            let der: Vec<u8> = (0..length).collect();
            let text = encode("X Y", &der);
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(found(text.as_bytes()), [("X Y".into(), Ok(der))]);
        }
    }
}
