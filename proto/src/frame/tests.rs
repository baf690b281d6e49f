#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 200;

/// What a test reads of a body: messages, and the lengths of those that were skipped.
type Read = Vec<Result<Vec<u8>, usize>>;

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        put_prefix(&mut bytes, message.len());
        bytes.extend(message);
    }
    bytes
}

/// Cuts `bytes` into frames of these lengths, again and again.
fn frames(bytes: &[u8], lengths: &[usize]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut frames = Vec::new();
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        frames.push(rest.split_to(rest.len().min(*length)));
    }
    frames
}

/// Reads whole messages and skips those that are too large.
fn read_messages(frames: Vec<Bytes>, initial_capacity: usize) -> Read {
    let mut deframer = Deframer::new(LIMIT).with_initial_capacity(initial_capacity);
    let mut read = Read::new();
    for frame in frames {
        deframer.push(frame);
        loop {
            match deframer.next_message() {
                Ok(Some(message)) => read.push(Ok(message.to_vec())),
                Err(FrameError::TooLarge { length, limit: LIMIT }) if deframer.skip_message() => {
                    read.push(Err(length));
                }
                Ok(None) | Err(FrameError::TooLarge { .. }) => break,
                Err(error) => unreachable!("{error}"),
            }
        }
        assert!(!deframer.has_data(), "a method that needs more data takes in all of it");
    }
    assert_eq!(deframer.finish(), Ok(()));
    read
}

/// Reads messages piece by piece, after a look at `head` bytes of each.
fn read_pieces(frames: Vec<Bytes>, head: usize) -> Vec<Vec<u8>> {
    let mut deframer = Deframer::new(usize::MAX);
    let (mut read, mut current) = (Vec::new(), None::<Vec<u8>>);
    for frame in frames {
        deframer.push(frame);
        while let Some(length) = deframer.length().unwrap() {
            if current.is_none() {
                let wanted = head.min(length);
                let bytes = deframer.peek(head).to_vec();
                if bytes.len() < wanted {
                    break;
                }
                deframer.advance(wanted / 2);
                current = Some(bytes[..wanted / 2].to_vec());
            }
            let message = current.as_mut().unwrap();
            match deframer.next_piece() {
                Some(piece) => message.extend_from_slice(&piece),
                None if message.len() < length => break,
                None => {}
            }
            if message.len() == length {
                read.extend(current.take());
            }
        }
        assert!(!deframer.has_data(), "a method that needs more data takes in all of it");
    }
    assert_eq!(deframer.finish(), Ok(()));
    read
}

proptest! {
    #[test]
    fn returns_same_messages_for_any_frame_boundaries(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2 * LIMIT), 0..8),
        cuts in prop::collection::vec(1_usize..300, 1..5),
        initial_capacity in prop::sample::select(vec![0, 16, usize::MAX]),
    ) {
        let expect = |message: &Vec<u8>| if message.len() > LIMIT { Err(message.len()) } else { Ok(message.clone()) };
        let expected: Read = messages.iter().map(expect).collect();
        prop_assert_eq!(read_messages(frames(&framed(&messages), &cuts), initial_capacity), expected);
    }

    #[test]
    fn returns_same_pieces_in_total_for_any_frame_boundaries(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..2 * LIMIT), 0..8),
        cuts in prop::collection::vec(1_usize..300, 1..5),
        head in 0_usize..20,
    ) {
        prop_assert_eq!(read_pieces(frames(&framed(&messages), &cuts), head), messages);
    }

    #[test]
    fn rejects_end_inside_message(message in prop::collection::vec(any::<u8>(), 0..20), cut in 1_usize..10) {
        let bytes = framed(&[message]);
        for length in 1..bytes.len() {
            let mut deframer = Deframer::new(LIMIT);
            for frame in frames(&bytes[..length], &[cut]) {
                deframer.push(frame);
                prop_assert_eq!(deframer.next_message(), Ok(None));
            }
            prop_assert_eq!(deframer.finish(), Err(FrameError::Truncated));
        }
    }
}

