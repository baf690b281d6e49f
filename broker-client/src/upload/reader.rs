//! Reads from a blocking reader ahead of the socket, on a thread of its own.

use std::{
    io::{self, Read},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, mpsc},
    task::{Context, Poll},
    thread,
};

use bytes::Bytes;
use tokio::sync::mpsc as channel;
use tokio_stream::Stream;
use zeroize::Zeroizing;

use super::MAX_PART_LENGTH;
use crate::error::{Error, ErrorKind};

/// The number of buffers: one is filled while another is sent, and the transport holds the others.
const MAX_BUFFERS: usize = 4;

type Buffer = Zeroizing<Vec<u8>>;

/// Starts a thread that reads until the end of the reader, and returns the parts that it read.
///
/// # Errors
/// Fails with [`ErrorKind::Input`] where the thread cannot start.
pub(crate) fn read_ahead(reader: impl Read + Send + 'static) -> Result<ReadAhead, Error> {
    let (sender, parts) = channel::unbounded_channel();
    thread::Builder::new()
        .name("broker-reader".into())
        .spawn(move || {
            // A reader that panics must not look like one that reached its end.
            let end = catch_unwind(AssertUnwindSafe(|| read(reader, &sender)));
            let end = end.unwrap_or_else(|_| Err(io::Error::other("the reader panicked")));
            // Sending fails where the call is over.
            let _ = sender.send(end.map(|()| None));
        })
        .map_err(|source| Error::new(ErrorKind::Input { source: Arc::new(source) }))?;
    Ok(ReadAhead { parts })
}

/// A part, or `None` at the end of the reader.
type Item = io::Result<Option<Bytes>>;

fn read(mut reader: impl Read, parts: &channel::UnboundedSender<Item>) -> io::Result<()> {
    let (returned, free) = mpsc::channel::<Buffer>();
    let mut available = MAX_BUFFERS;
    while !parts.is_closed() {
        let mut bytes = if available > 0 {
            available -= 1;
            Zeroizing::new(vec![0; MAX_PART_LENGTH])
        } else {
            match free.recv() {
                Ok(buffer) => buffer,
                Err(_) => return Ok(()),
            }
        };
        let length = fill(&mut reader, &mut bytes)?;
        let part = Bytes::from_owner(Part { bytes, returned: returned.clone() }).slice(..length);
        if length > 0 && parts.send(Ok(Some(part))).is_err() {
            return Ok(());
        }
        if length < MAX_PART_LENGTH {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads until the buffer is full or the reader ends, and returns the number of bytes.
fn fill(reader: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<usize> {
    let size = buffer.len();
    while !buffer.is_empty() {
        match reader.read(buffer) {
            Ok(0) => break,
            Ok(read) => buffer = buffer.get_mut(read..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(size - buffer.len())
}

/// A buffer that the transport holds. It is returned to the reading thread when the transport drops it.
struct Part {
    bytes: Buffer,
    returned: mpsc::Sender<Buffer>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Where the thread has ended, the buffer is dropped and so wiped.
        let _ = self.returned.send(mem::take(&mut self.bytes));
    }
}

/// The parts of a reader, in the order in which its thread reads them.
pub(crate) struct ReadAhead {
    parts: channel::UnboundedReceiver<Item>,
}

impl Stream for ReadAhead {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.parts.poll_recv(context).map(|item| match item {
            Some(part) => part.transpose(),
            None => Some(Err(io::Error::other("the thread of the reader has ended"))),
        })
    }
}
