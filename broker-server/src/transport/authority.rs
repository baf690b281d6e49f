//! The I/O layer that rewrites a malformed `:authority`, which h2 would reject.
//!
//! gRPC's C core (Python, C++, Ruby), grpc-java and tools that are built on them send the path of a Unix socket as
//! `:authority`, slashes included. RFC 9113 8.3.1 requires the authority of a URI there, so h2 resets their calls. On a
//! Unix socket the field means nothing. [`AuthorityIo`] inspects the first header block of a connection: if its
//! authority is well-formed or absent, all bytes pass through unchanged from then on and are not inspected any more.
//! Otherwise each header block of the connection is decoded and encoded anew with the authority `localhost`, without
//! HPACK's dynamic table. DATA frames are read directly into hyper's buffer.
//!
//! The memory that a peer can occupy is limited: a header block and its list by [`MAX_HEADER_LIST_SIZE`], the dynamic
//! table by our SETTINGS. So is the time: the first block, and each block from its first frame to its last, must arrive
//! within [`HeaderTimeouts`]. A violation ends the connection with a [`CloseReason`].

mod rewrite;

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    forward::forward_writes,
    goaway::CloseReason,
    hpack::{Decoder, HpackError},
    http2::{
        EncodedHeader, FRAME_HEADER_LENGTH, FrameHeader, MAX_PAYLOAD, PREFACE_LENGTH, flag, frame_type,
        header_fragment,
    },
    options::MAX_HEADER_LIST_SIZE,
    read_timer::ReadTimer,
};

/// The maximum length of a header block as it arrives, and the maximum size of its list of fields.
const MAX_BLOCK: usize = MAX_HEADER_LIST_SIZE as usize;

/// The time limits of a connection's header blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderTimeouts {
    /// From the start of the connection to the end of its first header block.
    pub(super) first_call: Duration,
    /// From the first frame of a header block to its last.
    pub(super) header_block: Duration,
}

/// A stream whose header blocks have a well-formed authority.
pub(super) struct AuthorityIo<S> {
    stream: S,
    state: State,
    /// The decoder of the header blocks, with the peer's dynamic table.
    decoder: Decoder,
    /// The first header block had a malformed authority, so every block is rewritten.
    rewriting: bool,
    /// Rewritten or released bytes, which are delivered to the reader before any others.
    output: Vec<u8>,
    /// The number of bytes of `output` that have been delivered.
    output_position: usize,
    /// The number of header blocks that have begun. The timer of a block has this number.
    block_number: u64,
    timeouts: HeaderTimeouts,
    first_call_timer: ReadTimer,
    header_block_timer: ReadTimer,
}

enum State {
    /// All bytes pass through. Nothing is inspected for the rest of the connection.
    Inactive,
    /// This many bytes of the preface, or of a frame outside header blocks, are forwarded before the next frame header.
    ForwardBytes(usize),
    /// A frame header is being read, inside a header block if there is one.
    FrameHeader { bytes: EncodedHeader, length: usize, block: Option<HeaderBlock> },
    /// The payload of a header block's frame is being read.
    Fragment { remaining: usize, block: HeaderBlock },
}

impl State {
    fn frame_header(block: Option<HeaderBlock>) -> Self {
        Self::FrameHeader { bytes: [0; FRAME_HEADER_LENGTH], length: 0, block }
    }
}

/// An incomplete header block: HEADERS and the CONTINUATION frames after it.
#[derive(Default)]
struct HeaderBlock {
    /// The frames as they arrived.
    raw: Vec<u8>,
    /// The offset in `raw` of the current frame's payload.
    payload_start: usize,
    /// The fragments, without padding and priority.
    fragments: Vec<u8>,
    /// The flags and the stream of HEADERS.
    flags: u8,
    stream: [u8; 4],
    /// The current frame is the last of the block.
    ends_block: bool,
}

impl<S> AuthorityIo<S> {
    pub(super) fn new(stream: S, timeouts: HeaderTimeouts) -> Self {
        Self {
            stream,
            state: State::ForwardBytes(PREFACE_LENGTH),
            decoder: Decoder::new(),
            rewriting: false,
            output: Vec::new(),
            output_position: 0,
            block_number: 0,
            timeouts,
            first_call_timer: ReadTimer::default(),
            header_block_timer: ReadTimer::default(),
        }
    }

    /// Delivers bytes of `output`, and reports whether there were any.
    fn deliver_output(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let rest = self.output.get(self.output_position..).unwrap_or_default();
        if rest.is_empty() {
            return false;
        }
        let part = rest.get(..buffer.remaining()).unwrap_or(rest);
        buffer.put_slice(part);
        self.output_position += part.len();
        if self.output_position == self.output.len() {
            self.output = Vec::new();
            self.output_position = 0;
        }
        true
    }

    /// Returns the state after a frame header.
    fn on_frame_header(
        &mut self,
        bytes: EncodedHeader,
        block: Option<HeaderBlock>,
    ) -> Result<State, CloseReason> {
        let FrameHeader { length, kind, flags, stream } = FrameHeader::decode(bytes);
        let mut block = match (block, kind) {
            (None, frame_type::HEADERS) if length <= MAX_PAYLOAD => {
                self.block_number += 1;
                HeaderBlock { flags, stream, ..HeaderBlock::default() }
            }
            (Some(block), frame_type::CONTINUATION) if length <= MAX_PAYLOAD && stream == block.stream => {
                block
            }
            (None, _) => {
                self.output.extend_from_slice(&bytes);
                return Ok(State::ForwardBytes(length));
            }
            // The peer has violated the protocol, which h2 will report.
            (Some(block), _) => {
                self.output.extend_from_slice(&block.raw);
                self.output.extend_from_slice(&bytes);
                return Ok(State::Inactive);
            }
        };
        block.raw.extend_from_slice(&bytes);
        if block.raw.len() + length > MAX_BLOCK {
            return Err(CloseReason::HeaderListTooLarge);
        }
        block.payload_start = block.raw.len();
        block.ends_block = flags & flag::END_HEADERS != 0;
        Ok(State::Fragment { remaining: length, block })
    }

