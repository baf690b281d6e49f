#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::mem::MaybeUninit;

use tokio::io::AsyncReadExt as _;

use super::{
    super::http2::{FRAME_HEADER_LENGTH, PREFACE_LENGTH, flag, frame, frame_type},
    zeros::{MAX_ZERO_FRAMES, ZERO_FRAME_HEADER},
    *,
};

/// A payload of HEADERS: a literal with indexing, whose name is in the static table (RFC 7541 6.2.1).
const RETAINED: [u8; 4] = [0x41, 2, b'a', b'b'];

fn preface() -> Vec<u8> {
    vec![b'P'; PREFACE_LENGTH]
}

/// Returns the number of inserted frames in `read`, and the bytes of the peer.
fn separate(read: &[u8]) -> (usize, Vec<u8>) {
    let (mut zeros, mut others, mut at) = (0, read[..PREFACE_LENGTH].to_vec(), PREFACE_LENGTH);
    while at < read.len() {
        let length = FRAME_HEADER_LENGTH + usize::from(u16::from_be_bytes([read[at + 1], read[at + 2]]));
        let frame = &read[at..at + length];
        if frame[..FRAME_HEADER_LENGTH] == ZERO_FRAME_HEADER {
            assert!(frame[FRAME_HEADER_LENGTH..].iter().all(|byte| *byte == 0));
            zeros += 1;
        } else {
            others.extend(frame);
        }
        at += length;
    }
    (zeros, others)
}

#[tokio::test]
async fn inserts_zeros_only_between_frames_and_preserves_other_bytes() {
    let signal = WipeSignal::default();
    let mut sent = preface();
    sent.extend(frame(frame_type::DATA, 0, 1, &[0; 100]));
    let first = sent.len() - 10;
    let mut stream = WipeIo::new(&sent[..], &signal, Duration::MAX);
    let mut read = vec![0; first];
    stream.read_exact(&mut read).await.unwrap();
    signal.request();
    // Nothing is inserted into a frame.
    let mut rest = [1; 10];
    stream.read_exact(&mut rest).await.unwrap();
    assert_eq!(rest, [0; 10]);
    stream.read_to_end(&mut read).await.unwrap();
    read.splice(first..first, rest);
    let (zeros, others) = separate(&read);
    assert!((1..=MAX_ZERO_FRAMES).contains(&zeros), "{zeros}");
    assert_eq!(others, sent);
}

/// Many header blocks arrive at once, and zeros follow each. The bytes after them must not be copied again for each block.
#[test]
fn deferred_bytes_are_not_copied_again_per_block() {
    let block = frame(frame_type::HEADERS, flag::END_HEADERS, 1, &RETAINED);
    let sent = [preface(), block.repeat(100)].concat();
    let signal = WipeSignal::default();
    let mut stream = WipeIo::new(&sent[..], &signal, Duration::MAX);
    let mut cx = Context::from_waker(Waker::noop());
    let (mut blocks, mut memory) = (0, vec![MaybeUninit::uninit(); 1 << 16]);
    loop {
        let mut buffer = ReadBuf::uninit(&mut memory);
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut buffer).is_ready());
        match buffer.filled() {
            [] => break,
            filled if filled.starts_with(&block) => {
                assert_eq!(filled, block);
                assert_eq!(buffer.initialized().len(), block.len(), "more than the block was copied");
                blocks += 1;
            }
            _ => {}
        }
    }
    assert_eq!(blocks, 100);
}

#[tokio::test]
async fn inserts_zeros_after_retained_header_block() {
    let mut sent = preface();
    for _ in 0..2 {
        sent.extend(frame(frame_type::HEADERS, flag::END_HEADERS, 1, &RETAINED));
        sent.extend(frame(frame_type::DATA, 0, 1, &[0; 300]));
    }
    let signal = WipeSignal::default();
    let mut stream = WipeIo::new(&sent[..], &signal, Duration::MAX);
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let (zeros, others) = separate(&read);
    assert!(zeros >= 2, "{zeros}");
    assert_eq!(others, sent);
    let after_block = PREFACE_LENGTH + FRAME_HEADER_LENGTH + RETAINED.len();
    assert_eq!(read[after_block..][..FRAME_HEADER_LENGTH], ZERO_FRAME_HEADER);
}

#[tokio::test]
async fn slow_header_block_ends_connection() {
    let (limit, signal) = (Duration::from_millis(20), WipeSignal::default());
    let complete = [preface(), frame(frame_type::HEADERS, flag::END_HEADERS, 1, &[1; 4])].concat();
    let no_end = [&complete[..], &frame(frame_type::HEADERS, 0, 1, &[1; 4])].concat();
    let truncated =
        [&complete[..], &frame(frame_type::HEADERS, flag::END_HEADERS, 1, &[1; 40])[..20]].concat();
    let data = [&complete[..], &frame(frame_type::DATA, 0, 1, &[0; 100])[..50]].concat();
    for (sent, ends) in [(complete, false), (no_end, true), (truncated, true), (data, false)] {
        let (mut peer, stream) = tokio::io::duplex(1 << 20);
        tokio::io::AsyncWriteExt::write_all(&mut peer, &sent).await.unwrap();
        let (mut all, mut stream) = (Vec::new(), WipeIo::new(stream, &signal, limit));
        let read = tokio::time::timeout(limit * 10, stream.read_to_end(&mut all)).await;
        let reason = read.ok().map(|read| *read.unwrap_err().get_ref().unwrap().downcast_ref().unwrap());
        assert_eq!(reason, ends.then_some(CloseReason::HeaderBlockTimeout(limit)));
    }
}
