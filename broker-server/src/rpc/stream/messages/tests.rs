#![allow(clippy::unwrap_used)]

use broker_proto::{
    put_prefix,
    v1::{
        HashOutputFormat, HashStreamHeader, HashStreamRequest, Metadata, VerifyStreamHeader,
        VerifyStreamRequest, hash_stream_request::Part as Sent, verify_stream_request,
    },
};
use bytes::Bytes;
use http_body::Frame;
use proptest::prelude::*;
use prost::Message as _;
use tonic::Status;

use super::*;

const LIMIT: usize = 2000;

/// A body that consists of these frames.
struct Frames(std::vec::IntoIter<Bytes>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Status>>> {
        std::task::Poll::Ready(self.0.next().map(|data| Ok(Frame::data(data))))
    }
}

#[derive(Debug, Default, PartialEq)]
struct Read {
    /// Headers (`Ok`), and all data between them (`Err`).
    parts: Vec<Result<HashStreamHeader, Vec<u8>>>,
    /// Messages with nothing in them.
    empty: usize,
    /// The reason of the error that ended reading.
    end: Option<&'static str>,
}

impl Read {
    fn add(&mut self, part: Part<HashStreamHeader>) {
        match (part, self.parts.last_mut()) {
            (Part::Empty, _) => self.empty += 1,
            (Part::Header(header), _) => self.parts.push(Ok(header)),
            (Part::Data(data), Some(Err(before))) => before.extend_from_slice(&data),
            (Part::Data(data), _) => self.parts.push(Err(data.to_vec())),
        }
    }
}

fn read(bytes: &[u8], cuts: &[usize]) -> Read {
    let mut frames = Vec::new();
    let mut rest = Bytes::copy_from_slice(bytes);
    for cut in cuts.iter().cycle() {
        frames.push(rest.split_to(rest.len().min(*cut)));
        if rest.is_empty() {
            break;
        }
    }
    let mut messages =
        Messages::<HashStreamRequest>::new(Body::new(Frames(frames.into_iter())), LIMIT, Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut read = Read::default();
    runtime.block_on(async {
        loop {
            match messages.next().await {
                Ok(Some(part)) => read.add(part),
                Ok(None) => return,
                Err(error) => return read.end = Some(error.reason()),
            }
        }
    });
    read
}

/// What prost alone decodes.
fn expected(messages: &[Vec<u8>]) -> Read {
    let mut read = Read::default();
    for message in messages {
        match HashStreamRequest::decode(&message[..]) {
            Ok(message) => read.add(message.part()),
            Err(_) => {
                read.end = Some("MALFORMED_MESSAGE");
                break;
            }
        }
    }
    read
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        put_prefix(&mut bytes, message.len());
        bytes.extend(message);
    }
    bytes
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let encoded = |part| HashStreamRequest { part: Some(part) }.encode_to_vec();
    let data = prop_oneof![0_usize..4, 120..132_usize, 0..1500_usize]
        .prop_flat_map(|length| prop::collection::vec(any::<u8>(), length))
        .prop_map(move |data| encoded(Sent::Data(data.into())));
    let header = ("[a-z]{0,200}", 0_i32..4, any::<bool>()).prop_map(move |(profile, format, metadata)| {
        let metadata = metadata.then(Metadata::default);
        encoded(Sent::Header(HashStreamHeader { profile, metadata, output_format: format }))
    });
    // Overlong varints, unknown fields, repeated fields, other wire types, wrong lengths.
    let odd = prop::sample::select(vec![
        &b""[..],
        b"\x12",
        b"\x12\x00",
        b"\x12\x80\x00",
        b"\x12\x81\x80\x00x",
        b"\x12\x83\x80\x80\x00abc",
        b"\x12\x83\x80\x80\x80\x00abc",
        b"\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x92\x00\x01x",
        b"\x12\x02abc",
        b"\x12\x04abc",
        b"\x12\x03abc\x12\x02de",
        b"\x12\x03abc\x1a\x01x",
        b"\x1a\x01x\x12\x03abc",
        b"\x12\x03abc\x0a\x00",
        b"\x10\x01",
        b"\x13\x14",
        b"\x00\x00",
    ])
    .prop_map(<[u8]>::to_vec);
    let noise = prop::collection::vec(prop_oneof![any::<u8>(), Just(0x12), 0_u8..8], 0..12);
    prop_oneof![4 => data, 2 => header, 2 => odd, 1 => noise]
}

proptest! {
    // Many of the odd messages end a stream; the second property rejects those.
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 16, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn returns_what_prost_decodes(
        messages in prop::collection::vec(message(), 0..8),
        cuts in prop::collection::vec(1_usize..300, 1..5),
    ) {
        prop_assert_eq!(read(&framed(&messages), &cuts), expected(&messages));
    }

    #[test]
    fn rejects_truncated_message(
        messages in prop::collection::vec(message(), 1..4),
        cuts in prop::collection::vec(1_usize..300, 1..5),
        missing in 1_usize..5,
    ) {
        prop_assume!(expected(&messages).end.is_none());
        let mut bytes = framed(&messages);
        bytes.truncate(bytes.len() - missing);
        prop_assert_eq!(read(&bytes, &cuts).end, Some("MALFORMED_MESSAGE"));
    }
}

#[test]
fn rejects_too_large_message_before_it_arrives() {
    let largest = HashStreamRequest { part: Some(Sent::Data(vec![7; LIMIT - 3].into())) }.encode_to_vec();
    assert_eq!(largest.len(), LIMIT);
    assert_eq!(read(&framed(&[largest]), &[100]).parts, [Err(vec![7; LIMIT - 3])]);
    let length = u32::try_from(LIMIT + 1).unwrap().to_be_bytes();
    let reason = |flag: u8| read(&[&[flag][..], &length].concat(), &[1]).end;
    assert_eq!(reason(0), Some("MESSAGE_TOO_LARGE"));
    assert_eq!(reason(1), Some("MALFORMED_MESSAGE"));
}

#[test]
fn returns_header_with_its_output_format() {
    let header = HashStreamHeader { output_format: HashOutputFormat::Raw.into(), ..Default::default() };
    let message = HashStreamRequest { part: Some(Sent::Header(header.clone())) }.encode_to_vec();
    assert_eq!(read(&framed(&[message]), &[1]).parts, [Ok(header)]);
}

#[tokio::test]
async fn header_does_not_pin_received_chunk() {
    let header = VerifyStreamHeader { signature: vec![7; 64].into(), ..Default::default() };
    let message = VerifyStreamRequest { part: Some(verify_stream_request::Part::Header(header)) };
    let frame = Bytes::from(framed(&[message.encode_to_vec()]));
    let body = Body::new(Frames(vec![frame.clone()].into_iter()));
    let mut messages = Messages::<VerifyStreamRequest>::new(body, LIMIT, Limits::default());
    let Some(Part::Header(header)) = messages.next().await.unwrap() else { unreachable!("a header") };
    assert_eq!(header.signature, [7; 64][..]);
    assert!(frame.is_unique());
}
