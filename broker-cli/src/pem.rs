//! Extracts the blocks of PEM files (RFC 7468 3). What surrounds them stays here: it can have any encoding, and a broker takes
//! PEM as UTF-8 text.

use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the blocks of a file as text, or `None` if it has none. Whether they are well formed is for the broker to say:
/// characters that PEM cannot have are replaced by question marks.
pub(crate) fn blocks(file: &[u8]) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(file.len() + 1));
    let mut rest = file;
    while !rest.is_empty() {
        let start = line_start(rest);
        if start.starts_with(BEGIN) {
            let (block, after) = start.split_at(end(start));
            text.extend(block.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }));
            text.push('\n');
            rest = after;
        } else {
            let line = start.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            rest = line.and_then(|line| start.get(line + 1..)).unwrap_or_default();
        }
    }
    (!text.is_empty()).then_some(text)
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

/// Returns the length of the block at the start of `text`: up to the dashes after `END`, or all of the text without them.
fn end(text: &[u8]) -> usize {
    let find = |from: usize, what: &[u8]| {
        let rest = text.get(from..)?;
        Some(from + rest.windows(what.len()).position(|part| part == what)? + what.len())
    };
    find(BEGIN.len(), END).and_then(|label| find(label, DASHES)).unwrap_or(text.len())
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
            assert_eq!(*blocks(&file).unwrap(), format!("{block}\n"), "{before:?}");
            let twice = [&file[..], b"\n", &file].concat();
            assert_eq!(*blocks(&twice).unwrap(), format!("{block}\n{block}\n"));
        }
        assert_eq!(*blocks(b"-----BEGIN A-----\nA\xffA").unwrap(), "-----BEGIN A-----\nA?A\n");
        assert_eq!(blocks(b"0\x82\x01\n"), None);
        assert_eq!(blocks(b""), None);
    }
}
