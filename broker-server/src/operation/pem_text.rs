//! Keys as text (RFC 7468), written so that a private key leaves no copy behind.

use base64ct::{Base64, Encoding as _};

/// Bytes in a line of 64 characters.
const LINE: usize = 48;

/// One block with lines of 64 characters that end with LF. It is written into one buffer that never grows.
pub(super) fn pem_text(label: &str, der: &[u8]) -> Vec<u8> {
    let (begin, end) = (format!("-----BEGIN {label}-----\n"), format!("-----END {label}-----\n"));
    let lines = der.len().div_ceil(LINE);
    let mut text = Vec::with_capacity(begin.len() + der.len().div_ceil(3) * 4 + lines + end.len());
    text.extend(begin.bytes());
    for line in der.chunks(LINE) {
        let start = text.len();
        text.resize(start + line.len().div_ceil(3) * 4, 0);
        if let Some(place) = text.get_mut(start..) {
            // The place is as long as the text, so it cannot fail.
            let _ = Base64::encode(line, place);
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
    fn every_length_is_what_another_implementation_writes() {
        for length in 0..200 {
            let der: Vec<u8> = (0..length).collect();
            let text = pem_text("PRIVATE KEY", &der);
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            let wanted = pem::encode_config(&pem::Pem::new("PRIVATE KEY", der), config);
            assert_eq!(String::from_utf8(text.clone()).unwrap(), wanted);
            assert_eq!(text.len(), text.capacity());
        }
    }
}
