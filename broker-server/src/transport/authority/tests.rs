#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use tokio::io::AsyncReadExt as _;

use super::{
    super::{
        hpack::{Field, write_string},
        http2::{flag, frame, frame_type},
    },
    rewrite::LOCALHOST,
    *,
};

const PATH: &[u8] = b"/tmp/broker.sock";

fn preface() -> Vec<u8> {
    vec![b'P'; PREFACE_LENGTH]
}

/// Returns a literal with incremental indexing, to which later blocks can refer as entry 62.
fn indexed(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut block = vec![0x40];
    write_string(name, &mut block);
    write_string(value, &mut block);
    block
}

/// Short timeouts, because tests wait for them.
const TIMEOUTS: HeaderTimeouts =
    HeaderTimeouts { first_call: Duration::from_millis(40), header_block: Duration::from_millis(20) };

fn layer<S>(stream: S) -> AuthorityIo<S> {
    AuthorityIo::new(stream, TIMEOUTS)
}

/// Returns why the I/O layer ends a connection that sends these bytes.
fn close_reason(sent: &[u8]) -> CloseReason {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { layer(sent).read_to_end(&mut Vec::new()).await }).unwrap_err();
    *error.get_ref().unwrap().downcast_ref().unwrap()
}

/// Returns what the reader receives if the stream arrives in pieces of `length` bytes.
fn received(sent: &[u8], length: usize) -> Vec<u8> {
    let mut pieces = Pieces { bytes: sent, length };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut received = Vec::new();
        layer(&mut pieces).read_to_end(&mut received).await.unwrap();
        received
    })
}

/// A stream that yields at most `length` bytes per read.
struct Pieces<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.length.min(self.bytes.len()).min(buffer.remaining());
        let (part, rest) = self.bytes.split_at(count);
        buffer.put_slice(part);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// Returns the type, the flags and the payload of each frame after the preface.
fn frames(bytes: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let (mut rest, mut frames) = (&bytes[PREFACE_LENGTH..], Vec::new());
    while let Some((header, following)) = rest.split_first_chunk() {
        let FrameHeader { length, kind, flags, .. } = FrameHeader::decode(*header);
        let (payload, following) = following.split_at(length);
        frames.push((kind, flags, payload.to_vec()));
        rest = following;
    }
    assert!(rest.is_empty(), "an incomplete frame: {rest:x?}");
    frames
}

fn fields(payload: &[u8]) -> Vec<Field> {
    Decoder::new().decode(payload, MAX_BLOCK).unwrap()
}

fn field(name: &[u8], value: &[u8]) -> Field {
    (name.to_vec(), value.to_vec())
}

/// Returns two requests. The second refers to the authority in the dynamic table.
fn requests(authority: &[u8]) -> Vec<u8> {
    let mut sent = preface();
    sent.extend(frame(frame_type::SETTINGS, 0, 0, &[0; 6]));
    let first = [&[0x83][..], &indexed(b":authority", authority)].concat();
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS, 1, &first));
    sent.extend(frame(frame_type::DATA, flag::END_STREAM, 1, &[7; 5000]));
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS | flag::END_STREAM, 3, &[0x83, 0xbe]));
    sent
}

#[test]
fn valid_authority_passes_unchanged() {
    for authority in [&b"localhost"[..], b"127.0.0.1:80", b"[::1]", b"a.example"] {
        let sent = requests(authority);
        assert_eq!(received(&sent, 7), sent);
    }
    // A block without an authority passes too. Later blocks are not inspected.
    let mut sent = preface();
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS, 1, &[0x83]));
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS, 3, &[0xff, 0xff, 0xff]));
    assert_eq!(received(&sent, 5), sent);
}

#[test]
fn socket_path_authority_is_rewritten_in_every_block() {
    let received = frames(&received(&requests(PATH), 11));
    let kinds: Vec<_> = received.iter().map(|frame| frame.0).collect();
    assert_eq!(kinds, [frame_type::SETTINGS, frame_type::HEADERS, frame_type::DATA, frame_type::HEADERS]);
    for block in [1, 3] {
        let expected = vec![field(b":method", b"POST"), field(b":authority", LOCALHOST)];
        assert_eq!(fields(&received[block].2), expected);
    }
    assert_eq!((received[1].1, received[3].1), (flag::END_HEADERS, flag::END_HEADERS | flag::END_STREAM));
    assert_eq!(received[2].2, [7; 5000]);
}

