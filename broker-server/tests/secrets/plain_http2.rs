//! A client whose header fields are plain literals with indexing, as some gRPC libraries send them (RFC 7541 5.2, 6.2.1).

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
        http2::{
            CANCEL, DATA, END_STREAM, FRAME_HEADER_LENGTH, FrameHeader, HEADERS, PING, RST_STREAM, frame,
            header_block, indexed_call_fields, opening,
        },
        pipeline::hash,
    },
};

/// Returns a message with its prefix.
fn message(bytes: &[u8]) -> Vec<u8> {
    [&[0], &(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// Returns the header of a call, each field a literal with indexing.
fn header(stream: u32, path: &str) -> Vec<u8> {
    header_block(stream, &indexed_call_fields(path, "localhost"))
}

/// Reads a frame, and returns its header.
async fn read_frame(socket: &mut UnixStream) -> FrameHeader {
    let mut header = [0; FRAME_HEADER_LENGTH];
    socket.read_exact(&mut header).await.unwrap();
    let header = FrameHeader::decode(header);
    socket.read_exact(&mut vec![0; header.length]).await.unwrap();
    header
}

/// Reads frames until one ends `stream`, or until one has data of it if `data` is enough.
async fn read_response(socket: &mut UnixStream, stream: u32, data: bool) {
    loop {
        let header = read_frame(socket).await;
        let ends = match header.kind {
            RST_STREAM => true,
            HEADERS => header.flags & END_STREAM != 0,
            DATA => data,
            _ => false,
        };
        if header.stream == stream && ends {
            return;
        }
    }
}

#[tokio::test]
async fn indexed_header_fields_keep_no_secret_alive() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let (mut leaks, mut sockets) = (Leaks::default(), Vec::new());
    let (key, profile) = (secret(70, 32), shapes().remove(14).profile());
    leaks.bytes("the key", &key);
    for (length, complete) in [(100, true), (3000, true), (10_000, true), (3000, false)] {
        let text = secret(71 + length as u64, length);
        leaks.bytes(&format!("{length} bytes"), &text);
        let request = encrypt_request(&profile, &key, &[9; 12], None, &text).encode_to_vec();
        let message = message(&request);
        let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
        let mut bytes = opening();
        for stream in [1, 3] {
            bytes.extend(header(stream, ENCRYPT_DATA));
            if complete {
                bytes.extend(frame(DATA, END_STREAM, stream, &message));
            } else {
                // The request is incomplete when the client cancels it.
                bytes.extend(frame(DATA, 0, stream, &message[..message.len() - 10]));
                bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
            }
        }
        // One write, so that the fields and the secret are read together.
        socket.write_all(&bytes).await.unwrap();
        if complete {
            read_response(&mut socket, 3, false).await;
        }
        sockets.push(socket);
    }
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

#[tokio::test]
async fn data_after_refusal_leaves_no_copy() {
    let profiles = profiles();
    let broker = Broker::start(&["--dev", "--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut leaks = Leaks::default();
    let text = secret(80, 10_000);
    leaks.bytes("the text", &text);
    let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
    let mut bytes = opening();
    bytes.extend(header(1, ENCRYPT_DATA));
    // The message announces more than the limit, and is refused at once.
    bytes.extend(frame(DATA, 0, 1, &[0, 0, 0x30, 0, 0, 0x1a]));
    socket.write_all(&bytes).await.unwrap();
    read_response(&mut socket, 1, false).await;
    // The client sends on. Its PING is answered after everything before it has been read.
    let rest = [frame(DATA, 0, 1, &text), frame(PING, 0, 0, &[5; 8])].concat();
    socket.write_all(&rest).await.unwrap();
    while read_frame(&mut socket).await.kind != PING {}
    leaks.assert_gone(&broker, "chacha20-poly1305 256 128 random");
}

/// A newer client may send a secret in a method, a field or an operation that this broker does not know.
#[tokio::test]
async fn unknown_method_field_or_operation_leaves_no_copy() {
    let broker = Broker::start(&["--dev"]);
    let (mut leaks, mut sockets) = (Leaks::default(), Vec::new());
    let item = |operation| PipelineRequest { sequence: 1, timeout: None, operation: Some(operation) };
    let hashed = item(hash("Default", b"x")).encode_to_vec();
    for (seed, case) in (500..).zip(["method", "stream", "field", "operation", "second operation"]) {
        let key = secret(seed, 200);
        leaks.bytes(case, &key);
        let encrypt = |key| encrypt_request("Default", key, &[9; 12], None, b"text");
        // A length-delimited field with an unknown number.
        let mut unknown = vec![0xba, 0x3e];
        prost::encoding::encode_varint(key.len() as u64, &mut unknown);
        unknown.extend(&key);
        let (path, request, flags) = match case {
            "method" => ("/cryptobroker.v1.CryptoService/WrapKey", encrypt(&key).encode_to_vec(), END_STREAM),
            "stream" => ("/cryptobroker.v1.StreamService/WrapStream", encrypt(&key).encode_to_vec(), 0),
            "field" => (PIPELINE, [&hashed[..], &unknown].concat(), 0),
            "operation" => (PIPELINE, [&hashed[..2], &unknown].concat(), 0),
            _ => {
                let first = item(Operation::EncryptData(encrypt(&key))).encode_to_vec();
                (PIPELINE, [&first[..], &hashed].concat(), 0)
            }
        };
        let mut socket = UnixStream::connect(&broker.socket).await.unwrap();
        let data = frame(DATA, flags, 1, &message(&request));
        socket.write_all(&[opening(), header(1, path), data].concat()).await.unwrap();
        read_response(&mut socket, 1, true).await;
        sockets.push(socket);
    }
    leaks.assert_gone(&broker, "FIPS-140-3-128bit");
}

const ENCRYPT_DATA: &str = "/cryptobroker.v1.CryptoService/EncryptData";
const PIPELINE: &str = "/cryptobroker.v1.PipelineService/Execute";
