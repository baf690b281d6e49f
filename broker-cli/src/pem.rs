//! Extracts the blocks of PEM files (RFC 7468 3). What surrounds them stays here: it can have any encoding, and a broker takes
//! PEM as UTF-8 text.

use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a block holds, by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// A certificate (RFC 7468 5), also with OpenSSL's trust settings.
    Certificate,
    /// A certification request (RFC 7468 7).
    Request,
    /// A private key (RFC 7468 10 and 11, and OpenSSL's labels for PKCS#1, SEC1 and others).
    PrivateKey,
    /// Anything else.
    Other,
}

impl BlockKind {
    /// Returns the kind of a label.
    pub(crate) fn of(label: &str) -> Self {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::Request,
            label if label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY") => Self::PrivateKey,
            _ => Self::Other,
        }
    }

    /// Returns the kind in words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Request => "certification request",
            Self::PrivateKey => "private key",
            Self::Other => "block",
        }
    }
}

/// A block as it is in the file: from `-----BEGIN` to the dashes after `END`, or to the next `BEGIN` or the end of the file
/// where there is no `END`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawBlock<'a>(&'a [u8]);

impl<'a> RawBlock<'a> {
    /// Returns the bytes.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the label between `BEGIN` and the dashes; the empty one where the line has no dashes.
    pub(crate) fn label(self) -> String {
        let line = self.0.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let label = line.trim_ascii().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES));
        String::from_utf8_lossy(label.unwrap_or_default().trim_ascii()).into_owned()
    }
}

/// Returns the blocks of a file in order.
pub(crate) fn raw_blocks(file: &[u8]) -> Vec<RawBlock<'_>> {
    let mut found = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let start = line_start(rest);
        if start.starts_with(BEGIN) {
            let (block, after) = start.split_at(end(start));
            found.push(RawBlock(block));
            rest = after;
        } else {
            rest = next_line(start);
        }
    }
    found
}

/// Returns the blocks of a file as text: all of them, or those of one kind. Whether they are well formed is for the broker to
/// say: characters that PEM cannot have are replaced by question marks. Returns `None` where the file has no block of any kind.
pub(crate) fn blocks(file: &[u8], kind: Option<BlockKind>) -> Option<Zeroizing<String>> {
    let mut blocks = raw_blocks(file);
    if blocks.is_empty() {
        return None;
    }
    blocks.retain(|block| kind.is_none_or(|kind| BlockKind::of(&block.label()) == kind));
    // A secret is never moved by a growing buffer: each byte becomes one, and each block gets a line end.
    let length = blocks.iter().map(|block| block.0.len() + 1).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for RawBlock(block) in blocks {
        text.extend(block.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }));
        text.push('\n');
    }
    Some(text)
}

/// Returns the line without the blanks and byte order marks at its start.
fn line_start(mut line: &[u8]) -> &[u8] {
    loop {
        line = match line {
            [b' ' | b'\t' | 0x0b | 0x0c, after @ ..] => after,
            _ => match line.strip_prefix(BYTE_ORDER_MARK) {
                Some(after) => after,
                None => return line,
            },
        }
    }
}

fn next_line(text: &[u8]) -> &[u8] {
    let line = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    line.and_then(|line| text.get(line + 1..)).unwrap_or_default()
}

/// Returns the length of the block at the start of `text`.
fn end(text: &[u8]) -> usize {
    let mut rest = next_line(text);
    while !rest.is_empty() {
        let line = line_start(rest);
        let place = text.len() - line.len();
        if line.starts_with(BEGIN) {
            return place;
        }
        if let Some(label) = line.strip_prefix(END) {
            let line = label.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
            let dashes = line.windows(DASHES.len()).position(|part| part == DASHES);
            return place + END.len() + dashes.map_or(line.len(), |dashes| dashes + DASHES.len());
        }
        rest = next_line(line);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn extracts_blocks_and_nothing_else() {
        let block = "-----BEGIN A-----\nAAAA\n-----END A-----";
        for (before, after) in [
            (&b""[..], &b""[..]),
            (BYTE_ORDER_MARK, b"\r\n"),
            (b"# M\xfcnchen\n", b"\n\xff\xfe"),
            (b"subject=CN=x\r\n \t", b" text"),
            (b"see -----BEGIN B-----\n", b"\n"),
        ] {
            let file = [before, block.as_bytes(), after].concat();
            assert_eq!(*blocks(&file, None).unwrap(), format!("{block}\n"), "{before:?}");
            let twice = [&file[..], b"\n", &file].concat();
            assert_eq!(*blocks(&twice, None).unwrap(), format!("{block}\n{block}\n"));
        }
        assert_eq!(*blocks(b"-----BEGIN A-----\nA\xffA", None).unwrap(), "-----BEGIN A-----\nA?A\n");
        assert_eq!(blocks(b"0\x82\x01\n", None), None);
        assert_eq!(blocks(b"", None), None);
    }

    #[test]
    fn only_the_blocks_of_a_kind_are_taken() {
        let file = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n\
                     -----BEGIN CERTIFICATE REQUEST-----\nBBBB\n-----END CERTIFICATE REQUEST-----\n\
                     -----BEGIN CERTIFICATE REQUEST-----\nno end\n-----BEGIN EC PRIVATE KEY-----\nCCCC\n";
        let request = blocks(file, Some(BlockKind::Request)).unwrap();
        assert_eq!(
            *request,
            "-----BEGIN CERTIFICATE REQUEST-----\nBBBB\n-----END CERTIFICATE REQUEST-----\n\
             -----BEGIN CERTIFICATE REQUEST-----\nno end\n\n"
        );
        assert_eq!(*blocks(file, Some(BlockKind::Certificate)).unwrap(), "");
    }

    /// Blocks without a line between them.
    #[test]
    fn the_buffer_of_a_key_does_not_grow() {
        let file = b"-----BEGIN A-----\n-----END A-----".repeat(9);
        let text = blocks(&file, None).unwrap();
        assert_eq!((text.len(), text.capacity()), (file.len() + 9, file.len() + 9));
    }
}
