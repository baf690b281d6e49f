//! The I/O layer that ends a connection with GOAWAY (RFC 9113 6.8) when another layer has found that it must end.
//!
//! [`GoawayIo`] is the outermost layer, so everything that h2 reads and writes passes through it. A layer below it ends
//! the connection by failing a read with a [`CloseReason`]. h2 itself answers a call whose header list is too large
//! with the status 431 and keeps the connection; this layer ends the connection after it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    forward::forward_writes,
    http2::{EncodedHeader, FRAME_HEADER_LENGTH, FrameHeader, error_code, flag, frame_type},
};

/// Why an I/O layer ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CloseReason {
    /// The first call did not arrive in time.
    #[error("the client sent no call within {0:?}")]
    FirstCallTimeout(Duration),
    /// A header block that had begun did not arrive completely in time.
    #[error("a header block was not complete within {0:?}")]
    HeaderBlockTimeout(Duration),
    /// A header block violates RFC 7541.
    #[error("a header block cannot be decoded")]
    CompressionError,
    /// A header block, or its list of fields, is larger than the connection's limit.
    #[error("the metadata of a call exceeds the connection's limit")]
    HeaderListTooLarge,
}

impl CloseReason {
    /// Returns the GOAWAY frame.
    fn frame(self) -> [u8; FRAME_HEADER_LENGTH + 8] {
        let code = match self {
            Self::FirstCallTimeout(_) => error_code::NO_ERROR,
            Self::CompressionError => error_code::COMPRESSION_ERROR,
            Self::HeaderBlockTimeout(_) | Self::HeaderListTooLarge => error_code::ENHANCE_YOUR_CALM,
        };
        // The last stream that may have been processed: none before the first call, any stream later.
        let last_stream = if matches!(self, Self::FirstCallTimeout(_)) { 0 } else { 0x7fff_ffff_u32 };
        let header = FrameHeader { length: 8, kind: frame_type::GOAWAY, flags: 0, stream: [0; 4] };
        let mut frame = [0; FRAME_HEADER_LENGTH + 8];
        let payload = last_stream.to_be_bytes().into_iter().chain(code.to_be_bytes());
        frame.iter_mut().zip(header.encode().into_iter().chain(payload)).for_each(|(to, from)| *to = from);
        frame
    }
}

impl From<CloseReason> for io::Error {
    fn from(reason: CloseReason) -> Self {
        Self::other(reason)
    }
}

/// A stream that sends GOAWAY, between two frames of h2, before it fails.
#[derive(Debug)]
pub(super) struct GoawayIo<S> {
    stream: S,
    outgoing: OutgoingFrames,
}

impl<S> GoawayIo<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, outgoing: OutgoingFrames::default() }
    }

    /// Advances over what has been written. If that contains h2's response 431, the reader is woken and ends the
    /// connection.
    fn observe_write(&mut self, cx: &Context<'_>, slices: &[io::IoSlice<'_>], mut count: usize) {
        for slice in slices {
            let part = slice.get(..count).unwrap_or(slice);
            self.outgoing.advance(part);
            count -= part.len();
        }
        if self.outgoing.saw_431 {
            cx.waker().wake_by_ref();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> GoawayIo<S> {
    /// Writes GOAWAY if the socket accepts it now and no frame is half written, and returns the error of the connection.
    fn close(&mut self, cx: &mut Context<'_>, reason: CloseReason) -> io::Error {
        if self.outgoing.is_between_frames() {
            // If the write fails too, the reason is still the error to report.
            let _ = Pin::new(&mut self.stream).poll_write(cx, &reason.frame());
        }
        reason.into()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for GoawayIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.outgoing.saw_431 {
            return Poll::Ready(Err(this.close(cx, CloseReason::HeaderListTooLarge)));
        }
        let Err(error) = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer)) else {
            return Poll::Ready(Ok(()));
        };
        let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<CloseReason>()).copied();
        Poll::Ready(Err(reason.map_or(error, |reason| this.close(cx, reason))))
    }
}

forward_writes!(GoawayIo<S>, after_write = observe_write);

/// How many bytes are inspected of a frame that is written in parts: its header, table size updates, and the status.
const INSPECTED_LENGTH: usize = FRAME_HEADER_LENGTH + 16;

