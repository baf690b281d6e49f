//! Ends a connection with a GOAWAY of its own (RFC 9113 6.8) where a filter has found that it cannot go on.
//!
//! [`Goaway`] is the outermost of the filters: what the HTTP/2 library reads and writes passes through it. A filter below
//! ends the connection by failing a read with [`Ended`]. It also turns the library's answer to a header list that is too
//! large (431 for that call) into the end of the connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::HEADER;

/// Why a filter ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ended {
    /// The connection's first call has not come in time.
    #[error("no call has come within {0:?}")]
    NoCall(Duration),
    /// The rest of a header block has not come in time.
    #[error("a header block was not whole within {0:?}")]
    SlowHeaders(Duration),
    /// A header block is not of RFC 7541.
    #[error("a header block cannot be decoded")]
    Undecodable,
    /// A header block or its list is larger than a connection may send.
    #[error("a call's metadata is larger than a connection may send")]
    TooLarge,
}

/// NO_ERROR, COMPRESSION_ERROR and ENHANCE_YOUR_CALM (RFC 9113 7).
const NO_ERROR: u8 = 0;
const COMPRESSION_ERROR: u8 = 9;
const ENHANCE_YOUR_CALM: u8 = 11;

const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;

impl Ended {
    fn frame(self) -> [u8; HEADER + 8] {
        let code = match self {
            Self::NoCall(_) => NO_ERROR,
            Self::Undecodable => COMPRESSION_ERROR,
            Self::SlowHeaders(_) | Self::TooLarge => ENHANCE_YOUR_CALM,
        };
        // The last stream that may have been worked on: none before the first call, any later.
        let [a, b, c, d] = if matches!(self, Self::NoCall(_)) { [0; 4] } else { [0x7f, 0xff, 0xff, 0xff] };
        [0, 0, 8, GOAWAY, 0, 0, 0, 0, 0, a, b, c, d, 0, 0, 0, code]
    }
}

impl From<Ended> for io::Error {
    fn from(ended: Ended) -> Self {
        Self::other(ended)
    }
}

/// A stream that can say goodbye between two frames of the HTTP/2 library.
#[derive(Debug)]
pub(super) struct Goaway<S> {
    stream: S,
    written: Written,
}

impl<S> Goaway<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, written: Written::default() }
    }
}

/// How many bytes of a frame that is written in parts are kept: its header, updates of the table's size, and the status.
const HEAD: usize = HEADER + 16;

/// Follows what is written from frame to frame.
#[derive(Debug, Default)]
struct Written {
    /// The beginning of a frame that is written in parts, and how much of it is known; nothing between two frames.
    head: [u8; HEAD],
    known: usize,
    /// Bytes of that frame that are still to come, once its header is known.
    rest: usize,
    /// The library has refused a header list as too large.
    refused: bool,
}

impl Written {
    fn between(&self) -> bool {
        self.known == 0
    }

    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match whole(bytes) {
                Some((header, payload, behind)) if self.between() => {
                    self.refused |= refuses(header, payload);
                    behind
                }
                _ => self.follow_part(bytes),
            };
        }
    }

    /// Takes a part of a frame's header, or of its payload; returns what is behind it.
    fn follow_part<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let behind = if self.known < HEADER {
            let behind = self.keep(bytes, HEADER);
            if self.known == HEADER {
                self.rest = length(&self.head);
            }
            behind
        } else {
            let (part, behind) = bytes.split_at(self.rest.min(bytes.len()));
            self.keep(part, HEAD);
            self.rest -= part.len();
            behind
        };
        if self.known >= HEADER && self.rest == 0 {
            let (header, payload) = self.head.split_at(HEADER);
            self.refused |= refuses(header, payload.get(..self.known - HEADER).unwrap_or_default());
            self.known = 0;
        }
        behind
    }

    /// Keeps `bytes` up to the place `end` of the head; returns the others.
    fn keep<'a>(&mut self, bytes: &'a [u8], end: usize) -> &'a [u8] {
        let place = self.head.get_mut(self.known..end).unwrap_or_default();
        let (part, others) = bytes.split_at(place.len().min(bytes.len()));
        place.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        self.known += part.len();
        others
    }
}

/// The length of the payload that a frame's header announces.
fn length(header: &[u8]) -> usize {
    let [high, middle, low, ..] = *header else { return 0 };
    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
}

/// The header and the payload of the frame at the front, where it is whole, and what is behind it.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (header, behind) = bytes.split_at_checked(HEADER)?;
    let (payload, behind) = behind.split_at_checked(length(header))?;
    Some((header, payload, behind))
}

/// Whether a frame is the library's answer to a header list over its limit: headers alone, with the status 431 as a
/// literal in Huffman's code, behind updates of the table's size (RFC 7541 6.2, 6.3).
fn refuses(header: &[u8], mut block: &[u8]) -> bool {
    let [_, _, _, HEADERS, flags, ..] = *header else { return false };
    if flags & END_STREAM == 0 {
        return false;
    }
    while let [first @ 0x20..0x40, rest @ ..] = block {
        let more = if *first == 0x3f { rest.iter().take_while(|byte| **byte >= 0x80).count() + 1 } else { 0 };
        block = rest.get(more..).unwrap_or_default();
    }
    matches!(block, [0x48 | 0x08 | 0x18, 0x83, 0x69, 0x90, 0xff, ..])
}

