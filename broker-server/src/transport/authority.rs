//! Lets clients in whose `:authority` is no authority.
//!
//! gRPC's C core (Python, C++, Ruby), grpc-java and tools built on them send the path of a Unix socket as `:authority`,
//! slashes and all. RFC 9113 8.3.1 wants the authority of a URI there, so the HTTP/2 library resets their calls. On a
//! Unix socket that field says nothing. [`Authority`] looks at the first header block of a connection: where its
//! authority is well formed, or there is none, everything passes through untouched from then on, at no cost. Otherwise
//! each header block of the connection is decoded and written anew with [`LOCALHOST`] in that field, without HPACK's
//! dynamic table. Data never passes through a buffer of this filter.
//!
//! What a peer can make the filter hold is bounded: a header block and its list by [`LARGEST_HEADERS`], the dynamic table
//! by our SETTINGS, and both in time: the first block, and each from its first frame to its last, has to come within
//! [`Times`]. What breaks that ends the connection ([`Ended`]).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    goaway::Ended,
    hpack::{Decoder, Field, HpackError},
    options::LARGEST_HEADERS,
    patience::Patience,
};

/// What takes the place of an authority that is none.
const LOCALHOST: &[u8] = b"localhost";
/// The connection preface (RFC 9113 3.4).
const PREFACE: usize = 24;
/// A frame's header (RFC 9113 4.1).
const HEADER: usize = 9;
/// The largest frame that every peer takes (RFC 9113 4.2).
const FRAME: usize = 16_384;
/// The longest header block, in bytes as it comes, and the longest list that one may unfold to.
const BLOCK: usize = LARGEST_HEADERS as usize;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// A stream whose header blocks have a well-formed authority.
pub(super) struct Authority<S> {
    stream: S,
    state: State,
    /// The decoder of a connection that needs it, with the peer's dynamic table.
    decoder: Decoder,
    /// Whether the first block has been seen and needs rewriting.
    rewriting: bool,
    /// What the reader gets before anything else, and how much of it it has.
    ready: Vec<u8>,
    taken: usize,
    /// Header blocks that have begun.
    blocks: u64,
    /// How long the first header block may take, and how long each from its first frame to its last.
    times: Times,
    first: Patience,
    block: Patience,
}

/// How long a peer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// From the beginning of the connection to the end of its first header block.
    pub(super) first_call: Duration,
    /// From HEADERS to END_HEADERS.
    pub(super) header_block: Duration,
}

enum State {
    /// Nothing to look for any more.
    Open,
    /// This many bytes of the preface, or of a frame that is no header block, are still to pass.
    Passing(usize),
    /// Inside a frame's header.
    Header { bytes: [u8; HEADER], known: usize, block: Option<Block> },
    /// Inside a frame of a header block.
    Fragment { missing: usize, block: Block },
}

/// A header block under way: HEADERS and the CONTINUATIONs after it.
#[derive(Default)]
struct Block {
    /// Every byte as it came.
    raw: Vec<u8>,
    /// Where in `raw` the payload of the current frame begins.
    payload: usize,
    /// The fragments, without padding and priority.
    fragments: Vec<u8>,
    /// The first frame's flags and stream.
    flags: u8,
    stream: [u8; 4],
    /// The current frame is the last.
    last: bool,
}

impl<S> Authority<S> {
    pub(super) fn new(stream: S, times: Times) -> Self {
        Self {
            stream,
            state: State::Passing(PREFACE),
            decoder: Decoder::new(),
            rewriting: false,
            ready: Vec::new(),
            taken: 0,
            blocks: 0,
            times,
            first: Patience::default(),
            block: Patience::default(),
        }
    }