/// Follows the bytes that are written from frame to frame.
#[derive(Debug, Default)]
struct OutgoingFrames {
    /// The first bytes of a frame that is written in parts.
    frame_start: [u8; INSPECTED_LENGTH],
    /// How many bytes of `frame_start` are in use, 0 between two frames.
    frame_start_length: usize,
    /// Bytes of that frame's payload that have not been written yet, once its header is known.
    remaining: usize,
    /// h2 has answered a header list over its limit with the status 431.
    saw_431: bool,
}

impl OutgoingFrames {
    fn is_between_frames(&self) -> bool {
        self.frame_start_length == 0
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match complete_frame(bytes) {
                Some((header, payload, following)) if self.is_between_frames() => {
                    self.saw_431 |= is_431_response(*header, payload);
                    following
                }
                _ => self.advance_in_frame(bytes),
            };
        }
    }

    /// Advances over a part of a frame's header or of its payload, and returns the bytes that follow.
    fn advance_in_frame<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let following = if self.frame_start_length < FRAME_HEADER_LENGTH {
            let following = self.append(bytes, FRAME_HEADER_LENGTH);
            if let Some((header, _)) = self.partial_frame() {
                self.remaining = FrameHeader::decode(header).length;
            }
            following
        } else {
            let (part, following) = bytes.split_at(self.remaining.min(bytes.len()));
            self.append(part, INSPECTED_LENGTH);
            self.remaining -= part.len();
            following
        };
        if self.remaining == 0
            && let Some((header, payload)) = self.partial_frame()
        {
            self.saw_431 |= is_431_response(header, payload);
            self.frame_start_length = 0;
        }
        following
    }

    /// Returns the header of the current frame, once it is complete, and the bytes of the payload that are inspected.
    fn partial_frame(&self) -> Option<(EncodedHeader, &[u8])> {
        let (header, payload) = self.frame_start.get(..self.frame_start_length)?.split_first_chunk()?;
        Some((*header, payload))
    }

    /// Appends `bytes` to `frame_start` until that has `end` bytes, and returns the bytes that follow.
    fn append<'a>(&mut self, bytes: &'a [u8], end: usize) -> &'a [u8] {
        let free = self.frame_start.get_mut(self.frame_start_length..end).unwrap_or_default();
        let (part, following) = bytes.split_at(free.len().min(bytes.len()));
        free.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        self.frame_start_length += part.len();
        following
    }
}

/// Returns the header and the payload of the frame at the front, if it is complete, and the bytes that follow it.
fn complete_frame(bytes: &[u8]) -> Option<(&EncodedHeader, &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk()?;
    let (payload, following) = rest.split_at_checked(FrameHeader::decode(*header).length)?;
    Some((header, payload, following))
}

