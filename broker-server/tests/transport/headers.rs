//! Header blocks that are slow or large.

use std::{io::Write as _, time::Duration};

use broker_proto::v1::crypto_service_client::CryptoServiceClient;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{
    Server, assert_serves, request, runtime,
    support::http2::{
        self, DATA, END_STREAM, ENHANCE_YOUR_CALM, FRAME_HEADER_LENGTH, HASH_DATA, HEADERS, connect, frame,
        hash_call, header_block, opening,
    },
};

/// A malformed authority, whose header blocks are rewritten, and a valid one.
const AUTHORITIES: [&str; 2] = ["/tmp/broker.sock", "localhost"];

#[test]
fn slow_header_block_ends_connection() {
    let server = Server::start(|options| options.header_block_timeout = Duration::from_millis(50));
    for authority in AUTHORITIES {
        let incomplete = frame(HEADERS, 0, 3, &[0x83]);
        for block in [&incomplete[..], &incomplete[..FRAME_HEADER_LENGTH]] {
            let mut stream = connect(&server.path);
            stream.write_all(&[&opening(), &hash_call(1, authority)[..], block].concat()).unwrap();
            let error = http2::goaway(&mut stream).map(|(_, error)| error);
            assert_eq!(error, Some(ENHANCE_YOUR_CALM), "{authority}");
        }
    }
}

/// Returns the header of a call with slightly more than `length` bytes of header fields.
fn large_header(stream: u32, authority: &str, length: usize) -> Vec<u8> {
    let large = http2::literal("large", &vec![b'x'; length]);
    header_block(stream, &[http2::call_fields(HASH_DATA, authority), large].concat())
}

#[test]
fn metadata_over_call_limit_costs_only_the_call() {
    let server = Server::start(|_| {});
    for authority in AUTHORITIES {
        let mut stream = connect(&server.path);
        stream.write_all(&opening()).unwrap();
        for (length, id) in [(17 << 10, 1), (40 << 10, 3), (63 << 10, 5)] {
            let call = [large_header(id, authority, length), frame(DATA, END_STREAM, id, &[])].concat();
            stream.write_all(&call).unwrap();
        }
        stream.write_all(&hash_call(7, authority)).unwrap();
        http2::read_until(&mut stream, http2::HASH);
    }
    runtime().block_on(async {
        let channel = server.channel().await;
        for length in [17 << 10, 60 << 10] {
            let mut large = tonic::Request::new(request(Vec::new()));
            large.metadata_mut().insert("large", "x".repeat(length).parse().unwrap());
            let status = CryptoServiceClient::new(channel.clone()).hash_data(large).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{status}");
            assert_eq!(status.get_details_error_info().unwrap().reason, "METADATA_TOO_LARGE");
        }
        let mut allowed = tonic::Request::new(request(Vec::new()));
        allowed.metadata_mut().insert("large", "x".repeat(15 << 10).parse().unwrap());
        CryptoServiceClient::new(channel).hash_data(allowed).await.unwrap();
    });
}

#[test]
fn metadata_over_connection_limit_ends_connection() {
    let server = Server::start(|_| {});
    // The Huffman code of eight `x`, of 7 bits each (RFC 7541, appendix B). The code of 70,000 is shorter than the limit.
    let encoded = [0xf3, 0xe7, 0xcf, 0x9f, 0x3e, 0x7c, 0xf9].repeat(70_000 / 8);
    let encoded = [vec![0], http2::string(b"large", false), http2::string(&encoded, true)].concat();
    for authority in AUTHORITIES {
        let fields = http2::call_fields(HASH_DATA, authority);
        let many = http2::literal("a", b"b").repeat(2000);
        for header in [
            large_header(3, authority, 66 << 10),
            large_header(3, authority, 300 << 10),
            large_header(3, authority, 4 << 20),
            header_block(3, &[&fields[..], &encoded].concat()),
            header_block(3, &[&fields[..], &many].concat()),
        ] {
            for first_call in [vec![], hash_call(1, authority)] {
                let mut stream = connect(&server.path);
                http2::send_until_closed(&mut stream, &[opening(), first_call, header.clone()].concat());
                let error = http2::goaway(&mut stream).map(|(_, error)| error);
                assert_eq!(error, Some(ENHANCE_YOUR_CALM), "{authority} {}", header.len());
            }
        }
    }
    runtime().block_on(async { assert_serves(&server.channel().await).await });
}
