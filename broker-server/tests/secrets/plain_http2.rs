//! A client that writes its header fields as they are (RFC 7541 5.2 leaves it the choice) and wants them remembered, as
//! some gRPC libraries do.

use broker_proto::v1::{PipelineRequest, pipeline_request::Operation};
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
        pipeline::hash,
    },
};

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A message with its prefix.
fn message(bytes: &[u8]) -> Vec<u8> {
    [&[0], &(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
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

/// Reads frames until one of `stream` ends it, or has data where `data` is enough.
async fn answer(socket: &mut UnixStream, stream: u32, data: bool) {
    loop {
        let mut header = [0; 9];
        socket.read_exact(&mut header).await.unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        socket.read_exact(&mut vec![0; length as usize]).await.unwrap();
        let same = header[5..] == stream.to_be_bytes();
        // RST_STREAM, or END_STREAM on HEADERS, or DATA.
        if same && (header[3] == 3 || header[3] == 1 && header[4] & 1 != 0 || data && header[3] == 0) {
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
        let message = message(&request);
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
            answer(&mut socket, 3, false).await;
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
    answer(&mut socket, 1, false).await;
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

/// What a newer client sends may have a secret in it: of a method, a field or an operation that this broker does not know.
#[tokio::test]
async fn what_is_not_known_leaves_no_copy() {
    let broker = Broker::start(&["--dev"]);
    let (mut leaks, mut sockets) = (Leaks::default(), Vec::new());
    let item = |operation| PipelineRequest { sequence: 1, timeout: None, operation: Some(operation) };
    let hashed = item(hash("Default", b"x")).encode_to_vec();
    for (place, what) in (500..).zip(["method", "stream", "field", "operation", "second operation"]) {
        let key = secret(place, 200);
        leaks.bytes(what, &key);
        let encrypt = |key| encrypt_request("Default", key, &[9; 12], None, b"text");
        // A length-delimited field of a number that there is not.
        let mut unknown = vec![0xba, 0x3e];
        prost::encoding::encode_varint(key.len() as u64, &mut unknown);
        unknown.extend(&key);
        let (path, request, flags) = match what {
            "method" => ("/cryptobroker.v1.CryptoService/WrapKey", encrypt(&key).encode_to_vec(), 1),
            "stream" => ("/cryptobroker.v1.StreamService/WrapStream", encrypt(&key).encode_to_vec(), 0),
            "field" => (PIPELINE, [&hashed[..], &unknown].concat(), 0),
            "operation" => (PIPELINE, [&hashed[..2], &unknown].concat(), 0),
            _ => {
                let first = item(Operation::EncryptData(encrypt(&key))).encode_to_vec();
                (PIPELINE, [&first[..], &hashed].concat(), 0)
            }
        };
        let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
        let head = frame(1, 4, 1, &block(path));
        let data = frame(0, flags, 1, &message(&request));
        let bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[]), &head, &data].concat();
        socket.write_all(&bytes).await.unwrap();
        answer(&mut socket, 1, true).await;
        sockets.push(socket);
    }
    leaks.assert_gone(&broker, "FIPS-140-3-128bit");
}

const PIPELINE: &str = "/cryptobroker.v1.PipelineService/Execute";
