//! HTTP/2 by hand, for what no client library would send. The wire values are written out here and not taken from the
//! server, so that an error there is noticed.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// The connection preface (RFC 9113 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The length of a frame header (RFC 9113 4.1).
pub const FRAME_HEADER_LENGTH: usize = 9;
/// The largest payload of a frame (RFC 9113 6.5.2).
const MAX_PAYLOAD: usize = 16_384;

// Frame types (RFC 9113 6).
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;

// Flags (RFC 9113 6.1, 6.2).
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 6.5.2).
const INITIAL_WINDOW_SIZE: u16 = 4;

// Error codes (RFC 9113 7).
pub const NO_ERROR: u32 = 0;
pub const CANCEL: u32 = 8;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// The path of the method HashData.
pub const HASH_DATA: &str = "/cryptobroker.v1.CryptoService/HashData";
/// A message for HashData with its prefix: an empty input and the profile Default.
pub const HASH_REQUEST: &[u8] = b"\0\0\0\0\x09\x0a\x07Default";
/// The beginning of the hash in the response to [`HASH_REQUEST`]: SHA3-512 of the empty input, in hexadecimal.
pub const HASH: &[u8] = b"a69f73cc";

/// The fields of a frame header that tests look at (RFC 9113 4.1).
pub struct FrameHeader {
    pub length: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

impl FrameHeader {
    pub fn decode(bytes: [u8; FRAME_HEADER_LENGTH]) -> Self {
        let [high, middle, low, kind, flags, stream @ ..] = bytes;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        Self { length, kind, flags, stream: u32::from_be_bytes(stream) }
    }
}

/// Returns a frame (RFC 9113 4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Returns what a client sends first: the preface and empty SETTINGS.
pub fn opening() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// Returns SETTINGS that let the server send this many bytes of data on a stream.
pub fn initial_window(bytes: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &bytes.to_be_bytes()].concat())
}

/// Returns an encoded string (RFC 7541 5.2). With `huffman`, the octets are Huffman-coded already.
pub fn string(octets: &[u8], huffman: bool) -> Vec<u8> {
    let flag = if huffman { 0x80 } else { 0 };
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

/// Returns a literal field without indexing (RFC 7541 6.2.2).
pub fn literal(name: &str, value: &[u8]) -> Vec<u8> {
    [vec![0], string(name.as_bytes(), false), string(value, false)].concat()
}

/// Returns a literal field with incremental indexing (RFC 7541 6.2.1).
pub fn indexed_literal(name: &str, value: &[u8]) -> Vec<u8> {
    [vec![0x40], string(name.as_bytes(), false), string(value, false)].concat()
}

/// Returns the header block of a call, in literals without indexing.
pub fn call_fields(path: &str, authority: &str) -> Vec<u8> {
    encode_call(path, authority, literal)
}

/// Returns the header block of a call, in literals with incremental indexing.
pub fn indexed_call_fields(path: &str, authority: &str) -> Vec<u8> {
    encode_call(path, authority, indexed_literal)
}

fn encode_call(path: &str, authority: &str, encode: impl Fn(&str, &[u8]) -> Vec<u8>) -> Vec<u8> {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .iter()
    .flat_map(|(name, value)| encode(name, value.as_bytes()))
    .collect()
}

/// Returns a header block as HEADERS and as many CONTINUATION frames as it needs.
pub fn header_block(stream: u32, block: &[u8]) -> Vec<u8> {
    let count = block.chunks(MAX_PAYLOAD).count();
    let frames = block.chunks(MAX_PAYLOAD).enumerate().map(|(index, part)| {
        let kind = if index == 0 { HEADERS } else { CONTINUATION };
        frame(kind, if index + 1 == count { END_HEADERS } else { 0 }, stream, part)
    });
    frames.collect::<Vec<_>>().concat()
}

/// Returns the header of a call.
pub fn call_header(stream: u32, path: &str) -> Vec<u8> {
    header_block(stream, &call_fields(path, "localhost"))
}

/// Returns a complete call of HashData, with [`HASH_REQUEST`].
pub fn hash_call(stream: u32, authority: &str) -> Vec<u8> {
    let header = header_block(stream, &call_fields(HASH_DATA, authority));
    [header, frame(DATA, END_STREAM, stream, HASH_REQUEST)].concat()
}

pub fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    // A server that sends nothing fails the test instead of blocking it.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends bytes to a server that may close the connection before it has received all of them.
pub fn send_until_closed(stream: &mut UnixStream, bytes: &[u8]) {
    let _sent_or_closed = stream.write_all(bytes);
}

/// Reads until these bytes have been received, and returns everything received.
pub fn read_until(stream: &mut UnixStream, expected: &[u8]) -> Vec<u8> {
    let mut received: Vec<u8> = Vec::new();
    while !received.windows(expected.len()).any(|window| window == expected) {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the server closed the connection: {}", String::from_utf8_lossy(&received));
        received.extend(&buffer[..length]);
    }
    received
}

/// Reads until the server closes the connection, with ECONNRESET if it has not received everything.
pub fn read_to_end(stream: &mut UnixStream) -> Vec<u8> {
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return received,
            Ok(length) => received.extend(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return received,
            Err(error) => panic!("the server does not close the connection: {error}"),
        }
    }
}

/// Returns the last stream and the error code of the last GOAWAY before the server closes the connection.
pub fn goaway(stream: &mut UnixStream) -> Option<(u32, u32)> {
    let received = read_to_end(stream);
    let (mut rest, mut last) = (&received[..], None);
    while let Some((header, following)) = rest.split_first_chunk() {
        let FrameHeader { length, kind, .. } = FrameHeader::decode(*header);
        let (payload, following) = following.split_at(length);
        if kind == GOAWAY {
            let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
            last = Some((number(0), number(4)));
        }
        rest = following;
    }
    assert!(rest.is_empty(), "an incomplete frame: {rest:x?}");
    last
}