#[test]
fn parses_padding_priority_and_continuation() {
    let block = [&[0x83][..], &indexed(b":authority", PATH), &indexed(b"a", &[b'x'; 20_000])].concat();
    let (one, two) = block.split_at(9);
    let mut sent = preface();
    let payload = [&[3][..], &[0; 5], one, &[0; 3]].concat();
    sent.extend(frame(frame_type::HEADERS, flag::PADDED | flag::PRIORITY, 1, &payload));
    let (two, three) = two.split_at(MAX_PAYLOAD);
    sent.extend(frame(frame_type::CONTINUATION, 0, 1, two));
    sent.extend(frame(frame_type::CONTINUATION, flag::END_HEADERS, 1, three));
    let received = frames(&received(&sent, 100));
    assert_eq!(
        received.iter().map(|frame| (frame.0, frame.1)).collect::<Vec<_>>(),
        [(frame_type::HEADERS, 0), (frame_type::CONTINUATION, flag::END_HEADERS)]
    );
    let fragments = [&received[0].2[..], &received[1].2].concat();
    let expected =
        vec![field(b":method", b"POST"), field(b":authority", LOCALHOST), field(b"a", &[b'x'; 20_000])];
    assert_eq!(fields(&fragments), expected);
}

#[test]
fn malformed_frames_are_left_to_h2() {
    let mut sent = preface();
    sent.extend(frame(frame_type::HEADERS, 0, 1, &[0x83]));
    sent.extend(frame(frame_type::PING, 0, 0, &[0; 8]));
    sent.extend(requests(PATH));
    assert_eq!(received(&sent, 13), sent);
    // The others are padding longer than the payload, CONTINUATION of another stream, and a frame above the maximum length.
    let mut sent = preface();
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS | flag::PADDED, 1, &[200, 0x83]));
    assert_eq!(received(&sent, 1000), sent);
    let mut sent = preface();
    sent.extend(frame(frame_type::HEADERS, 0, 1, &[0x83]));
    sent.extend(frame(frame_type::CONTINUATION, flag::END_HEADERS, 3, &[0x83]));
    assert_eq!(received(&sent, 13), sent);
    let mut sent = preface();
    sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS, 1, &[0x83; MAX_PAYLOAD + 1]));
    assert_eq!(received(&sent, 1000), sent);
}

#[test]
fn undecodable_block_ends_connection() {
    let block = frame(frame_type::HEADERS, flag::END_HEADERS, 5, &[0xff, 0xff, 0xff]);
    assert_eq!(close_reason(&[preface(), block.clone()].concat()), CloseReason::CompressionError);
    assert_eq!(close_reason(&[requests(PATH), block].concat()), CloseReason::CompressionError);
}

#[test]
fn table_size_update_above_setting_ends_connection() {
    // 2^28 - 1.
    let update = [0x3f, 0xe0, 0xff, 0xff, 0x7f, 0x83];
    for before in [preface(), requests(PATH)] {
        let block = frame(frame_type::HEADERS, flag::END_HEADERS, 5, &update);
        assert_eq!(close_reason(&[before, block].concat()), CloseReason::CompressionError);
    }
}

#[test]
fn block_or_list_over_limit_ends_connection() {
    for before in [preface(), requests(PATH)] {
        // The block itself is too large: in full frames, and in empty ones.
        let mut sent = [before.clone(), frame(frame_type::HEADERS, 0, 5, &[0x83; MAX_PAYLOAD])].concat();
        for _ in 0..4 {
            sent.extend(frame(frame_type::CONTINUATION, 0, 5, &[0x83; MAX_PAYLOAD]));
        }
        assert_eq!(close_reason(&sent), CloseReason::HeaderListTooLarge);
        let mut sent = [before.clone(), frame(frame_type::HEADERS, 0, 5, &[0x83])].concat();
        for _ in 0..MAX_BLOCK / FRAME_HEADER_LENGTH {
            sent.extend(frame(frame_type::CONTINUATION, 0, 5, &[]));
        }
        assert_eq!(close_reason(&sent), CloseReason::HeaderListTooLarge);
        // The list of fields is too large.
        let block = [indexed(b"a", &[b'x'; 4000]), vec![0xbe; 20]].concat();
        assert_eq!(
            close_reason(&[before, frame(frame_type::HEADERS, flag::END_HEADERS, 5, &block)].concat()),
            CloseReason::HeaderListTooLarge
        );
    }
}