impl<S: AsyncRead + AsyncWrite + Unpin> Goaway<S> {
    /// Writes the GOAWAY, if the peer takes it now. A frame that is half written waits for a peer that does not read.
    fn end(&mut self, cx: &mut Context<'_>, ended: Ended) -> io::Error {
        if self.written.between() {
            // The connection ends for another reason, which is the one to tell.
            let _ = Pin::new(&mut self.stream).poll_write(cx, &ended.frame());
        }
        ended.into()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Goaway<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.written.refused {
            return Poll::Ready(Err(this.end(cx, Ended::TooLarge)));
        }
        let Err(error) = ready!(Pin::new(&mut this.stream).poll_read(cx, buffer)) else {
            return Poll::Ready(Ok(()));
        };
        let ended = error.get_ref().and_then(|inner| inner.downcast_ref::<Ended>()).copied();
        Poll::Ready(Err(ended.map_or(error, |ended| this.end(cx, ended))))
    }
}

impl<S> Goaway<S> {
    /// Takes note of what has been written. The reader ends the connection where the library has refused a call.
    fn wrote(&mut self, cx: &Context<'_>, slices: &[io::IoSlice<'_>], mut count: usize) {
        for slice in slices {
            let part = slice.get(..count).unwrap_or(slice);
            self.written.follow(part);
            count -= part.len();
        }
        if self.written.refused {
            cx.waker().wake_by_ref();
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Goaway<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.wrote(cx, &[io::IoSlice::new(bytes)], count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        self.wrote(cx, slices, count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    /// A frame of the stream 1.
    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        [&[0, 0, u8::try_from(payload.len()).unwrap(), kind, flags, 0, 0, 0, 1], payload].concat()
    }

    /// What is known after `bytes`, whatever the pieces.
    fn followed(bytes: &[u8]) -> (bool, bool) {
        let mut seen = Vec::new();
        for cut in [1, 2, 5, 10, 11, 30, usize::MAX] {
            let mut written = Written::default();
            bytes.chunks(cut).for_each(|piece| written.follow(piece));
            seen.push((written.between(), written.refused));
        }
        assert!(seen.iter().all(|state| *state == seen[0]), "{seen:?}");
        seen[0]
    }

    #[test]
    fn answers_to_too_large_lists_are_seen_in_whatever_pieces() {
        let before = [frame(4, 0, &[0; 18]), frame(HEADERS, 4, &[0x88; 3]), frame(0, 0, &[9; 200])].concat();
        assert_eq!(followed(&before), (true, false));
        for block in [
            &[0x48, 0x83, 0x69, 0x90, 0xff][..],
            &[0x20, 0x48, 0x83, 0x69, 0x90, 0xff],
            &[0x20, 0x3f, 0xe1, 0x1f, 0x08, 0x83, 0x69, 0x90, 0xff],
        ] {
            let refusal = frame(HEADERS, 4 | END_STREAM, block);
            assert_eq!(followed(&[&before[..], &refusal].concat()), (true, true), "{block:x?}");
            // As data, or with an answer behind, it is none.
            let data = frame(0, END_STREAM, block);
            let begun = frame(HEADERS, 4, block);
            assert_eq!(followed(&[&before[..], &data, &begun].concat()), (true, false), "{block:x?}");
        }
        let trailers = frame(HEADERS, 4 | END_STREAM, &[0x88, 0x48, 0x83, 0x69, 0x90, 0xff]);
        assert_eq!(followed(&trailers), (true, false));
    }

    #[test]
    fn half_a_frame_is_no_place_for_another() {
        let data = frame(0, 0, &[9; 200]);
        for length in 1..data.len() {
            assert_eq!(followed(&data[..length]), (false, false), "{length}");
        }
    }

    /// A peer of which nothing comes, and what was sent to it.
    #[derive(Default)]
    struct Peer {
        read: Option<Ended>,
        sent: Vec<u8>,
        /// How much it takes.
        takes: usize,
    }

    impl AsyncRead for Peer {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.read.map_or(Poll::Pending, |ended| Poll::Ready(Err(ended.into())))
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let part = &bytes[..bytes.len().min(self.takes)];
            self.sent.extend(part);
            self.takes -= part.len();
            if part.is_empty() { Poll::Pending } else { Poll::Ready(Ok(part.len())) }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// What the peer gets when `ended` comes after a frame of which it has taken `takes` bytes; and the error.
    fn goodbye(ended: Ended, takes: usize) -> (Vec<u8>, io::Error) {
        let frame = frame(0, 0, &[9; 20]);
        let mut stream = Goaway::new(Peer { takes, ..Peer::default() });
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut stream).poll_write(&mut cx, &frame).is_ready());
        let mut space = [0; 9];
        assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut space)).is_pending());
        stream.stream.read = Some(ended);
        stream.stream.takes = 100;
        let Poll::Ready(Err(error)) = Pin::new(&mut stream).poll_read(&mut cx, &mut ReadBuf::new(&mut space))
        else {
            unreachable!("the read does not fail")
        };
        (stream.stream.sent.split_off(takes.min(frame.len())), error)
    }

    #[test]
    fn reasons_have_their_codes_and_last_streams() {
        let time = Duration::from_secs(1);
        for (ended, last, code) in [
            (Ended::NoCall(time), [0; 4], 0),
            (Ended::SlowHeaders(time), [0x7f, 0xff, 0xff, 0xff], 11),
            (Ended::Undecodable, [0x7f, 0xff, 0xff, 0xff], 9),
            (Ended::TooLarge, [0x7f, 0xff, 0xff, 0xff], 11),
        ] {
            let (sent, error) = goodbye(ended, 29);
            assert_eq!(sent, [&[0, 0, 8, 7, 0, 0, 0, 0, 0][..], &last, &[0, 0, 0, code]].concat());
            assert_eq!(error.to_string(), ended.to_string());
        }
    }

    #[test]
    fn no_goaway_is_written_into_a_frame() {
        assert!(goodbye(Ended::Undecodable, 28).0.is_empty());
    }
}
