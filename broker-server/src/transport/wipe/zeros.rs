//! The frames of zeros that overwrite a read buffer.

use tokio::io::ReadBuf;

use crate::transport::http2::{EncodedHeader, FRAME_HEADER_LENGTH, MAX_PAYLOAD};

/// The length of a frame of zeros.
const FRAME_LENGTH: usize = FRAME_HEADER_LENGTH + MAX_PAYLOAD;
/// The maximum number of frames per wipe. A read buffer has room for at most four of them, so these fill the rest of the
/// current buffer and the two that may follow it ([`Zeros::until_overwritten`]).
pub(super) const MAX_ZERO_FRAMES: usize = 12;

/// The header of a frame of zeros: the length [`MAX_PAYLOAD`], a type that no standard defines, no flags, stream 0.
pub(super) const ZERO_FRAME_HEADER: EncodedHeader = [0, 0x40, 0, 0xbe, 0, 0, 0, 0, 0];

/// Frames of zeros that are being written into the reader's buffer.
#[derive(Debug)]
pub(super) struct Zeros {
    /// How many bytes have been written.
    written: usize,
    /// The address of the reader's next byte, if its buffer stays the same and is not filled from its start again.
    expected_address: Option<usize>,
    /// The number of times that the reader must still present another buffer, or the start of the same one, before its
    /// old content is known to be overwritten.
    remaining_buffer_changes: usize,
}

impl Zeros {
    /// Returns zeros that overwrite the content of the buffer. `BytesMut::reserve` may first move the content to a larger
    /// allocation, so only the second change of address proves that writing has begun at the start again.
    pub(super) fn until_overwritten() -> Self {
        Self { written: 0, expected_address: None, remaining_buffer_changes: 2 }
    }

    /// Returns zeros that end when the reader has taken a new buffer, because h2 keeps the old one alive.
    pub(super) fn until_new_buffer() -> Self {
        Self { remaining_buffer_changes: 1, ..Self::until_overwritten() }
    }

    /// Writes zeros into the buffer, and reports whether those were the last.
    pub(super) fn fill(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let address = buffer.initialize_unfilled_to(0).as_ptr() as usize;
        if self.expected_address != Some(address) {
            // The whole free part is zeroed, not only what the frame occupies.
            buffer.initialize_unfilled().fill(0);
            self.remaining_buffer_changes =
                self.remaining_buffer_changes.saturating_sub(usize::from(self.expected_address.is_some()));
        }
        let at = self.written % FRAME_LENGTH;
        let count = (FRAME_LENGTH - at).min(buffer.remaining());
        let part = buffer.initialize_unfilled_to(count);
        part.fill(0);
        part.iter_mut().zip(ZERO_FRAME_HEADER.into_iter().skip(at)).for_each(|(to, from)| *to = from);
        buffer.advance(count);
        self.written += count;
        self.expected_address = Some(address + count);
        let frame_complete = self.written.is_multiple_of(FRAME_LENGTH);
        frame_complete
            && (self.remaining_buffer_changes == 0 || self.written >= MAX_ZERO_FRAMES * FRAME_LENGTH)
    }
}
