//! Reads the one message of a unary request from its body.

use std::{future::poll_fn, pin::Pin};

use broker_proto::Deframer;
use bytes::Bytes;
use http_body::Body;
use tonic::Status;

use crate::status::CallError;

/// Reads the first message of a body and waits until the body ends; further data is ignored.
///
/// # Errors
/// Fails with the status that tonic would return if the message is missing, truncated, compressed or longer than `limit`
/// bytes. An error is returned as soon as the bytes that show it have arrived.
pub(super) async fn read<B>(mut body: B, limit: usize) -> Result<Bytes, CallError>
where
    B: Body<Data = Bytes, Error = Status> + Unpin,
{
    let mut deframer = Deframer::new(limit);
    let mut message = None;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|status| CallError::from_tonic(&status))?;
        if message.is_none()
            && let Ok(data) = frame.into_data()
        {
            deframer.push(data);
            message = deframer.next_message()?;
        }
    }
    match message {
        Some(message) => Ok(message),
        None => {
            deframer.finish()?;
            Err(CallError::from_tonic(&Status::internal("Missing request message.")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        collections::VecDeque,
        task::{Context, Poll, Waker},
    };

    use http_body::Frame;

    use super::*;

    struct Frames {
        waiting: VecDeque<Bytes>,
        /// Frames that have been handed out.
        read: Vec<Bytes>,
    }

    impl Frames {
        fn new(data: &[u8], length: usize) -> Self {
            Self { waiting: data.chunks(length).map(Bytes::copy_from_slice).collect(), read: Vec::new() }
        }
    }

    impl Body for &mut Frames {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            let frame = self.waiting.pop_front();
            self.read.extend(frame.clone());
            Poll::Ready(frame.map(|data| Ok(Frame::data(data))))
        }
    }

    fn read(frames: &mut Frames) -> Result<Bytes, CallError> {
        let future = std::pin::pin!(super::read(frames, 3));
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => unreachable!("all chunks have arrived"),
        }
    }

    #[test]
    fn returns_first_message_for_any_frame_boundaries() {
        // More messages follow, none of which begins a frame.
        let many = [&b"\0\0\0\0\x03abc"[..], &b"\0\0\0\0\x02xy".repeat(10_000)].concat();
        for (data, text) in [
            (&[0, 0, 0, 0, 0][..], ""),
            (b"\0\0\0\0\x03abc", "abc"),
            (b"\0\0\0\0\x01abc", "a"),
            (&many, "abc"),
        ] {
            for length in [1, 2, 3, 5, 7, 8, 11, usize::MAX] {
                let mut frames = Frames::new(data, length);
                assert_eq!(read(&mut frames).unwrap(), text, "{length}");
                assert!(frames.waiting.is_empty(), "the body was not read to its end");
            }
        }
    }

    #[test]
    fn drops_data_after_first_message() {
        let mut frames = Frames::new(&b"\0\0\0\0\x03abc".repeat(100), 8);
        let message = read(&mut frames).unwrap();
        assert_eq!(message, "abc");
        assert!(frames.read.iter().skip(1).all(Bytes::is_unique));
    }

    #[test]
    fn rejects_invalid_message_as_soon_as_possible() {
        for (data, reason, text, enough) in [
            (&b""[..], "MALFORMED_MESSAGE", "Missing request message", None),
            (b"\0\0\0\0", "MALFORMED_MESSAGE", "Unexpected EOF", None),
            (b"\0\0\0\0\x03ab", "MALFORMED_MESSAGE", "Unexpected EOF", None),
            (b"\x01\0\0\0\x01a", "MALFORMED_MESSAGE", "compressed-flag", Some(5)),
            (b"\0\0\0\0\x04", "MESSAGE_TOO_LARGE", "found 4 bytes", Some(5)),
            (b"\0\0\0\0\x04a", "MESSAGE_TOO_LARGE", "found 4 bytes", Some(5)),
            (b"\0\xff\xff\xff\xffabc", "MESSAGE_TOO_LARGE", "found 4294967295 bytes", Some(5)),
        ] {
            for length in [1, 3, 5, 6, usize::MAX] {
                let mut frames = Frames::new(data, length);
                let error = read(&mut frames).unwrap_err();
                assert!(error.reason() == reason && error.to_string().contains(text), "{data:?}: {error}");
                let frames_read = enough.map_or(data.len(), |enough: usize| enough).div_ceil(length);
                assert_eq!(frames.read.len(), frames_read, "{data:?} in frames of {length}");
            }
        }
    }
}
