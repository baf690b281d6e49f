#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use tokio::io::AsyncReadExt as _;

use super::*;

const PATH: &[u8] = b"/tmp/broker.sock";

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let [.., high, middle, low] = payload.len().to_be_bytes();
    [&[high, middle, low, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A literal that the peer's table remembers, so that a later block can name it by number 62.
fn remembered(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut block = vec![0x40];
    write_string(name, &mut block);
    write_string(value, &mut block);
    block
}

/// Short, for tests that wait for their end.
const TIMES: Times = Times { first_call: Duration::from_millis(40), header_block: Duration::from_millis(20) };

fn filter<S>(stream: S) -> Authority<S> {
    Authority::new(stream, TIMES)
}

/// Why the filter ends a connection on which these bytes come.
fn ended(sent: &[u8]) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { filter(sent).read_to_end(&mut Vec::new()).await }).unwrap_err();
    *error.get_ref().unwrap().downcast_ref().unwrap()
}

/// What the reader sees when the stream comes in pieces of `cut`.
fn through(sent: &[u8], cut: usize) -> Vec<u8> {
    let mut builder = tokio_test_io(sent, cut);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut seen = Vec::new();
        filter(&mut builder).read_to_end(&mut seen).await.unwrap();
        seen
    })
}

/// A reader that gives at most `cut` bytes at once.
fn tokio_test_io(bytes: &[u8], cut: usize) -> Pieces<'_> {
    Pieces { bytes, cut }
}

struct Pieces<'a> {
    bytes: &'a [u8],
    cut: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.cut.min(self.bytes.len()).min(buffer.remaining());
        let (part, rest) = self.bytes.split_at(count);
        buffer.put_slice(part);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// The frames after the preface: kind, flags, payload.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    bytes = &bytes[PREFACE..];
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2]);
        found.push((bytes[3], bytes[4], bytes[HEADER..HEADER + length].to_vec()));
        bytes = &bytes[HEADER + length..];
    }
    found
}

fn fields(payload: &[u8]) -> Vec<Field> {
    Decoder::new().decode(payload, BLOCK).unwrap()
}

fn field(name: &[u8], value: &[u8]) -> Field {
    (name.to_vec(), value.to_vec())
}

/// Two requests: the second names the authority by its number in the peer's table.
fn conversation(authority: &[u8]) -> Vec<u8> {
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(4, 0, 0, &[0; 6]));
    let first = [&[0x83][..], &remembered(b":authority", authority)].concat();
    sent.extend(frame(HEADERS, END_HEADERS, 1, &first));
    sent.extend(frame(0, 1, 1, &[7; 5000]));
    sent.extend(frame(HEADERS, END_HEADERS | 1, 3, &[0x83, 0xbe]));
    sent
}

#[test]
fn a_good_authority_passes_untouched() {
    for authority in [&b"localhost"[..], b"127.0.0.1:80", b"[::1]", b"a.example"] {
        let sent = conversation(authority);
        assert_eq!(through(&sent, 7), sent);
    }
    // As does a block without any; what comes later is not looked at.
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(HEADERS, END_HEADERS, 1, &[0x83]));
    sent.extend(frame(HEADERS, END_HEADERS, 3, &[0xff, 0xff, 0xff]));
    assert_eq!(through(&sent, 5), sent);
}

#[test]
fn a_path_becomes_localhost_in_every_block() {
    let seen = through(&conversation(PATH), 11);
    let seen = frames(&seen);
    assert_eq!(seen.iter().map(|frame| frame.0).collect::<Vec<_>>(), [4, 1, 0, 1]);
    for block in [1, 3] {
        let wanted = vec![field(b":method", b"POST"), field(b":authority", LOCALHOST)];
        assert_eq!(fields(&seen[block].2), wanted);
    }
    assert_eq!((seen[1].1, seen[3].1), (END_HEADERS, END_HEADERS | 1));
    assert_eq!(seen[2].2, [7; 5000]);
}

#[test]
fn padding_priority_and_continuations_are_understood() {
    let block = [&[0x83][..], &remembered(b":authority", PATH), &remembered(b"a", &[b'x'; 20_000])].concat();
    let (one, two) = block.split_at(9);
    let mut sent = vec![b'P'; PREFACE];
    let payload = [&[3][..], &[0; 5], one, &[0; 3]].concat();
    sent.extend(frame(HEADERS, PADDED | PRIORITY, 1, &payload));
    let (two, three) = two.split_at(FRAME);
    sent.extend(frame(CONTINUATION, 0, 1, two));
    sent.extend(frame(CONTINUATION, END_HEADERS, 1, three));
    let seen = frames(&through(&sent, 100));
    assert_eq!(
        seen.iter().map(|frame| (frame.0, frame.1)).collect::<Vec<_>>(),
        [(HEADERS, 0), (CONTINUATION, END_HEADERS)]
    );
    let whole = [&seen[0].2[..], &seen[1].2].concat();
    let wanted =
        vec![field(b":method", b"POST"), field(b":authority", LOCALHOST), field(b"a", &[b'x'; 20_000])];
    assert_eq!(fields(&whole), wanted);
}

