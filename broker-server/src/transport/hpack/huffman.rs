//! The Huffman code of RFC 7541, appendix B. It is canonical: the codes of one length are consecutive in the order of
//! their symbols, so the lengths define the code.

/// The number of symbols: one for each byte, and EOS.
const SYMBOLS: usize = 257;
/// The length of the longest code, in bits.
const MAX_LENGTH: usize = 30;

/// The length of each symbol's code, in bits.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
    28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
    23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19,
    22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
    27, 27, 27, 26, 30,
];

/// The codes of one length.
#[derive(Clone, Copy)]
struct CodesOfLength {
    /// The first code.
    first: u32,
    /// The number of codes.
    count: u32,
    /// The index of the first code's symbol in [`CanonicalCode::symbols`].
    start: u32,
}

struct CanonicalCode {
    /// The codes by their length in bits.
    by_length: [CodesOfLength; MAX_LENGTH + 1],
    symbols: [u16; SYMBOLS],
}

static CODE: CanonicalCode = canonical_code();

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn canonical_code() -> CanonicalCode {
    let mut canonical = CanonicalCode {
        by_length: [CodesOfLength { first: 0, count: 0, start: 0 }; MAX_LENGTH + 1],
        symbols: [0; SYMBOLS],
    };
    let (mut length, mut code, mut symbol_count) = (1, 0, 0);
    while length <= MAX_LENGTH {
        code <<= 1;
        let (first, start) = (code, symbol_count as u32);
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                canonical.symbols[symbol_count] = symbol as u16;
                symbol_count += 1;
                code += 1;
            }
            symbol += 1;
        }
        canonical.by_length[length] = CodesOfLength { first, count: code - first, start };
        length += 1;
    }
    canonical
}

/// Decodes a string. Returns `None` for what RFC 7541 5.2 forbids: a truncated code, padding of more than seven bits or
/// not of the first bits of EOS, and EOS itself.
pub(super) fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(encoded.len());
    let (mut code, mut length) = (0, 0);
    for bit in encoded.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        let codes = CODE.by_length.get(length)?;
        let index = code.wrapping_sub(codes.first);
        if index < codes.count {
            let symbol = CODE.symbols.get((codes.start + index) as usize)?;
            text.push(u8::try_from(*symbol).ok()?);
            (code, length) = (0, 0);
        }
    }
    (length < 8 && code == (1 << length) - 1).then_some(text)
}
