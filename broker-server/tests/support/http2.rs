//! HTTP/2 by hand: what a client of a library would never send.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const HASH_DATA: &str = "/cryptobroker.v1.CryptoService/HashData";

/// The largest payload of a frame (RFC 9113 6.5.2).
const FRAME: usize = 16_384;

/// Types and flags of frames (RFC 9113 6).
pub const HEADERS: u8 = 1;
pub const SETTINGS: u8 = 4;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;
pub const END_HEADERS: u8 = 4;

/// Errors (RFC 9113 7).
pub const NO_ERROR: u32 = 0;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame (RFC 9113 4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The preface and empty SETTINGS.
pub fn hello() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// A string as it is (RFC 7541 5.2), or with `coded` one whose octets are in Huffman's code.
pub fn string(octets: &[u8], coded: bool) -> Vec<u8> {
    let flag = if coded { 0x80 } else { 0 };
    let mut string = Vec::new();
    if octets.len() < 127 {
        string.push(flag | octets.len() as u8);
    } else {
        string.push(flag | 127);
        let mut rest = octets.len() - 127;
        while rest > 127 {
            string.push(rest as u8 & 127 | 128);
            rest >>= 7;
        }
        string.push(rest as u8);
    }
    string.extend(octets);
    string
}

/// A field that no table remembers (RFC 7541 6.2.2).
pub fn literal(name: &str, value: &[u8]) -> Vec<u8> {
    [vec![0], string(name.as_bytes(), false), string(value, false)].concat()
}

/// The fields of a call, in literals.
pub fn call_fields(path: &str, authority: &str) -> Vec<u8> {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .iter()
    .flat_map(|(name, value)| literal(name, value.as_bytes()))
    .collect()
}

/// A header block as HEADERS and as many CONTINUATIONs as it takes.
pub fn header_block(stream: u32, block: &[u8]) -> Vec<u8> {
    let count = block.chunks(FRAME).count();
    let frames = block.chunks(FRAME).enumerate().map(|(index, part)| {
        let kind = if index == 0 { HEADERS } else { CONTINUATION };
        frame(kind, if index + 1 == count { END_HEADERS } else { 0 }, stream, part)
    });
    frames.collect::<Vec<_>>().concat()
}

/// The header of a call.
pub fn call_header(stream: u32, path: &str) -> Vec<u8> {
    header_block(stream, &call_fields(path, "localhost"))
}

/// A whole call of HashData, of nothing by the profile Default.
pub fn hash_call(stream: u32, authority: &str) -> Vec<u8> {
    let header = header_block(stream, &call_fields(HASH_DATA, authority));
    [header, frame(0, 1, stream, b"\0\0\0\0\x09\x0a\x07Default")].concat()
}

/// SHA3-512 of nothing, as that call's answer begins to say it.
pub const HASH: &[u8] = b"a69f73cc";

pub fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    // A server that says nothing fails the test and does not hold it up.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends as much as the server takes: it may end the connection in the middle.
pub fn send_what_goes(stream: &mut UnixStream, bytes: &[u8]) {
    let _cut_off = stream.write_all(bytes);
}

/// Reads until these bytes have come.
pub fn read_until(stream: &mut UnixStream, wanted: &[u8]) -> Vec<u8> {
    let mut seen: Vec<u8> = Vec::new();
    while !seen.windows(wanted.len()).any(|window| window == wanted) {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the server has closed: {}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..length]);
    }
    seen
}

/// All that the server sends until it closes, also where it closes before it has read everything (ECONNRESET).
pub fn read_to_end(stream: &mut UnixStream) -> Vec<u8> {
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return seen,
            Ok(length) => seen.extend(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return seen,
            Err(error) => panic!("the server does not close: {error}"),
        }
    }
}

/// The last stream and the error of the last GOAWAY before the server closes.
pub fn goaway(stream: &mut UnixStream) -> Option<(u32, u32)> {
    let seen = read_to_end(stream);
    let (mut rest, mut found) = (&seen[..], None);
    while let Some((header, behind)) = rest.split_at_checked(9) {
        let length = usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2]);
        let (payload, behind) = behind.split_at(length);
        if header[3] == GOAWAY {
            let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
            found = Some((number(0), number(4)));
        }
        rest = behind;
    }
    assert!(rest.is_empty(), "half a frame: {rest:x?}");
    found
}
