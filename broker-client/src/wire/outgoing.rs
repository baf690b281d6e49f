//! What a call sends, as the socket takes it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio_stream::Stream;
use zeroize::Zeroizing;

use super::places::Place;

/// What a call sends.
pub(crate) enum Outgoing {
    /// One message, with its prefix.
    Message(Zeroizing<Vec<u8>>),
    /// More than that, as it comes.
    Parts(Parts),
}

impl Outgoing {
    pub(crate) fn parts(parts: impl Stream<Item = Result<Bytes, Unreadable>> + Send + 'static) -> Self {
        Self::Parts(Box::pin(parts))
    }
}

type Parts = Pin<Box<dyn Stream<Item = Result<Bytes, Unreadable>> + Send>>;

/// The parts cannot be had to their end. The call is reset: to the server a stream that just ended would be a whole one.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// The sending of a call. Whoever waits for the answer polls it, so it needs no task. Where it is dropped before its end, the
/// call is reset.
pub(super) struct Sending {
    stream: SendStream<Bytes>,
    /// `None` after the last part.
    parts: Option<Parts>,
    /// Nothing of the call is to come, in neither direction.
    over: bool,
}

impl Sending {
    pub(super) fn begin(mut stream: SendStream<Bytes>, body: Outgoing, place: &Place) -> Self {
        let parts = match body {
            Outgoing::Message(bytes) => {
                let message = Bytes::from_owner(Placed { bytes, _place: Place::clone(place) });
                give(&mut stream, message, true);
                None
            }
            Outgoing::Parts(parts) => Some(parts),
        };
        Self { stream, parts, over: false }
    }

    /// Sends what there is and what the server has room for.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(parts) = &mut self.parts
            && send(parts, &mut self.stream, context).is_ready()
        {
            self.parts = None;
        }
    }

    /// The answer has come to its end, so the call has when all of it is sent: then a message has given its place back, and
    /// the answer has the last.
    pub(super) fn answered(&mut self, place: &Place) {
        self.over = self.parts.is_none() && Arc::strong_count(place) == 1;
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.over {
            // At once: what is still to be sent would be kept until its turn came.
            self.stream.send_reset(Reason::CANCEL);
        }
    }
}

/// A message on its way. It keeps its call's place until HTTP/2 is done with it, also where nobody waits for its answer any
/// more: a server that stands still must not make its client collect them.
struct Placed {
    bytes: Zeroizing<Vec<u8>>,
    _place: Place,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Ready when nothing more is to be sent.
fn send(parts: &mut Parts, stream: &mut SendStream<Bytes>, context: &mut Context<'_>) -> Poll<()> {
    loop {
        // Room for a byte is room for a part: what is over waits in the connection.
        stream.reserve_capacity(1);
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(context)) {
                Some(Ok(_)) => {}
                // The call has ended. Its answer says why.
                Some(Err(_)) | None => return Poll::Ready(()),
            }
        }
        if stream.poll_reset(context).is_ready() {
            return Poll::Ready(());
        }
        let ended = match ready!(parts.as_mut().poll_next(context)) {
            Some(Ok(part)) => !give(stream, part, false),
            Some(Err(Unreadable)) => {
                // Not CANCEL, which some servers take for the request's end.
                stream.send_reset(Reason::INTERNAL_ERROR);
                true
            }
            None => {
                give(stream, Bytes::new(), true);
                true
            }
        };
        if ended {
            return Poll::Ready(());
        }
    }
}

/// Hands data to HTTP/2. It does not take what is longer than a window can be, which would leave the call without an end;
/// nor anything of a call that has ended already, whose answer says why.
fn give(stream: &mut SendStream<Bytes>, data: Bytes, last: bool) -> bool {
    let taken = stream.send_data(data, last).is_ok();
    if !taken {
        stream.send_reset(Reason::INTERNAL_ERROR);
    }
    taken
}
