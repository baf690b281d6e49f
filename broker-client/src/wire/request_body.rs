//! The body of a request, and how it is sent as fast as the server accepts it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio_stream::Stream;
use zeroize::Zeroizing;

use super::limiter::SharedPermit;

/// The body of a request.
pub(crate) enum RequestBody {
    /// One message with its prefix.
    Message(Zeroizing<Vec<u8>>),
    /// Any number of chunks.
    Stream(Chunks),
}

impl RequestBody {
    pub(crate) fn stream(chunks: impl Stream<Item = Result<Bytes, InputFailed>> + Send + 'static) -> Self {
        Self::Stream(Box::pin(chunks))
    }
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, InputFailed>> + Send>>;

/// The input of a body failed. The call is reset, since the server would take a body that merely ends for a
/// complete one.
#[derive(Debug)]
pub(crate) struct InputFailed;

/// Sends the body of a request. The future that waits for the response polls it, so it needs no task. Dropping it
/// before the call has ended resets the call.
pub(super) struct BodySender {
    stream: SendStream<Bytes>,
    /// `None` after the last chunk.
    chunks: Option<Chunks>,
    /// Indicates whether both request and response are complete.
    ended: bool,
}

impl BodySender {
    pub(super) fn new(mut stream: SendStream<Bytes>, body: RequestBody, permit: &SharedPermit) -> Self {
        let chunks = match body {
            RequestBody::Message(bytes) => {
                let message = PermittedMessage { bytes, _permit: SharedPermit::clone(permit) };
                send_chunk(&mut stream, Bytes::from_owner(message), true);
                None
            }
            RequestBody::Stream(chunks) => Some(chunks),
        };
        Self { stream, chunks, ended: false }
    }

    /// Sends the chunks that are ready and for which the server has capacity.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(chunks) = &mut self.chunks
            && poll_send(chunks, &mut self.stream, context).is_ready()
        {
            self.chunks = None;
        }
    }

    /// Notes that the response is complete. The call has ended where the request is complete, too: the message has then
    /// released its permit, so that only the response holds it.
    pub(super) fn response_ended(&mut self, permit: &SharedPermit) {
        self.ended = self.chunks.is_none() && Arc::strong_count(permit) == 1;
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        if !self.ended {
            // Explicitly, since h2 would otherwise keep queued data until the connection can send it.
            self.stream.send_reset(Reason::CANCEL);
        }
    }
}

/// A message that is in flight. It holds the permit of its call until h2 has sent it, even where no caller waits
/// for the response any more: unsent messages must not pile up while a server does not read.
struct PermittedMessage {
    bytes: Zeroizing<Vec<u8>>,
    _permit: SharedPermit,
}

impl AsRef<[u8]> for PermittedMessage {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Sends chunks until none is left, which is when it is ready.
fn poll_send(chunks: &mut Chunks, stream: &mut SendStream<Bytes>, context: &mut Context<'_>) -> Poll<()> {
    loop {
        // One byte of capacity is enough to hand over a chunk: h2 buffers the rest.
        stream.reserve_capacity(1);
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(context)) {
                Some(Ok(_)) => {}
                // The call has ended; the response tells why.
                Some(Err(_)) | None => return Poll::Ready(()),
            }
        }
        if stream.poll_reset(context).is_ready() {
            return Poll::Ready(());
        }
        let ended = match ready!(chunks.as_mut().poll_next(context)) {
            Some(Ok(chunk)) => !send_chunk(stream, chunk, false),
            Some(Err(InputFailed)) => {
                // Not CANCEL, which some servers treat as the end of the request.
                stream.send_reset(Reason::INTERNAL_ERROR);
                true
            }
            None => {
                send_chunk(stream, Bytes::new(), true);
                true
            }
        };
        if ended {
            return Poll::Ready(());
        }
    }
}

/// Hands a chunk to h2 and reports whether h2 accepted it. h2 rejects a chunk that is longer than a window can be,
/// after which the call could never end and so is reset, and any chunk of a call that has already ended.
fn send_chunk(stream: &mut SendStream<Bytes>, chunk: Bytes, last: bool) -> bool {
    let accepted = stream.send_data(chunk, last).is_ok();
    if !accepted {
        stream.send_reset(Reason::INTERNAL_ERROR);
    }
    accepted
}
