//! What a call sends in parts, as the socket takes them.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, SendStream};
use tokio_stream::Stream;

/// The parts cannot be had to their end. The call is reset: to the server a stream that just ended would be a whole one.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// The parts. Whoever waits for the answer polls them, so they need no task.
pub(crate) struct Upload {
    parts: Pin<Box<dyn Stream<Item = Result<Bytes, Unreadable>> + Send>>,
    /// `None` before the call and after the last part.
    stream: Option<SendStream<Bytes>>,
}

impl Upload {
    pub(crate) fn new(parts: impl Stream<Item = Result<Bytes, Unreadable>> + Send + 'static) -> Self {
        Self { parts: Box::pin(parts), stream: None }
    }

    pub(super) fn begin(&mut self, stream: SendStream<Bytes>) {
        self.stream = Some(stream);
    }

    /// Sends what there is and what the server has room for.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(stream) = &mut self.stream
            && send(&mut self.parts, stream, context).is_ready()
        {
            self.stream = None;
        }
    }
}

/// Ready when nothing more is to be sent.
fn send(
    parts: &mut Pin<Box<dyn Stream<Item = Result<Bytes, Unreadable>> + Send>>,
    stream: &mut SendStream<Bytes>,
    context: &mut Context<'_>,
) -> Poll<()> {
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
            Some(Ok(part)) => stream.send_data(part, false).is_err(),
            Some(Err(Unreadable)) => {
                // Not CANCEL, which some servers take for the request's end.
                stream.send_reset(Reason::INTERNAL_ERROR);
                true
            }
            None => {
                // Where the call has ended already, its answer says why.
                let _ = stream.send_data(Bytes::new(), true);
                true
            }
        };
        if ended {
            return Poll::Ready(());
        }
    }
}
