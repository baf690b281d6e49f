//! Reads ahead of the socket, on a thread of its own.

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

use super::PART;
use crate::error::{Error, ErrorKind};

/// How many parts there are at the same time: one is read while another is sent, and the transport holds the rest.
const BUFFERS: usize = 4;

type Buffer = Zeroizing<Vec<u8>>;

/// What the reader gives, in parts.
pub(crate) fn ahead(reader: impl Read + Send + 'static) -> Result<Ahead, Error> {
    let (sender, parts) = channel::unbounded_channel();
    thread::Builder::new()
        .name("broker-reader".into())
        .spawn(move || {
            // An unwinding reader must not look like one that came to its end.
            let end = catch_unwind(AssertUnwindSafe(|| read(reader, &sender)));
            let end = end.unwrap_or_else(|_| Err(io::Error::other("the reader panicked")));
            // Nobody hears it when the call is over.
            let _ = sender.send(end.map(|()| None));
        })
        .map_err(|source| Error::new(ErrorKind::Input { source: Arc::new(source) }))?;
    Ok(Ahead { parts })
}

type Item = io::Result<Option<Bytes>>;

fn read(mut reader: impl Read, parts: &channel::UnboundedSender<Item>) -> io::Result<()> {
    let (back, free) = mpsc::channel::<Buffer>();
    let mut buffers = BUFFERS;
    while !parts.is_closed() {
        let mut bytes = if buffers > 0 {
            buffers -= 1;
            Zeroizing::new(vec![0; PART])
        } else {
            match free.recv() {
                Ok(buffer) => buffer,
                Err(_) => return Ok(()),
            }
        };
        let length = fill(&mut reader, &mut bytes)?;
        let part = Bytes::from_owner(Part { bytes, back: back.clone() }).slice(..length);
        if length > 0 && parts.send(Ok(Some(part))).is_err() {
            return Ok(());
        }
        if length < PART {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads until the buffer is full or the reader at its end.
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

/// A buffer on its way through the transport. It comes back when the transport is done with it.
struct Part {
    bytes: Buffer,
    back: mpsc::Sender<Buffer>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Dropped and wiped, when the reading is over.
        let _ = self.back.send(mem::take(&mut self.bytes));
    }
}

/// The parts of a reader, as its thread reads them.
pub(crate) struct Ahead {
    parts: channel::UnboundedReceiver<Item>,
}

impl Stream for Ahead {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.parts.poll_recv(context).map(|item| match item {
            Some(part) => part.transpose(),
            None => Some(Err(io::Error::other("the thread of the reader is gone"))),
        })
    }
}
