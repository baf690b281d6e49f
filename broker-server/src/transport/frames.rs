//! Where one frame of the peer ends and the next begins.

/// The connection preface (RFC 9113 3.4), which comes before the first frame.
pub(super) const PREFACE: usize = 24;
/// A frame's header (RFC 9113 4.1).
pub(super) const HEADER: usize = 9;

/// HEADERS and CONTINUATION (RFC 9113 6.2, 6.10), and their flags.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// Follows the peer's bytes from frame to frame.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface or of a payload still to come.
    rest: usize,
    header: [u8; HEADER],
    /// How much of `header` has come.
    known: usize,
    /// A header block has begun and not ended: only CONTINUATION may follow (RFC 9113 6.2).
    open_block: bool,
    /// The frame ends a header block, some of which stays in memory.
    stays: bool,
    /// The next frame has been stopped at already.
    met: bool,
    /// Header blocks that have begun.
    blocks: u64,
}

/// A place in the peer's bytes where one piece of memory should end and another begin: about a header block of which
/// something stays in the piece that it is read into, and keeps it alive with whatever else is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The block begins here.
    Before(usize),
    /// The block ends here.
    Behind(usize),
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            rest: PREFACE,
            header: [0; HEADER],
            known: 0,
            open_block: false,
            stays: false,
            met: false,
            blocks: 0,
        }
    }
}

impl Frames {
    pub(super) fn between(&self) -> bool {
        self.rest == 0 && self.known == 0 && !self.open_block
    }

    /// Returns the number of the header block of which more has to come, where it has begun.
    pub(super) fn inside_block(&self) -> Option<u64> {
        let in_frame = self.rest > 0 && matches!(self.header, [_, _, _, HEADERS | CONTINUATION, ..]);
        (in_frame || self.open_block).then_some(self.blocks)
    }

    /// Passes over `bytes`, or over those up to the next stop: what stands behind it is to be followed later.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Option<Stop> {
        let mut at = 0;
        while at < bytes.len() || (self.stays && self.rest == 0) {
            let passed = self.rest.min(bytes.len() - at);
            self.rest -= passed;
            at += passed;
            if self.rest > 0 {
                return None;
            }
            if std::mem::take(&mut self.stays) {
                return Some(Stop::Behind(at));
            }
            let missing = self.header.get_mut(self.known..).unwrap_or_default();
            let left = bytes.get(at..).unwrap_or_default();
            let (part, behind) = left.split_at(missing.len().min(left.len()));
            missing.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.known += part.len();
            at += part.len();
            if self.known == HEADER {
                let start = at.checked_sub(HEADER);
                let stop = self.begin(behind).then_some(start).flatten();
                if let Some(start) = stop.filter(|_| !self.met) {
                    *self = Self { met: true, rest: 0, blocks: self.blocks, ..Self::default() };
                    return Some(Stop::Before(start));
                }
                self.met = false;
            }
        }
        None
    }

    /// A frame's header is known; `behind` is what has come of all that follows it. Whether it begins a header block of
    /// which something stays.
    fn begin(&mut self, behind: &[u8]) -> bool {
        self.known = 0;
        let [high, middle, low, kind, flags, ..] = self.header;
        self.rest = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        if !matches!(kind, HEADERS | CONTINUATION) {
            return false;
        }
        self.blocks += u64::from(kind == HEADERS);
        self.open_block = flags & END_HEADERS == 0;
        // What has not come whole is not looked into.
        let payload = behind.get(..self.rest).filter(|_| kind == HEADERS && !self.open_block);
        let stays = payload.and_then(|payload| block(payload, flags)).and_then(stays_nowhere).is_none();
        self.stays = !self.open_block && stays;
        stays && kind == HEADERS
    }
}

/// The header block in the payload of HEADERS (RFC 9113 6.2).
fn block(payload: &[u8], flags: u8) -> Option<&[u8]> {
    let padded = usize::from(flags & PADDED != 0);
    let padding = if padded == 1 { usize::from(*payload.first()?) } else { 0 };
    let priority = if flags & PRIORITY != 0 { 5 } else { 0 };
    payload.get(padded + priority..payload.len().checked_sub(padding)?)
}

