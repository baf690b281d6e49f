//! The boundaries of the frames that the peer sends.

use super::{
    hpack,
    http2::{
        EncodedHeader, FRAME_HEADER_LENGTH, FrameHeader, PREFACE_LENGTH, flag, frame_type, header_fragment,
    },
};

/// Follows the peer's bytes from frame to frame.
#[derive(Debug)]
pub(super) struct FrameTracker {
    /// The number of bytes of the preface or of a payload that have not arrived yet.
    remaining: usize,
    header: EncodedHeader,
    /// How many bytes of `header` have arrived.
    header_length: usize,
    /// A header block has begun and not ended, so only CONTINUATION may follow (RFC 9113 6.2).
    in_header_block: bool,
    /// The current frame ends a header block of which h2 keeps strings in its dynamic table. They keep the read buffer
    /// alive.
    block_pins_buffer: bool,
    /// The split before the next frame has been returned, and its header is about to be parsed a second time.
    split_returned: bool,
    /// The number of header blocks that have begun.
    blocks: u64,
}

/// A place in the peer's bytes where one read buffer should end and another begin: the start or the end of a header
/// block of which h2 keeps slices. They keep the buffer alive that the block was read into, with everything else in
/// that buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BufferSplit {
    /// The block begins at this offset.
    BeforeBlock(usize),
    /// The block ends at this offset.
    AfterBlock(usize),
}

impl Default for FrameTracker {
    fn default() -> Self {
        Self {
            remaining: PREFACE_LENGTH,
            header: [0; FRAME_HEADER_LENGTH],
            header_length: 0,
            in_header_block: false,
            block_pins_buffer: false,
            split_returned: false,
            blocks: 0,
        }
    }
}

impl FrameTracker {
    /// Reports whether a frame may be inserted here: neither inside a frame nor inside a header block.
    pub(super) fn may_insert_frame(&self) -> bool {
        self.remaining == 0 && self.header_length == 0 && !self.in_header_block
    }

    /// Returns the number of the header block that has begun to arrive and is not complete.
    pub(super) fn incomplete_block(&self) -> Option<u64> {
        let kind = FrameHeader::decode(self.header).kind;
        let in_frame = self.remaining > 0 && matches!(kind, frame_type::HEADERS | frame_type::CONTINUATION);
        (in_frame || self.in_header_block).then_some(self.blocks)
    }

    /// Advances over `bytes`, or up to the next [`BufferSplit`] in them. The bytes behind that have yet to be advanced
    /// over.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Option<BufferSplit> {
        let mut at = 0;
        while at < bytes.len() || (self.block_pins_buffer && self.remaining == 0) {
            let skipped = self.remaining.min(bytes.len() - at);
            self.remaining -= skipped;
            at += skipped;
            if self.remaining > 0 {
                return None;
            }
            if std::mem::take(&mut self.block_pins_buffer) {
                return Some(BufferSplit::AfterBlock(at));
            }
            let missing = self.header.get_mut(self.header_length..).unwrap_or_default();
            let rest = bytes.get(at..).unwrap_or_default();
            let (part, following) = rest.split_at(missing.len().min(rest.len()));
            missing.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.header_length += part.len();
            at += part.len();
            if self.header_length == FRAME_HEADER_LENGTH {
                let start = at.checked_sub(FRAME_HEADER_LENGTH);
                let split = self.on_frame_header(following).then_some(start).flatten();
                if let Some(start) = split.filter(|_| !self.split_returned) {
                    // The frame is parsed again after the split.
                    *self =
                        Self { split_returned: true, remaining: 0, blocks: self.blocks, ..Self::default() };
                    return Some(BufferSplit::BeforeBlock(start));
                }
                self.split_returned = false;
            }
        }
        None
    }

    /// Parses a frame header that has arrived. `following` are the bytes behind it that have arrived. Reports whether
    /// the read buffer must be split before the frame, because h2 keeps slices of the header block that it begins.
    fn on_frame_header(&mut self, following: &[u8]) -> bool {
        self.header_length = 0;
        let FrameHeader { length, kind, flags, .. } = FrameHeader::decode(self.header);
        self.remaining = length;
        if !matches!(kind, frame_type::HEADERS | frame_type::CONTINUATION) {
            return false;
        }
        self.blocks += u64::from(kind == frame_type::HEADERS);
        self.in_header_block = flags & flag::END_HEADERS == 0;
        // A block that has not arrived completely is not inspected, and counts as one that pins its buffer.
        let payload =
            following.get(..length).filter(|_| kind == frame_type::HEADERS && !self.in_header_block);
        let fragment = payload.and_then(|payload| header_fragment(payload, flags));
        let pins_buffer = fragment.is_none_or(hpack::retains_buffer);
        self.block_pins_buffer = !self.in_header_block && pins_buffer;
        pins_buffer && kind == frame_type::HEADERS
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::{super::http2::frame, *};

    proptest! {
        #[test]
        fn finds_splits_in_stream_cut_anywhere(
            frames in prop::collection::vec((0_u8..10, any::<u8>(), 0_usize..300), 0..8),
            cut in 1_usize..50,
        ) {
            let mut bytes = vec![b'P'; PREFACE_LENGTH];
            let mut block_ends = Vec::new();
            for (kind, flags, length) in &frames {
                bytes.extend(frame(*kind, *flags, 1, &vec![*kind; *length]));
                if matches!(*kind, frame_type::HEADERS | frame_type::CONTINUATION) && flags & flag::END_HEADERS != 0 {
                    block_ends.push(bytes.len());
                }
            }
            let mut tracker = FrameTracker::default();
            let (mut at, mut ends) = (0, Vec::new());
            for piece in bytes.chunks(cut) {
                let mut piece = piece;
                while let Some(split) = tracker.advance(piece) {
                    let (BufferSplit::BeforeBlock(offset) | BufferSplit::AfterBlock(offset)) = split;
                    at += offset;
                    if split == BufferSplit::AfterBlock(offset) {
                        ends.push(at);
                    } else {
                        prop_assert!(tracker.may_insert_frame());
                        prop_assert_eq!(bytes[at + 3], frame_type::HEADERS);
                    }
                    piece = &piece[offset..];
                }
                at += piece.len();
            }
            let last = frames.iter().rfind(|(kind, ..)| matches!(*kind, frame_type::HEADERS | frame_type::CONTINUATION));
            let block_ended = last.is_none_or(|(_, flags, _)| flags & flag::END_HEADERS != 0);
            prop_assert_eq!(tracker.may_insert_frame(), block_ended);
            prop_assert!(ends.iter().all(|end| block_ends.contains(end)), "{ends:?} {block_ends:?}");
        }
    }
}