    /// Hands out what is ready; whether there was anything.
    fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        if rest.is_empty() {
            return false;
        }
        let part = rest.get(..buffer.remaining()).unwrap_or(rest);
        buffer.put_slice(part);
        self.taken += part.len();
        if self.taken == self.ready.len() {
            self.ready = Vec::new();
            self.taken = 0;
        }
        true
    }

    /// Returns what comes next, where a frame's header is known.
    fn begin(&mut self, bytes: [u8; HEADER], block: Option<Block>) -> Result<State, Ended> {
        let [high, middle, low, kind, flags, stream @ ..] = bytes;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let mut block = match (block, kind) {
            (None, HEADERS) if length <= FRAME => {
                self.blocks += 1;
                Block { flags, stream, ..Block::default() }
            }
            (Some(block), CONTINUATION) if length <= FRAME && stream == block.stream => block,
            (None, _) => {
                self.ready.extend_from_slice(&bytes);
                return Ok(State::Passing(length));
            }
            // The block is broken off: the HTTP/2 library has the words for it.
            (Some(block), _) => {
                self.ready.extend_from_slice(&block.raw);
                self.ready.extend_from_slice(&bytes);
                return Ok(State::Open);
            }
        };
        block.raw.extend_from_slice(&bytes);
        if block.raw.len() + length > BLOCK {
            return Err(Ended::TooLarge);
        }
        block.payload = block.raw.len();
        block.last = flags & END_HEADERS != 0;
        Ok(State::Fragment { missing: length, block })
    }

    /// Returns what comes next, where a frame of a block is whole.
    fn end(&mut self, mut block: Block) -> Result<State, Ended> {
        let payload = block.raw.get(block.payload..).unwrap_or_default();
        let first = block.payload == HEADER;
        let Some(fragment) = (if first { unwrap(payload, block.flags) } else { Some(payload) }) else {
            self.ready.append(&mut block.raw);
            return Ok(State::Open);
        };
        block.fragments.extend_from_slice(fragment);
        if !block.last {
            return Ok(State::Header { bytes: [0; HEADER], known: 0, block: Some(block) });
        }
        let fields = self.decoder.decode(&block.fragments, BLOCK).map_err(|error| match error {
            HpackError::Malformed => Ended::Undecodable,
            HpackError::TooLarge => Ended::TooLarge,
        })?;
        if !self.rewriting {
            if fields.iter().all(|(name, value)| name != b":authority" || is_authority(value)) {
                self.ready.append(&mut block.raw);
                return Ok(State::Open);
            }
            self.rewriting = true;
        }
        write_block(&fields, &block, &mut self.ready);
        Ok(State::Header { bytes: [0; HEADER], known: 0, block: None })
    }

    /// Is ready where the peer has not sent in time what it owes: the first header block, or the rest of one.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let in_block = match &self.state {
            State::Open => {
                self.first.end();
                self.block.end();
                return Poll::Pending;
            }
            State::Header { block, .. } => block.is_some(),
            State::Fragment { .. } => true,
            State::Passing(_) => false,
        };
        if !in_block {
            self.block.end();
        } else if self.block.poll(cx, self.blocks, self.times.header_block).is_ready() {
            return Poll::Ready(Ended::SlowHeaders(self.times.header_block));
        }
        // A client whose blocks are rewritten has sent its first, and may be silent for as long as it likes.
        if self.rewriting {
            self.first.end();
            return Poll::Pending;
        }
        self.first.poll(cx, 0, self.times.first_call).map(|()| Ended::NoCall(self.times.first_call))
    }
}

impl<S: AsyncRead + Unpin> Authority<S> {
    /// Reads up to `limit` bytes to `into`; the number read, none at the end of the stream.
    fn read(&mut self, cx: &mut Context<'_>, limit: usize, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut part = ReadBuf::new(into.get_mut(..limit).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        Poll::Ready(Ok(part.filled().len()))
    }