    /// Returns the state after a complete frame of a header block.
    fn finish_frame(&mut self, mut block: HeaderBlock) -> Result<State, CloseReason> {
        let payload = block.raw.get(block.payload_start..).unwrap_or_default();
        let is_first = block.payload_start == FRAME_HEADER_LENGTH;
        let fragment = if is_first { header_fragment(payload, block.flags) } else { Some(payload) };
        let Some(fragment) = fragment else {
            self.output.append(&mut block.raw);
            return Ok(State::Inactive);
        };
        block.fragments.extend_from_slice(fragment);
        if !block.ends_block {
            return Ok(State::frame_header(Some(block)));
        }
        let fields = self.decoder.decode(&block.fragments, MAX_BLOCK).map_err(|error| match error {
            HpackError::Malformed => CloseReason::CompressionError,
            HpackError::ListTooLarge => CloseReason::HeaderListTooLarge,
        })?;
        if !self.rewriting {
            if rewrite::has_valid_authority(&fields) {
                self.output.append(&mut block.raw);
                return Ok(State::Inactive);
            }
            self.rewriting = true;
        }
        rewrite::write_block(&fields, &block, &mut self.output);
        Ok(State::frame_header(None))
    }

    /// Polls for the timeout of the first header block, or of the rest of a header block.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let in_block = match &self.state {
            State::Inactive => {
                self.first_call_timer.stop();
                self.header_block_timer.stop();
                return Poll::Pending;
            }
            State::FrameHeader { block, .. } => block.is_some(),
            State::Fragment { .. } => true,
            State::ForwardBytes(_) => false,
        };
        let HeaderTimeouts { first_call, header_block } = self.timeouts;
        if !in_block {
            self.header_block_timer.stop();
        } else if self.header_block_timer.poll(cx, self.block_number, header_block).is_ready() {
            return Poll::Ready(CloseReason::HeaderBlockTimeout(header_block));
        }
        // A client whose header blocks are rewritten has sent its first one, and may be silent without limit.
        if self.rewriting {
            self.first_call_timer.stop();
            return Poll::Pending;
        }
        self.first_call_timer.poll(cx, 0, first_call).map(|()| CloseReason::FirstCallTimeout(first_call))
    }

    /// Passes on the raw bytes of an incomplete header block when the stream ends inside it.
    fn flush_incomplete_block(&mut self) {
        match mem::replace(&mut self.state, State::Inactive) {
            State::FrameHeader { bytes, length, block } => {
                self.output.extend(block.map(|block| block.raw).unwrap_or_default());
                self.output.extend_from_slice(bytes.get(..length).unwrap_or_default());
            }
            State::Fragment { block, .. } => self.output.extend(block.raw),
            State::Inactive | State::ForwardBytes(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AuthorityIo<S> {
    /// Reads up to `limit` bytes into `memory`, and returns how many: 0 at the end of the stream.
    fn read(&mut self, cx: &mut Context<'_>, limit: usize, memory: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut part = ReadBuf::new(memory.get_mut(..limit).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        Poll::Ready(Ok(part.filled().len()))
    }

    /// Reads until there is something to deliver.
    fn poll_deliver(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.deliver_output(buffer) || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match mem::replace(&mut self.state, State::Inactive) {
                State::Inactive => return Pin::new(&mut self.stream).poll_read(cx, buffer),
                State::ForwardBytes(0) => self.state = State::frame_header(None),
                State::ForwardBytes(remaining) => {
                    let limit = remaining.min(buffer.remaining());
                    let polled = self.read(cx, limit, buffer.initialize_unfilled_to(limit));
                    self.state = State::ForwardBytes(remaining);
                    let count = ready!(polled)?;
                    buffer.advance(count);
                    self.state = State::ForwardBytes(remaining - count);
                    return Poll::Ready(Ok(()));
                }
                State::FrameHeader { mut bytes, length, block } => {
                    let remaining = bytes.get_mut(length..).unwrap_or_default();
                    let polled = self.read(cx, remaining.len(), remaining);
                    let Poll::Ready(Ok(count @ 1..)) = polled else {
                        self.state = State::FrameHeader { bytes, length, block };
                        ready!(polled)?;
                        self.flush_incomplete_block();
                        continue;
                    };
                    self.state = if length + count == FRAME_HEADER_LENGTH {
                        self.on_frame_header(bytes, block)?
                    } else {
                        State::FrameHeader { bytes, length: length + count, block }
                    };
                }
                State::Fragment { remaining: 0, block } => self.state = self.finish_frame(block)?,
                State::Fragment { remaining, mut block } => {
                    let mut part = [0; 1024];
                    let polled = self.read(cx, remaining.min(part.len()), &mut part);
                    let count = match &polled {
                        Poll::Ready(Ok(count)) => *count,
                        _ => 0,
                    };
                    block.raw.extend_from_slice(part.get(..count).unwrap_or_default());
                    self.state = State::Fragment { remaining: remaining - count, block };
                    if ready!(polled)? == 0 {
                        self.flush_incomplete_block();
                    }
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for AuthorityIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.poll_deliver(cx, buffer);
        if polled.is_pending() {
            return self.poll_timeout(cx).map(|reason| Err(reason.into()));
        }
        polled
    }
}

forward_writes!(AuthorityIo<S>);

#[cfg(test)]
mod tests;
