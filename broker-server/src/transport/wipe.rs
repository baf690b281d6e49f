//! The I/O layer that wipes secrets from a connection's read buffer.
//!
//! h2 reads into a buffer that lives as long as its connection, and the bytes that it has read stay there until later
//! ones overwrite them. A client that keeps its connection open and sends nothing more would leave its key in the
//! broker's memory. So after a call that carried a secret, [`WipeIo`] inserts frames of zeros between two frames of the
//! peer. They have a type that every receiver must discard (RFC 9113 4.1), and are as many as fill the buffer.
//!
//! h2 keeps the fields of its dynamic table (RFC 7541 2.3.2) in the buffer that they were read into, which
//! stays alive with them. So zeros are inserted before and after such a header block too, and the bytes around it are
//! read into another buffer.

mod deferred;
mod zeros;

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

use self::{deferred::DeferredBytes, zeros::Zeros};
use super::{
    forward::forward_writes,
    frames::{BufferSplit, FrameTracker},
    goaway::CloseReason,
    read_timer::ReadTimer,
};

/// Requests that a connection's read buffer be wiped.
#[derive(Debug, Default)]
pub(super) struct WipeSignal {
    requested: AtomicBool,
    on_every_pause: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl WipeSignal {
    /// Requests a wipe as soon as the connection is between two frames.
    pub(super) fn request(&self) {
        self.requested.store(true, Ordering::Release);
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Requests a wipe now and whenever the peer pauses from now on. This is for a call that ended before its request:
    /// the rest of the request contains a secret, and no later event requests a wipe when it has arrived.
    pub(super) fn request_on_every_pause(&self) {
        self.on_every_pause.store(true, Ordering::Release);
        self.request();
    }

    fn register(&self, waker: &Waker) {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !reader.as_ref().is_some_and(|registered| registered.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }
}

/// A stream that wipes its reader's buffer.
#[derive(Debug)]
pub(super) struct WipeIo<'a, S> {
    stream: S,
    signal: &'a WipeSignal,
    frames: FrameTracker,
    zeros: Option<Zeros>,
    /// Bytes that were read behind a [`BufferSplit`] and are delivered after the zeros.
    deferred: DeferredBytes,
    /// Bytes of the peer, secret or not, have been delivered since the last wipe.
    delivered_since_wipe: bool,
    /// The time limit of a header block, from its first frame to its last.
    header_block_timeout: Duration,
    header_block_timer: ReadTimer,
}

impl<'a, S> WipeIo<'a, S> {
    pub(super) fn new(stream: S, signal: &'a WipeSignal, header_block_timeout: Duration) -> Self {
        Self {
            stream,
            signal,
            frames: FrameTracker::default(),
            zeros: None,
            deferred: DeferredBytes::default(),
            delivered_since_wipe: false,
            header_block_timeout,
            header_block_timer: ReadTimer::default(),
        }
    }

    /// Polls for the timeout of an incomplete header block.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let limit = self.header_block_timeout;
        match self.frames.incomplete_block() {
            Some(block) => self
                .header_block_timer
                .poll(cx, block, limit)
                .map(|()| CloseReason::HeaderBlockTimeout(limit)),
            None => {
                self.header_block_timer.stop();
                Poll::Pending
            }
        }
    }

    /// Starts to insert zeros, which [`Self::fill`] writes.
    fn start_zeros(&mut self, zeros: Zeros) {
        self.zeros = Some(zeros);
        self.delivered_since_wipe = false;
    }

    /// Fills the buffer with zeros if some are to be inserted, and reports whether that is so.
    fn fill(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some(zeros) = &mut self.zeros else { return false };
        if zeros.fill(buffer) {
            self.zeros = None;
        }
        true
    }

    /// Advances over bytes that are to be delivered, up to the next [`BufferSplit`], and starts the zeros there. Returns
    /// its offset.
    fn advance(&mut self, read: &[u8]) -> Option<usize> {
        let mut split = self.frames.advance(read);
        if split == Some(BufferSplit::BeforeBlock(0)) && !self.delivered_since_wipe {
            // The buffer has just been wiped, so the header block needs no zeros before it.
            split = self.frames.advance(read);
        }
        self.delivered_since_wipe |= !read.is_empty();
        let (zeros, offset) = match split? {
            BufferSplit::BeforeBlock(offset) => (Zeros::until_overwritten(), offset),
            BufferSplit::AfterBlock(offset) => (Zeros::until_new_buffer(), offset),
        };
        self.start_zeros(zeros);
        Some(offset)
    }

    /// Advances over the bytes that were read into the buffer from `start` on, and holds back those behind a
    /// [`BufferSplit`]. If none are left to deliver, zeros are delivered at once, because an empty read would mean the
    /// end of the stream.
    fn split_filled(&mut self, buffer: &mut ReadBuf<'_>, start: usize) {
        let Some(offset) = self.advance(buffer.filled().get(start..).unwrap_or_default()) else { return };
        // The vector has the exact length: one that grows would leave copies behind.
        let rest = buffer.filled().get(start + offset..).unwrap_or_default().to_vec();
        self.deferred = DeferredBytes::new(rest);
        buffer.filled_mut().iter_mut().skip(start + offset).for_each(|byte| *byte = 0);
        buffer.set_filled(start + offset);
        if offset == 0 {
            self.fill(buffer);
        }
    }

    /// Delivers deferred bytes, up to the next [`BufferSplit`].
    fn deliver_deferred(&mut self, buffer: &mut ReadBuf<'_>) {
        let mut deferred = mem::take(&mut self.deferred);
        let remaining = deferred.remaining();
        let next = remaining.get(..buffer.remaining()).unwrap_or(remaining);
        let offset = self.advance(next);
        let part = offset.and_then(|offset| next.get(..offset)).unwrap_or(next);
        buffer.put_slice(part);
        let count = part.len();
        deferred.advance(count);
        self.deferred = deferred;
        if offset == Some(0) {
            self.fill(buffer);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WipeIo<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // The waker is registered before the flag is read, so that no request is missed.
        this.signal.register(cx.waker());
        let between_frames = this.zeros.is_none() && this.frames.may_insert_frame();
        if between_frames && this.signal.requested.swap(false, Ordering::AcqRel) {
            this.start_zeros(Zeros::until_overwritten());
        }
        if this.fill(buffer) {
            return Poll::Ready(Ok(()));
        }
        if !this.deferred.remaining().is_empty() {
            this.deliver_deferred(buffer);
            return Poll::Ready(Ok(()));
        }
        let start = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if polled.is_pending() {
            if between_frames
                && this.delivered_since_wipe
                && this.signal.on_every_pause.load(Ordering::Acquire)
            {
                this.start_zeros(Zeros::until_overwritten());
                this.fill(buffer);
                return Poll::Ready(Ok(()));
            }
            return this.poll_timeout(cx).map(|reason| Err(reason.into()));
        }
        ready!(polled)?;
        this.split_filled(buffer, start);
        Poll::Ready(Ok(()))
    }
}

forward_writes!(WipeIo<'a, S>);

#[cfg(test)]
mod tests;