    /// What was held back, when the peer leaves in the middle of it.
    fn leave(&mut self) {
        match std::mem::replace(&mut self.state, State::Open) {
            State::Header { bytes, known, block } => {
                self.ready.extend(block.map(|block| block.raw).unwrap_or_default());
                self.ready.extend_from_slice(bytes.get(..known).unwrap_or_default());
            }
            State::Fragment { block, .. } => self.ready.extend(block.raw),
            State::Open | State::Passing(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Authority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.pass(cx, buffer);
        if polled.is_pending() {
            return self.wait(cx).map(|ended| Err(ended.into()));
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> Authority<S> {
    /// Reads, and hands on what may pass.
    fn pass(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self;
        loop {
            if this.hand_out(buffer) || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            match std::mem::replace(&mut this.state, State::Open) {
                State::Open => return Pin::new(&mut this.stream).poll_read(cx, buffer),
                State::Passing(0) => {
                    this.state = State::Header { bytes: [0; HEADER], known: 0, block: None };
                }
                State::Passing(missing) => {
                    let limit = missing.min(buffer.remaining());
                    let polled = {
                        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(limit));
                        let polled = Pin::new(&mut this.stream).poll_read(cx, &mut part);
                        polled.map_ok(|()| part.filled().len())
                    };
                    this.state = State::Passing(missing);
                    let read = ready!(polled)?;
                    buffer.advance(read);
                    this.state = State::Passing(missing - read);
                    return Poll::Ready(Ok(()));
                }
                State::Header { mut bytes, known, block } => {
                    let missing = bytes.get_mut(known..).unwrap_or_default();
                    let limit = missing.len();
                    let polled = this.read(cx, limit, missing);
                    this.state = State::Header { bytes, known, block };
                    let read = ready!(polled)?;
                    if read == 0 {
                        this.leave();
                        continue;
                    }
                    let State::Header { bytes, known, block } =
                        std::mem::replace(&mut this.state, State::Open)
                    else {
                        continue;
                    };
                    this.state = if known + read == HEADER {
                        this.begin(bytes, block)?
                    } else {
                        State::Header { bytes, known: known + read, block }
                    };
                }
                State::Fragment { missing: 0, block } => this.state = this.end(block)?,
                State::Fragment { missing, mut block } => {
                    let mut part = [0; 1024];
                    let polled = this.read(cx, missing.min(part.len()), &mut part);
                    let read = match &polled {
                        Poll::Ready(Ok(read)) => *read,
                        _ => 0,
                    };
                    block.raw.extend_from_slice(part.get(..read).unwrap_or_default());
                    this.state = State::Fragment { missing: missing - read, block };
                    if ready!(polled)? == 0 {
                        this.leave();
                    }
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Authority<S> {
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

/// As the HTTP/2 library judges it.
fn is_authority(value: &[u8]) -> bool {
    http::uri::Authority::try_from(value).is_ok()
}

/// The fragment in a HEADERS frame's payload, without padding and priority (RFC 9113 6.2).
fn unwrap(payload: &[u8], flags: u8) -> Option<&[u8]> {
    let (padding, rest) = match flags & PADDED {
        0 => (0, payload),
        _ => payload.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
    };
    let rest = if flags & PRIORITY == 0 { rest } else { rest.get(5..)? };
    rest.get(..rest.len().checked_sub(padding)?)
}

/// Writes the fields as HEADERS and CONTINUATION frames: literals that no table remembers (RFC 7541 6.2.2).
fn write_block(fields: &[Field], block: &Block, to: &mut Vec<u8>) {
    let mut fragments = Vec::new();
    for (name, value) in fields {
        let value = if name == b":authority" && !is_authority(value) { LOCALHOST } else { value };
        fragments.push(0);
        write_string(name, &mut fragments);
        write_string(value, &mut fragments);
    }
    let count = fragments.len().div_ceil(FRAME).max(1);
    for index in 0..count {
        let rest = fragments.get(index * FRAME..).unwrap_or_default();
        let part = rest.get(..FRAME).unwrap_or(rest);
        let end = if index + 1 == count { END_HEADERS } else { 0 };
        let (kind, flags) = match index {
            0 => (HEADERS, block.flags & !(PADDED | PRIORITY | END_HEADERS) | end),
            _ => (CONTINUATION, end),
        };
        // No part is longer than 2^14.
        let [.., high, middle, low] = part.len().to_be_bytes();
        to.extend_from_slice(&[high, middle, low, kind, flags]);
        to.extend_from_slice(&block.stream);
        to.extend_from_slice(part);
    }
}

/// A string literal without Huffman coding (RFC 7541 5.2), its length an integer with a prefix of 7 bits (5.1).
fn write_string(text: &[u8], to: &mut Vec<u8>) {
    let mut length = text.len();
    if length < 0x7f {
        to.push(u8::try_from(length).unwrap_or(0x7e));
    } else {
        to.push(0x7f);
        length -= 0x7f;
        while length >= 0x80 {
            to.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
            length >>= 7;
        }
        to.push(u8::try_from(length).unwrap_or(0));
    }
    to.extend_from_slice(text);
}

#[cfg(test)]
mod tests;
