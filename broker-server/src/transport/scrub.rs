//! Wipes what a private key leaves in a connection's read buffer.
//!
//! The HTTP/2 library reads into a buffer that lives as long as its connection, and what it has read stays there until
//! later bytes overwrite it. A caller that keeps its connection and falls silent would leave its key in our memory. So
//! after a call that carried a secret, [`Scrubbed`] slips frames of zeros into the stream, between two of the peer's
//! frames: of a type that RFC 9113 4.1 tells every receiver to discard, and long enough to cover the buffer.

use std::{
    io,
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The connection preface (RFC 9113 3.4), which comes before the first frame.
const PREFACE: usize = 24;
/// A frame's header (RFC 9113 4.1).
const HEADER: usize = 9;
/// The largest payload that a peer may send us: SETTINGS_MAX_FRAME_SIZE as we leave it (RFC 9113 6.5.2).
const PAYLOAD: usize = 16_384;
/// The buffer moves its rest to its front when it is full, so one frame can land behind the secret; the second covers it.
const FRAMES: usize = 2;
/// Length, a type that no standard uses, no flags, stream 0.
const ZEROS: [u8; HEADER] = [0, 0x40, 0, 0xbe, 0, 0, 0, 0, 0];

/// The wish to have a connection's buffer wiped.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    wanted: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl Scrub {
    /// Wipes as soon as the connection is between two frames.
    pub(super) fn request(&self) {
        self.wanted.store(true, Ordering::Release);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn register(&self, waker: &Waker) {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !reader.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }
}

/// A stream whose reader's buffer can be wiped.
#[derive(Debug)]
pub(super) struct Scrubbed<'a, S> {
    stream: S,
    scrub: &'a Scrub,
    frames: Frames,
    /// Bytes of zero frames still to be read.
    pending: usize,
}

impl<'a, S> Scrubbed<'a, S> {
    pub(super) fn new(stream: S, scrub: &'a Scrub) -> Self {
        Self { stream, scrub, frames: Frames::default(), pending: 0 }
    }

    fn fill(&mut self, buffer: &mut ReadBuf<'_>) {
        while self.pending > 0 && buffer.remaining() > 0 {
            let length = HEADER + PAYLOAD;
            let at = (FRAMES * length - self.pending) % length;
            let written = match ZEROS.get(at..) {
                Some(header) if !header.is_empty() => {
                    let part = header.get(..buffer.remaining()).unwrap_or(header);
                    buffer.put_slice(part);
                    part.len()
                }
                _ => {
                    let count = (length - at).min(buffer.remaining());
                    buffer.initialize_unfilled_to(count).fill(0);
                    buffer.advance(count);
                    count
                }
            };
            self.pending -= written;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Scrubbed<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // Registered before the wish is looked at, so that none goes unseen.
        this.scrub.register(cx.waker());
        if this.pending == 0 && this.frames.between() && this.scrub.wanted.swap(false, Ordering::AcqRel) {
            this.pending = FRAMES * (HEADER + PAYLOAD);
        }
        if this.pending > 0 {
            this.fill(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.frames.follow(buffer.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Scrubbed<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Follows the peer's bytes from frame to frame.
#[derive(Debug)]
struct Frames {
    /// Bytes of the preface or of a payload still to come.
    rest: usize,
    header: [u8; HEADER],
    /// How much of `header` has come.
    known: usize,
    /// A header block has begun and not ended: only CONTINUATION may follow (RFC 9113 6.2).
    open_block: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self { rest: PREFACE, header: [0; HEADER], known: 0, open_block: false }
    }
}

impl Frames {
    fn between(&self) -> bool {
        self.rest == 0 && self.known == 0 && !self.open_block
    }

    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let missing = self.header.get_mut(self.known..).unwrap_or_default();
            let taken = missing.len().min(bytes.len());
            let (part, rest) = bytes.split_at(taken);
            missing.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.known += taken;
            bytes = rest;
            if self.known == HEADER {
                self.known = 0;
                let [high, middle, low, kind, flags, ..] = self.header;
                self.rest = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                // HEADERS and CONTINUATION; flag END_HEADERS.
                self.open_block = if matches!(kind, 1 | 9) { flags & 4 == 0 } else { self.open_block };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn frame(kind: u8, flags: u8, length: u16) -> Vec<u8> {
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
            for (kind, flags, length) in &lengths {
                bytes.extend(frame(*kind, *flags, *length));
            }
            let mut frames = Frames::default();
            for piece in bytes.chunks(cut) {
                frames.follow(piece);
            }
            let open = lengths.iter().rfind(|(kind, ..)| matches!(kind, 1 | 9));
            prop_assert_eq!(frames.between(), open.is_none_or(|(_, flags, _)| flags & 4 != 0));
        }
    }

    #[tokio::test]
    async fn zeros_come_between_two_frames_and_nothing_is_lost() {
        let scrub = Scrub::default();
        let mut sent = vec![b'P'; PREFACE];
        sent.extend(frame(0, 0, 100));
        let first = sent.len() - 10;
        let mut stream = Scrubbed::new(&sent[..], &scrub);
        let mut read = vec![0; first];
        stream.read_exact(&mut read).await.unwrap();
        scrub.request();
        // In the middle of a frame nothing is slipped in.
        let mut rest = [1; 10];
        stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(rest, [0; 10]);
        let mut zeros = Vec::new();
        stream.read_to_end(&mut zeros).await.unwrap();
        assert_eq!(zeros.len(), FRAMES * (HEADER + PAYLOAD));
        assert_eq!(zeros[..HEADER], ZEROS);
        assert_eq!(zeros[HEADER + PAYLOAD..][..HEADER], ZEROS);
    }
}
