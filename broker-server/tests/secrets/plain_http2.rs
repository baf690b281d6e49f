//! A client that writes its header fields as they are (RFC 7541 5.2 leaves it the choice) and wants them remembered, as
//! some gRPC libraries do.

use prost::Message as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use crate::{
    Leaks, secret,
    support::{
        Broker,
        aead::{encrypt_request, profiles, shapes},
    },
};

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header block, each field a literal that is to be remembered (RFC 7541 6.2.1).
fn block(path: &str) -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    fields.iter().flat_map(|(name, value)| [vec![0x40], text(name), text(value)].concat()).collect()
}

/// Reads frames until one of `stream` ends it.
async fn end_of(socket: &mut UnixStream, stream: u32) {
    loop {
        let mut header = [0; 9];
        socket.read_exact(&mut header).await.unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        socket.read_exact(&mut vec![0; length as usize]).await.unwrap();
        let same = header[5..] == stream.to_be_bytes();
        // RST_STREAM, or END_STREAM on HEADERS.
        if same && (header[3] == 3 || header[3] == 1 && header[4] & 1 != 0) {
            return;
        }
    }
}

#[tokio::test]
async fn remembered_header_fields_keep_no_secret_alive() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let (mut leaks, mut sockets) = (Leaks::default(), Vec::new());
    let (key, profile) = (secret(70, 32), shapes().remove(14).profile());
    leaks.bytes("the key", &key);
    for (length, whole) in [(100, true), (3000, true), (10_000, true), (3000, false)] {
        let text = secret(71 + length as u64, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        let request = encrypt_request(&profile, &key, &[9; 12], None, &text).encode_to_vec();
        let message = [&[0], &(request.len() as u32).to_be_bytes()[..], &request].concat();
        let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
        let mut bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat();
        for stream in [1, 3] {
            bytes.extend(frame(1, 4, stream, &block("/cryptobroker.v1.CryptoService/EncryptData")));
            if whole {
                bytes.extend(frame(0, 1, stream, &message));
            } else {
                // Half a request, and the client gives it up.
                bytes.extend(frame(0, 0, stream, &message[..message.len() - 10]));
                bytes.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
            }
        }
        // All at once: the fields and the secret are read together.
        socket.write_all(&bytes).await.unwrap();
        if whole {
            end_of(&mut socket, 3).await;
        }
        sockets.push(socket);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

#[tokio::test]
async fn what_comes_after_a_refusal_leaves_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut leaks = Leaks::default();
    let text = secret(80, 10_000);
    leaks.bytes("the text", &text);
    let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
    let mut bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat();
    bytes.extend(frame(1, 4, 1, &block("/cryptobroker.v1.CryptoService/EncryptData")));
    // More than a message may have: the broker refuses it at once.
    bytes.extend(frame(0, 0, 1, &[0, 0, 0x30, 0, 0, 0x1a]));
    socket.write_all(&bytes).await.unwrap();
    end_of(&mut socket, 1).await;
    // The client has not noticed. Its ping is answered when all before it has been read.
    let rest = [frame(0, 0, 1, &text), frame(6, 0, 0, &[5; 8])].concat();
    socket.write_all(&rest).await.unwrap();
    loop {
        let mut header = [0; 9];
        socket.read_exact(&mut header).await.unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        socket.read_exact(&mut vec![0; length as usize]).await.unwrap();
        if header[3] == 6 {
            break;
        }
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}