#[test]
fn a_block_that_is_broken_off_is_the_librarys_to_refuse() {
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(HEADERS, 0, 1, &[0x83]));
    sent.extend(frame(6, 0, 0, &[0; 8]));
    sent.extend(conversation(PATH));
    assert_eq!(through(&sent, 13), sent);
    // So are a block whose padding is longer than itself, one that goes on on another stream, and a frame that is longer
    // than our SETTINGS allow.
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(HEADERS, END_HEADERS | PADDED, 1, &[200, 0x83]));
    assert_eq!(through(&sent, 1000), sent);
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(HEADERS, 0, 1, &[0x83]));
    sent.extend(frame(CONTINUATION, END_HEADERS, 3, &[0x83]));
    assert_eq!(through(&sent, 13), sent);
    let mut sent = vec![b'P'; PREFACE];
    sent.extend(frame(HEADERS, END_HEADERS, 1, &[0x83; FRAME + 1]));
    assert_eq!(through(&sent, 1000), sent);
}

#[test]
fn block_that_cannot_be_decoded_ends_the_connection() {
    let block = frame(HEADERS, END_HEADERS, 5, &[0xff, 0xff, 0xff]);
    assert_eq!(ended(&[&[b'P'; PREFACE][..], &block].concat()), Ended::Undecodable);
    assert_eq!(ended(&[conversation(PATH), block].concat()), Ended::Undecodable);
}

#[test]
fn table_larger_than_our_settings_ends_the_connection() {
    // 2^28 - 1.
    let update = [0x3f, 0xe0, 0xff, 0xff, 0x7f, 0x83];
    for before in [vec![b'P'; PREFACE], conversation(PATH)] {
        let block = frame(HEADERS, END_HEADERS, 5, &update);
        assert_eq!(ended(&[before, block].concat()), Ended::Undecodable);
    }
}

#[test]
fn block_or_list_over_the_limit_ends_the_connection() {
    for before in [vec![b'P'; PREFACE], conversation(PATH)] {
        // As it comes, without an end; and as empty frames.
        let mut sent = [before.clone(), frame(HEADERS, 0, 5, &[0x83; FRAME])].concat();
        for _ in 0..4 {
            sent.extend(frame(CONTINUATION, 0, 5, &[0x83; FRAME]));
        }
        assert_eq!(ended(&sent), Ended::TooLarge);
        let mut sent = [before.clone(), frame(HEADERS, 0, 5, &[0x83])].concat();
        for _ in 0..BLOCK / HEADER {
            sent.extend(frame(CONTINUATION, 0, 5, &[]));
        }
        assert_eq!(ended(&sent), Ended::TooLarge);
        // As it unfolds.
        let block = [remembered(b"a", &[b'x'; 4000]), vec![0xbe; 20]].concat();
        assert_eq!(ended(&[before, frame(HEADERS, END_HEADERS, 5, &block)].concat()), Ended::TooLarge);
    }
}

/// How the filter ends the connection of a peer that sends these bytes and then is silent; `None` where it does not end
/// it in several times the time that the peer has.
fn silent_after(sent: &[u8]) -> Option<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (mut peer, stream) = tokio::io::duplex(1 << 20);
        tokio::io::AsyncWriteExt::write_all(&mut peer, sent).await.unwrap();
        let (mut all, mut stream) = (Vec::new(), filter(stream));
        let read = tokio::time::timeout(TIMES.first_call * 5, stream.read_to_end(&mut all)).await.ok()?;
        Some(*read.unwrap_err().get_ref().unwrap().downcast_ref().unwrap())
    })
}

#[test]
fn silence_before_the_end_of_the_first_block_ends_the_connection() {
    let whole = conversation(PATH);
    let settings = PREFACE + HEADER + 6;
    for length in [0, 10, PREFACE, PREFACE + 3, settings] {
        assert_eq!(silent_after(&whole[..length]), Some(Ended::NoCall(TIMES.first_call)), "{length}");
    }
    let slow = Some(Ended::SlowHeaders(TIMES.header_block));
    for length in [settings + HEADER, settings + HEADER + 3] {
        assert_eq!(silent_after(&whole[..length]), slow, "{length}");
    }
    let begun = frame(HEADERS, 0, 1, &[0x83]);
    assert_eq!(silent_after(&[&whole[..settings], &begun].concat()), slow);
}

#[test]
fn silence_after_the_first_block_ends_nothing_unless_a_later_one_is_half_there() {
    for authority in [PATH, b"localhost"] {
        assert_eq!(silent_after(&conversation(authority)), None);
    }
    // In the middle of data, too.
    assert_eq!(silent_after(&[conversation(PATH), frame(0, 0, 1, &[0; 100])[..50].to_vec()].concat()), None);
    let begun = frame(HEADERS, 0, 5, &[0x83]);
    let slow = Some(Ended::SlowHeaders(TIMES.header_block));
    assert_eq!(silent_after(&[conversation(PATH), begun.clone()].concat()), slow);
    assert_eq!(silent_after(&[conversation(PATH), begun[..HEADER].to_vec()].concat()), slow);
}

proptest! {
    #[test]
    fn the_cut_changes_nothing(cut in 1_usize..200, length in 0_usize..6000) {
        for authority in [PATH, b"localhost"] {
            let sent = &conversation(authority)[..];
            let sent = &sent[..length.min(sent.len())];
            prop_assert_eq!(through(sent, cut), through(sent, usize::MAX));
        }
    }

    #[test]
    fn no_bytes_panic_or_are_lost_before_the_first_block(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let sent = [&[b'P'; PREFACE][..], &frame(4, 0, 0, &bytes)].concat();
        prop_assert_eq!(through(&sent, 3), sent);
    }

    #[test]
    fn no_block_panics(block in prop::collection::vec(any::<u8>(), 0..200), flags in any::<u8>()) {
        let mut sent = conversation(PATH);
        sent.extend(frame(HEADERS, flags | END_HEADERS, 5, &block));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _either_way = runtime.block_on(async { filter(&sent[..]).read_to_end(&mut Vec::new()).await });
    }
}