/// `Some` where no string of the block is one that has to be remembered and is written as it is: such a string is kept
/// where it was read, and one in Huffman's code is not (RFC 7541 5.2, 6).
fn stays_nowhere(mut block: &[u8]) -> Option<()> {
    while let Some(first) = block.first() {
        let (bits, remembered) = match first {
            0x80.. => (7, None),
            0x40.. => (6, Some(true)),
            0x20.. => (5, None),
            _ => (4, Some(false)),
        };
        let (index, rest) = integer(block, bits)?;
        block = rest;
        if let Some(remembered) = remembered {
            for _ in 0..if index == 0 { 2 } else { 1 } {
                if remembered && block.first()? & 0x80 == 0 {
                    return None;
                }
                let (length, rest) = integer(block, 7)?;
                block = rest.get(length..)?;
            }
        }
    }
    Some(())
}

/// An integer with a prefix of `bits` bits, of up to four bytes (RFC 7541 5.1), and what follows it.
fn integer(block: &[u8], bits: u32) -> Option<(usize, &[u8])> {
    let (first, mut rest) = block.split_first()?;
    let full = (1_usize << bits) - 1;
    let mut value = usize::from(*first) & full;
    if value < full {
        return Some((value, rest));
    }
    for shift in [0, 7, 14] {
        let (next, behind) = rest.split_first()?;
        rest = behind;
        value += usize::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return Some((value, rest));
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    pub(in super::super) fn frame(kind: u8, flags: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut frame = vec![0, high, low, kind, flags, 0, 0, 0, 1];
        frame.extend(vec![kind; usize::from(length)]);
        frame
    }

    proptest! {
        #[test]
        fn a_stream_is_followed_however_it_is_cut(
            lengths in prop::collection::vec((0_u8..10, any::<u8>(), 0_u16..300), 0..8),
            cut in 1_usize..50,
        ) {
            let mut bytes = vec![b'P'; PREFACE];
            let mut ends = Vec::new();
            for (kind, flags, length) in &lengths {
                bytes.extend(frame(*kind, *flags, *length));
                if matches!(kind, 1 | 9) && flags & 4 != 0 {
                    ends.push(bytes.len());
                }
            }
            let mut frames = Frames::default();
            let (mut at, mut stops) = (0, Vec::new());
            for piece in bytes.chunks(cut) {
                let mut piece = piece;
                while let Some(stop) = frames.follow(piece) {
                    let (Stop::Before(place) | Stop::Behind(place)) = stop;
                    at += place;
                    if stop == Stop::Behind(place) {
                        stops.push(at);
                    } else {
                        prop_assert!(frames.between());
                        prop_assert_eq!(bytes[at + 3], HEADERS);
                    }
                    piece = &piece[place..];
                }
                at += piece.len();
            }
            let open = lengths.iter().rfind(|(kind, ..)| matches!(kind, 1 | 9));
            prop_assert_eq!(frames.between(), open.is_none_or(|(_, flags, _)| flags & 4 != 0));
            prop_assert!(stops.iter().all(|stop| ends.contains(stop)), "{stops:?} {ends:?}");
        }
    }

    #[test]
    fn strings_that_stay_are_seen() {
        // Indexed; a size update; to be remembered in Huffman's code; not to be remembered, and never.
        for block in [
            &[0x82, 0x87, 0xff, 0x01][..],
            &[0x3f, 0xe1, 0x1f],
            &[0x41, 0x82, 1, 2],
            &[0x40, 0x81, 1, 0x81, 2],
            &[0x00, 1, b'a', 1, b'b'],
            &[0x1f, 0x01, 1, b'b'],
            &[],
        ] {
            assert!(stays_nowhere(block).is_some(), "{block:x?}");
        }
        // Remembered as they are, name or value; broken off; an integer without an end.
        for block in [
            &[0x41, 2, 1, 2][..],
            &[0x40, 1, b'a', 0x81, 2],
            &[0x82, 0x40, 0x81, 1, 1, b'b'],
            &[0x41],
            &[0x41, 0x83, 1],
            &[0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(stays_nowhere(block).is_none(), "{block:x?}");
        }
        assert_eq!(block(&[1, 0, 0, 0, 0, 0, 0x82, 9], PADDED | PRIORITY), Some(&[0x82][..]));
        assert_eq!(block(&[9, 1], PADDED), None);
    }
}