/// Reports whether a frame is h2's answer to a header list above its limit: HEADERS with END_STREAM, which
/// begin with the status 431 as a Huffman-coded literal, after table size updates (RFC 7541 6.2, 6.3).
fn is_431_response(header: EncodedHeader, mut block: &[u8]) -> bool {
    let FrameHeader { kind, flags, .. } = FrameHeader::decode(header);
    if kind != frame_type::HEADERS || flags & flag::END_STREAM == 0 {
        return false;
    }
    while let [first @ 0x20..0x40, rest @ ..] = block {
        let length =
            if *first == 0x3f { rest.iter().take_while(|byte| **byte >= 0x80).count() + 1 } else { 0 };
        block = rest.get(length..).unwrap_or_default();
    }
    matches!(block, [0x48 | 0x08 | 0x18, 0x83, 0x69, 0x90, 0xff, ..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::{
        super::http2::{flag, frame, frame_type},
        *,
    };

    /// Returns whether `bytes` end between two frames and whether they contain a response 431, written in pieces of any
    /// length.
    fn parse_written(bytes: &[u8]) -> (bool, bool) {
        let mut states = Vec::new();
        for length in [1, 2, 5, 10, 11, 30, usize::MAX] {
            let mut outgoing = OutgoingFrames::default();
            bytes.chunks(length).for_each(|piece| outgoing.advance(piece));
            states.push((outgoing.is_between_frames(), outgoing.saw_431));
        }
        assert!(states.iter().all(|state| *state == states[0]), "{states:?}");
        states[0]
    }

    #[test]
    fn detects_431_split_across_writes() {
        let before = [
            frame(frame_type::SETTINGS, 0, 0, &[0; 18]),
            frame(frame_type::HEADERS, flag::END_HEADERS, 1, &[0x88; 3]),
            frame(frame_type::DATA, 0, 1, &[9; 200]),
        ]
        .concat();
        assert_eq!(parse_written(&before), (true, false));
        for block in [
            &[0x48, 0x83, 0x69, 0x90, 0xff][..],
            &[0x20, 0x48, 0x83, 0x69, 0x90, 0xff],
            &[0x20, 0x3f, 0xe1, 0x1f, 0x08, 0x83, 0x69, 0x90, 0xff],
        ] {
            let response = frame(frame_type::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, block);
            assert_eq!(parse_written(&[&before[..], &response].concat()), (true, true), "{block:x?}");
            // The same bytes as data, or as the header of a response with data, are no response 431.
            let data = frame(frame_type::DATA, flag::END_STREAM, 1, block);
            let header = frame(frame_type::HEADERS, flag::END_HEADERS, 1, block);
            assert_eq!(parse_written(&[&before[..], &data, &header].concat()), (true, false), "{block:x?}");
        }
        let trailers = frame(
            frame_type::HEADERS,
            flag::END_HEADERS | flag::END_STREAM,
            1,
            &[0x88, 0x48, 0x83, 0x69, 0x90, 0xff],
        );
        assert_eq!(parse_written(&trailers), (true, false));
    }

    #[test]
    fn incomplete_frame_is_not_between_frames() {
        let data = frame(frame_type::DATA, 0, 1, &[9; 200]);
        for length in 1..data.len() {
            assert_eq!(parse_written(&data[..length]), (false, false), "{length}");
        }
    }

    /// A peer that sends nothing and records what it receives.
    #[derive(Default)]
    struct Peer {
        close_reason: Option<CloseReason>,
        received: Vec<u8>,
        /// How many more bytes it accepts.
        capacity: usize,
    }

    impl AsyncRead for Peer {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.close_reason.map_or(Poll::Pending, |reason| Poll::Ready(Err(reason.into())))
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let part = &bytes[..bytes.len().min(self.capacity)];
            self.received.extend(part);
            self.capacity -= part.len();
            if part.is_empty() { Poll::Pending } else { Poll::Ready(Ok(part.len())) }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Closes a connection after a frame of which the peer has accepted `capacity` bytes. Returns what the peer receives
    /// after them, and the error of the read.
    fn close(reason: CloseReason, capacity: usize) -> (Vec<u8>, io::Error) {
        let frame = frame(frame_type::DATA, 0, 1, &[9; 20]);
        let mut stream = GoawayIo::new(Peer { capacity, ..Peer::default() });
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut stream).poll_write(&mut cx, &frame).is_ready());
        let mut memory = [0; 9];
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut memory)).is_pending());
        stream.stream.close_reason = Some(reason);
        stream.stream.capacity = 100;
        let Poll::Ready(Err(error)) =
            Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut memory))
        else {
            unreachable!("the read does not fail")
        };
        (stream.stream.received.split_off(capacity.min(frame.len())), error)
    }

    #[test]
    fn goaway_has_error_code_and_last_stream_of_reason() {
        let time = Duration::from_secs(1);
        for (reason, last_stream, code) in [
            (CloseReason::FirstCallTimeout(time), [0; 4], 0),
            (CloseReason::HeaderBlockTimeout(time), [0x7f, 0xff, 0xff, 0xff], 11),
            (CloseReason::CompressionError, [0x7f, 0xff, 0xff, 0xff], 9),
            (CloseReason::HeaderListTooLarge, [0x7f, 0xff, 0xff, 0xff], 11),
        ] {
            let (received, error) = close(reason, 29);
            assert_eq!(received, [&[0, 0, 8, 7, 0, 0, 0, 0, 0][..], &last_stream, &[0, 0, 0, code]].concat());
            assert_eq!(error.to_string(), reason.to_string());
        }
    }

    #[test]
    fn writes_no_goaway_into_incomplete_frame() {
        assert!(close(CloseReason::CompressionError, 28).0.is_empty());
    }
}