/// Returns why the I/O layer ends the connection of a peer that sends these bytes and nothing more, or `None` if it
/// does not do so in several times the timeout.
fn close_reason_of_silent_peer(sent: &[u8]) -> Option<CloseReason> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (mut peer, stream) = tokio::io::duplex(1 << 20);
        tokio::io::AsyncWriteExt::write_all(&mut peer, sent).await.unwrap();
        let (mut all, mut stream) = (Vec::new(), layer(stream));
        let read = tokio::time::timeout(TIMEOUTS.first_call * 5, stream.read_to_end(&mut all)).await.ok()?;
        Some(*read.unwrap_err().get_ref().unwrap().downcast_ref().unwrap())
    })
}

#[test]
fn silence_before_end_of_first_block_ends_connection() {
    let requests = requests(PATH);
    let settings = PREFACE_LENGTH + FRAME_HEADER_LENGTH + 6;
    for length in [0, 10, PREFACE_LENGTH, PREFACE_LENGTH + 3, settings] {
        assert_eq!(
            close_reason_of_silent_peer(&requests[..length]),
            Some(CloseReason::FirstCallTimeout(TIMEOUTS.first_call)),
            "{length}"
        );
    }
    let slow = Some(CloseReason::HeaderBlockTimeout(TIMEOUTS.header_block));
    for length in [settings + FRAME_HEADER_LENGTH, settings + FRAME_HEADER_LENGTH + 3] {
        assert_eq!(close_reason_of_silent_peer(&requests[..length]), slow, "{length}");
    }
    let incomplete = frame(frame_type::HEADERS, 0, 1, &[0x83]);
    assert_eq!(close_reason_of_silent_peer(&[&requests[..settings], &incomplete].concat()), slow);
}

#[test]
fn after_first_block_only_incomplete_blocks_time_out() {
    for authority in [PATH, b"localhost"] {
        assert_eq!(close_reason_of_silent_peer(&requests(authority)), None);
    }
    // The peer may also be silent inside a DATA frame.
    assert_eq!(
        close_reason_of_silent_peer(
            &[requests(PATH), frame(frame_type::DATA, 0, 1, &[0; 100])[..50].to_vec()].concat()
        ),
        None
    );
    let incomplete = frame(frame_type::HEADERS, 0, 5, &[0x83]);
    let slow = Some(CloseReason::HeaderBlockTimeout(TIMEOUTS.header_block));
    assert_eq!(close_reason_of_silent_peer(&[requests(PATH), incomplete.clone()].concat()), slow);
    assert_eq!(
        close_reason_of_silent_peer(&[requests(PATH), incomplete[..FRAME_HEADER_LENGTH].to_vec()].concat()),
        slow
    );
}

proptest! {
    #[test]
    fn result_is_independent_of_read_lengths(piece in 1_usize..200, length in 0_usize..6000) {
        for authority in [PATH, b"localhost"] {
            let sent = &requests(authority)[..];
            let sent = &sent[..length.min(sent.len())];
            prop_assert_eq!(received(sent, piece), received(sent, usize::MAX));
        }
    }

    #[test]
    fn passes_settings_frames_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let sent = [preface(), frame(frame_type::SETTINGS, 0, 0, &bytes)].concat();
        prop_assert_eq!(received(&sent, 3), sent);
    }

    #[test]
    fn never_panics_on_any_block(block in prop::collection::vec(any::<u8>(), 0..200), flags in any::<u8>()) {
        let mut sent = requests(PATH);
        sent.extend(frame(frame_type::HEADERS, flags | flag::END_HEADERS, 5, &block));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _any_result = runtime.block_on(async { layer(&sent[..]).read_to_end(&mut Vec::new()).await });
    }
}
