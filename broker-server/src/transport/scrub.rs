//! Wipes what a secret leaves in a connection's read buffer.
//!
//! The HTTP/2 library reads into a buffer that lives as long as its connection, and what it has read stays there until
//! later bytes overwrite it. A caller that keeps its connection and falls silent would leave its key in our memory. So
//! after a call that carried a secret, [`Scrubbed`] slips frames of zeros into the stream, between two of the peer's
//! frames: of a type that RFC 9113 4.1 tells every receiver to discard, and as many as it takes to wipe the buffer.
//!
//! A header field that the peer wants to be remembered (RFC 7541 2.3.2) keeps the piece of memory alive that it was read
//! into. Zeros come before and behind such a header block, too: what comes with it is read into another piece.

use std::{
    io, mem,
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    frames::{Frames, HEADER, Stop},
    goaway::Ended,
    patience::Patience,
};

/// The largest payload that a peer may send us: SETTINGS_MAX_FRAME_SIZE as we leave it (RFC 9113 6.5.2). With larger
/// frames a stream of data was slower.
const PAYLOAD: usize = 16_384;
/// More frames than any buffer takes: it has room for four of the largest at most.
const FRAMES: usize = 12;

/// The header of a frame of zeros: length, a type that no standard uses, no flags, stream 0.
const ZEROS: [u8; HEADER] = [0, 0x40, 0, 0xbe, 0, 0, 0, 0, 0];

/// The wish to have a connection's buffer wiped.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    wanted: AtomicBool,
    always: AtomicBool,
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

    /// Wipes now and from here on whenever the peer pauses: a call has ended before its request has, and the rest, with
    /// a secret in it, comes when nobody is left to ask for a wipe.
    pub(super) fn request_always(&self) {
        self.always.store(true, Ordering::Release);
        self.request();
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
    zeros: Option<Zeros>,
    /// What was read behind a header block, to be handed on after the zeros.
    held: Held,
    /// Something has been handed on since the last wipe.
    dirty: bool,
    /// How long a header block may take from its first frame to its last.
    header_block_time: Duration,
    block: Patience,
}

/// Bytes that are handed on bit by bit, each of them once: a peer may send thousands of header blocks at a time.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Where those begin that have not been handed on. The others are zeros.
    at: usize,
}

impl Held {
    fn left(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.iter_mut().skip(self.at).take(count).for_each(|byte| *byte = 0);
        self.at += count;
        if self.left().is_empty() {
            *self = Self::default();
        }
    }
}

/// Frames of zeros on their way into the buffer.
#[derive(Debug)]
struct Zeros {
    /// Bytes of them that have been handed on.
    done: usize,
    /// Where in memory the reader's next byte belongs if its buffer stays what it is.
    expected: Option<usize>,
    /// How often the buffer must be another, or be filled from its front again: then what was in it is gone.
    turns: usize,
}

impl Zeros {
    /// Wipes the buffer. One that grows keeps what it has, and goes to its front at its next turn.
    fn wipe() -> Self {
        Self { done: 0, expected: None, turns: 2 }
    }

    /// Leaves a piece of memory that is kept alive.
    fn leave() -> Self {
        Self { turns: 1, ..Self::wipe() }
    }

    /// Whether it is over.
    fn fill(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let place = buffer.initialize_unfilled_to(0).as_ptr() as usize;
        if self.expected != Some(place) {
            // All that is free, and not only what the frame will take.
            buffer.initialize_unfilled().fill(0);
            self.turns = self.turns.saturating_sub(usize::from(self.expected.is_some()));
        }
        let (at, length) = (self.done % (HEADER + PAYLOAD), HEADER + PAYLOAD);
        let count = (length - at).min(buffer.remaining());
        let part = buffer.initialize_unfilled_to(count);
        part.fill(0);
        part.iter_mut().zip(ZEROS.into_iter().skip(at)).for_each(|(to, from)| *to = from);
        buffer.advance(count);
        self.done += count;
        self.expected = Some(place + count);
        self.done.is_multiple_of(length) && (self.turns == 0 || self.done >= FRAMES * length)
    }
}