#[test]
fn returns_slices_of_a_frame_that_holds_whole_messages() {
    let frame = Bytes::from(framed(&[b"one".to_vec(), vec![], vec![7; LIMIT]]));
    let mut deframer = Deframer::new(LIMIT);
    deframer.push(frame.clone());
    let mut offset = 0;
    for length in [3, 0, LIMIT] {
        let message = deframer.next_message().unwrap().unwrap();
        offset += PREFIX_LENGTH;
        assert_eq!(message.len(), length);
        assert!(
            message.is_empty() || message.as_ptr() == frame[offset..].as_ptr(),
            "a message of {length} bytes"
        );
        offset += length;
    }
    assert_eq!(deframer.next_message(), Ok(None));
    assert!(frame.is_unique(), "the deframer keeps a frame that has been read");
}

#[test]
fn returns_slices_of_frames_as_pieces() {
    let bytes = Bytes::from(framed(&[vec![7; 100]]));
    let mut deframer = Deframer::new(LIMIT);
    deframer.push(bytes.slice(..50));
    assert_eq!(deframer.length(), Ok(Some(100)));
    assert_eq!(deframer.peek(2).as_ptr(), bytes[PREFIX_LENGTH..].as_ptr());
    deframer.advance(2);
    assert_eq!(deframer.next_piece().unwrap().as_ptr(), bytes[PREFIX_LENGTH + 2..].as_ptr());
    assert_eq!(deframer.next_piece(), None);
    deframer.push(bytes.slice(50..));
    assert_eq!(deframer.next_piece().unwrap().as_ptr(), bytes[50..].as_ptr());
    assert!(deframer.is_between_messages());
}

#[test]
fn allocates_for_arrived_bytes_and_never_beyond_message() {
    let length = 100_000;
    let bytes = framed(&[vec![7; length]]);
    let mut deframer = Deframer::new(length);
    let mut arrived = 0;
    for frame in frames(&bytes[..bytes.len() - 1], &[16_384]) {
        arrived += frame.len();
        deframer.push(frame);
        assert_eq!(deframer.next_message(), Ok(None));
        let capacity = deframer.gathered.capacity();
        assert!(capacity <= length && capacity <= 2 * arrived, "{capacity} bytes for {arrived}");
    }
}

#[test]
fn allocates_nothing_for_prefix_alone() {
    let mut deframer = Deframer::new(usize::MAX).with_initial_capacity(usize::MAX);
    deframer.push(Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff]));
    assert_eq!(deframer.next_message(), Ok(None));
    assert_eq!(deframer.gathered.capacity(), 0);
}

#[test]
fn gathers_long_message_in_place_with_sufficient_initial_capacity() {
    let bytes = framed(&[vec![7; 100_000]]);
    let mut deframer = Deframer::new(100_000).with_initial_capacity(usize::MAX);
    let mut frames = frames(&bytes, &[7, 1000]).into_iter();
    deframer.push(frames.next().unwrap());
    assert_eq!(deframer.next_message(), Ok(None));
    let buffer = deframer.gathered.as_ptr();
    let message = frames.find_map(|frame| {
        deframer.push(frame);
        deframer.next_message().unwrap()
    });
    assert_eq!(message.unwrap().as_ptr(), buffer);
}

#[test]
fn joins_frames_that_are_pushed_at_once() {
    let mut deframer = Deframer::new(LIMIT);
    for frame in frames(&framed(&[b"one".to_vec(), b"two".to_vec()]), &[6]) {
        deframer.push(frame);
    }
    assert_eq!(deframer.next_message().unwrap().unwrap(), "one");
    assert_eq!(deframer.next_message().unwrap().unwrap(), "two");
}

#[test]
fn rejects_compressed_message_for_good() {
    let mut deframer = Deframer::new(LIMIT);
    deframer.push(Bytes::from_static(&[1, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0]));
    for _ in 0..2 {
        assert_eq!(deframer.length(), Err(FrameError::Compressed));
        assert_eq!(deframer.next_message(), Err(FrameError::Compressed));
    }
}

#[test]
fn rejects_too_large_message_before_it_arrives() {
    let mut deframer = Deframer::new(LIMIT);
    deframer.push(Bytes::from_static(&[0, 0, 0, 0, 201]));
    assert_eq!(deframer.next_message(), Err(FrameError::TooLarge { length: 201, limit: 200 }));
}

#[test]
fn debug_output_has_no_content() {
    let mut deframer = Deframer::new(LIMIT);
    deframer.push(Bytes::from_static(b"\0\0\0\0\x06secret"));
    assert_eq!(format!("{deframer:?}"), "Deframer { limit: 200, .. }");
}
