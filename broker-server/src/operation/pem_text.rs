//! Encodes keys as PEM (RFC 7468) without leaving a copy of a private key.

use base64ct::{Base64, Encoding as _};

/// The number of bytes in a line of 64 characters.
const LINE: usize = 48;

/// Returns one block with lines of 64 characters that end with LF. The buffer never grows, which would leave a copy.
pub(super) fn pem_text(label: &str, der: &[u8]) -> Vec<u8> {
    let (begin, end) = (format!("-----BEGIN {label}-----\n"), format!("-----END {label}-----\n"));
    let lines = der.len().div_ceil(LINE);
    let mut text = Vec::with_capacity(begin.len() + der.len().div_ceil(3) * 4 + lines + end.len());
    text.extend(begin.bytes());
    for line in der.chunks(LINE) {
        let start = text.len();
        text.resize(start + line.len().div_ceil(3) * 4, 0);
        if let Some(line_text) = text.get_mut(start..) {
            // The buffer has the length of the encoded line, so this cannot fail.
            let _ = Base64::encode(line, line_text);
        }
        text.push(b'\n');
    }
    text.extend(end.bytes());
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn equals_another_implementation_for_every_length() {
        for length in 0..200 {
            let der: Vec<u8> = (0..length).collect();
            let text = pem_text("PRIVATE KEY", &der);
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            let expected = pem::encode_config(&pem::Pem::new("PRIVATE KEY", der), config);
            assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
            assert_eq!(text.len(), text.capacity());
        }
    }
}