impl<'a, S> Scrubbed<'a, S> {
    pub(super) fn new(stream: S, scrub: &'a Scrub, header_block_time: Duration) -> Self {
        let (frames, held, block) = (Frames::default(), Held::default(), Patience::default());
        Self { stream, scrub, frames, zeros: None, held, dirty: false, header_block_time, block }
    }

    /// Is ready where the rest of a header block has not come in time.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let time = self.header_block_time;
        match self.frames.inside_block() {
            Some(number) => self.block.poll(cx, number, time).map(|()| Ended::SlowHeaders(time)),
            None => {
                self.block.end();
                Poll::Pending
            }
        }
    }

    fn fill(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some(zeros) = &mut self.zeros else { return false };
        if zeros.fill(buffer) {
            self.zeros = None;
        }
        true
    }

    fn wipe(&mut self) {
        self.zeros = Some(Zeros::wipe());
        self.dirty = false;
    }

    fn leave(&mut self) {
        self.zeros = Some(Zeros::leave());
        self.dirty = false;
    }

    /// Follows what is to be handed on, up to the next place for zeros, where there is one: they are made ready.
    fn stop(&mut self, read: &[u8]) -> Option<usize> {
        let mut stop = self.frames.follow(read);
        if stop == Some(Stop::Before(0)) && !self.dirty {
            stop = self.frames.follow(read);
        }
        self.dirty |= !read.is_empty();
        match stop? {
            Stop::Before(place) => {
                self.wipe();
                Some(place)
            }
            Stop::Behind(place) => {
                self.leave();
                Some(place)
            }
        }
    }

    /// Follows what has been read from `before` on, and holds back what stands behind a place for zeros. They come at once
    /// where nothing stands before it: to read nothing would be the end.
    fn follow(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let Some(place) = self.stop(buffer.filled().get(before..).unwrap_or_default()) else { return };
        // Exactly as long: a buffer that grows would leave copies.
        let rest = buffer.filled().get(before + place..).unwrap_or_default().to_vec();
        self.held = Held { bytes: rest, at: 0 };
        buffer.filled_mut().iter_mut().skip(before + place).for_each(|byte| *byte = 0);
        buffer.set_filled(before + place);
        if place == 0 {
            self.fill(buffer);
        }
    }

    fn hand_on_held(&mut self, buffer: &mut ReadBuf<'_>) {
        let mut held = mem::take(&mut self.held);
        let left = held.left();
        let next = left.get(..buffer.remaining()).unwrap_or(left);
        let place = self.stop(next);
        let now = place.and_then(|place| next.get(..place)).unwrap_or(next);
        buffer.put_slice(now);
        let count = now.len();
        held.advance(count);
        self.held = held;
        if place == Some(0) {
            self.fill(buffer);
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
        let between = this.zeros.is_none() && this.frames.between();
        if between && this.scrub.wanted.swap(false, Ordering::AcqRel) {
            this.wipe();
        }
        if this.fill(buffer) {
            return Poll::Ready(Ok(()));
        }
        if !this.held.left().is_empty() {
            this.hand_on_held(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if polled.is_pending() && between && this.dirty && this.scrub.always.load(Ordering::Acquire) {
            this.wipe();
            this.fill(buffer);
            return Poll::Ready(Ok(()));
        }
        if polled.is_pending() {
            return this.wait(cx).map(|ended| Err(ended.into()));
        }
        ready!(polled)?;
        this.follow(buffer, before);
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::mem::MaybeUninit;

    use tokio::io::AsyncReadExt as _;

    use super::{
        super::frames::{PREFACE, tests::frame},
        *,
    };

    /// The frames in `read` that are not the peer's, and the peer's.
    fn sort(read: &[u8]) -> (usize, Vec<u8>) {
        let (mut zeros, mut others, mut at) = (0, read[..PREFACE].to_vec(), PREFACE);
        while at < read.len() {
            let length = HEADER + usize::from(u16::from_be_bytes([read[at + 1], read[at + 2]]));
            let frame = &read[at..at + length];
            if frame[..HEADER] == ZEROS {
                assert!(frame[HEADER..].iter().all(|byte| *byte == 0));
                zeros += 1;
            } else {
                others.extend(frame);
            }
            at += length;
        }
        (zeros, others)
    }

    #[tokio::test]
    async fn zeros_come_between_two_frames_and_nothing_is_lost() {
        let scrub = Scrub::default();
        let mut sent = vec![b'P'; PREFACE];
        sent.extend(frame(0, 0, 100));
        let first = sent.len() - 10;
        let mut stream = Scrubbed::new(&sent[..], &scrub, Duration::MAX);
        let mut read = vec![0; first];
        stream.read_exact(&mut read).await.unwrap();
        scrub.request();
        // In the middle of a frame nothing is slipped in.
        let mut rest = [1; 10];
        stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(rest, [0; 10]);
        stream.read_to_end(&mut read).await.unwrap();
        read.splice(first..first, rest);
        let (zeros, others) = sort(&read);
        assert!((1..=FRAMES).contains(&zeros), "{zeros}");
        assert_eq!(others, sent);
    }

    /// Many header blocks come at once, and each is followed by zeros. What waits behind them is not copied again for each.
    #[test]
    fn bytes_that_are_held_are_handed_on_once() {
        let mut block = frame(1, 4, 4);
        block[HEADER..].copy_from_slice(&[0x41, 2, b'a', b'b']);
        let sent = [vec![b'P'; PREFACE], block.repeat(100)].concat();
        let scrub = Scrub::default();
        let mut stream = Scrubbed::new(&sent[..], &scrub, Duration::MAX);
        let mut cx = Context::from_waker(Waker::noop());
        let (mut blocks, mut memory) = (0, vec![MaybeUninit::uninit(); 1 << 16]);
        loop {
            let mut buffer = ReadBuf::uninit(&mut memory);
            assert!(Pin::new(&mut stream).poll_read(&mut cx, &mut buffer).is_ready());
            match buffer.filled() {
                [] => break,
                filled if filled.starts_with(&block) => {
                    assert_eq!(filled, block);
                    assert_eq!(buffer.initialized().len(), block.len(), "more has been copied");
                    blocks += 1;
                }
                _ => {}
            }
        }
        assert_eq!(blocks, 100);
    }

    #[tokio::test]
    async fn zeros_follow_a_header_block_that_stays() {
        let mut sent = vec![b'P'; PREFACE];
        let mut block = frame(1, 4, 4);
        // A literal with a name of the static table, to be remembered (RFC 7541 6.2.1).
        block[HEADER..].copy_from_slice(&[0x41, 2, b'a', b'b']);
        for _ in 0..2 {
            sent.extend(&block);
            sent.extend(frame(0, 0, 300));
        }
        let scrub = Scrub::default();
        let mut stream = Scrubbed::new(&sent[..], &scrub, Duration::MAX);
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        let (zeros, others) = sort(&read);
        assert!(zeros >= 2, "{zeros}");
        assert_eq!(others, sent);
        assert_eq!(read[PREFACE + 13..][..HEADER], ZEROS);
    }

    #[tokio::test]
    async fn header_block_that_is_not_whole_in_time_ends_the_connection() {
        let (time, scrub) = (Duration::from_millis(20), Scrub::default());
        let mut whole = vec![b'P'; PREFACE];
        whole.extend(frame(1, 4, 4));
        let mut begun = whole.clone();
        begun.extend(frame(1, 0, 4));
        let mut half = whole.clone();
        half.extend(&frame(1, 4, 40)[..20]);
        let mut data = whole.clone();
        data.extend(&frame(0, 0, 100)[..50]);
        for (sent, ends) in [(whole, false), (begun, true), (half, true), (data, false)] {
            let (mut peer, stream) = tokio::io::duplex(1 << 20);
            tokio::io::AsyncWriteExt::write_all(&mut peer, &sent).await.unwrap();
            let (mut all, mut stream) = (Vec::new(), Scrubbed::new(stream, &scrub, time));
            let read = tokio::time::timeout(time * 10, stream.read_to_end(&mut all)).await;
            let ended = read.ok().map(|read| *read.unwrap_err().get_ref().unwrap().downcast_ref().unwrap());
            assert_eq!(ended, ends.then_some(Ended::SlowHeaders(time)));
        }
    }
}
