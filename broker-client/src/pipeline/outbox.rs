//! What callers have written and the transport has not taken yet.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
    task::Waker,
};

use bytes::Bytes;
use prost::Message;
use zeroize::optimization_barrier;

use super::{item::Item, lock};

/// How long a chunk is: an HTTP/2 frame of the size that every peer takes holds as much.
const CHUNK: usize = 16 * 1024;

/// How many empty chunks are kept.
const SPARE: usize = 8;

/// Items in the order in which they leave, in chunks. A chunk never grows, so no key in it is left behind where it was,
/// and it is wiped when the transport is done with it.
#[derive(Default)]
pub(super) struct Outbox {
    full: VecDeque<Chunk>,
    /// What is written next.
    open: Chunk,
    /// How many chunks the transport has taken.
    taken: u64,
    spare: Arc<Spare>,
    /// Of the transport, when it has found nothing to take.
    sleeper: Option<Waker>,
}

/// The number of a chunk, counted from the beginning of the stream.
pub(super) type Number = u64;

impl Outbox {
    /// Writes an item, and says in which chunk it ends. The message by itself is there if it is a long one.
    pub(super) fn write<M: Message>(
        &mut self,
        item: &Item<'_, M>,
        sequence: u64,
        long: Option<Vec<u8>>,
    ) -> Number {
        match long {
            None => {
                let bytes = self.room(item.head_len(sequence) + item.message_len());
                item.write_head(sequence, bytes);
                item.write_message(bytes);
            }
            Some(message) => {
                item.write_head(sequence, self.room(item.head_len(sequence)));
                self.shut();
                self.full.push_back(Chunk { bytes: message, spare: None });
            }
        }
        let next = self.taken + self.full.len() as u64;
        if self.open.bytes.is_empty() { next.saturating_sub(1) } else { next }
    }

    /// The next chunk for the transport.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let chunk = match self.full.pop_front() {
            Some(chunk) => chunk,
            None if self.open.bytes.is_empty() => return None,
            None => mem::take(&mut self.open),
        };
        self.taken += 1;
        Some(Bytes::from_owner(chunk))
    }

    /// Whether nothing of a chunk has left.
    pub(super) fn is_here(&self, chunk: Number) -> bool {
        chunk >= self.taken
    }

    /// Who is to be woken by the next item.
    pub(super) fn sleep(&mut self, waker: &Waker) {
        match &mut self.sleeper {
            Some(sleeper) => sleeper.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&mut self) -> Option<Waker> {
        self.sleeper.take()
    }

    /// The open chunk, with room for so many bytes.
    fn room(&mut self, length: usize) -> &mut Vec<u8> {
        if self.open.bytes.capacity() - self.open.bytes.len() < length {
            self.shut();
            self.open = Spare::chunk(&self.spare, length);
        }
        &mut self.open.bytes
    }

    fn shut(&mut self) {
        if !self.open.bytes.is_empty() {
            self.full.push_back(mem::take(&mut self.open));
        }
    }
}

/// Bytes on their way.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// Where the memory goes afterwards.
    spare: Option<Arc<Spare>>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // As `Zeroize` does, but for what was written only.
        self.bytes.fill(0);
        optimization_barrier(self.bytes.as_slice());
        if let Some(spare) = self.spare.take() {
            self.bytes.clear();
            spare.keep(mem::take(&mut self.bytes));
        }
    }
}

/// Empty chunks.
#[derive(Default)]
struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    fn chunk(spare: &Arc<Self>, length: usize) -> Chunk {
        if length > CHUNK {
            return Chunk { bytes: Vec::with_capacity(length), spare: None };
        }
        let bytes = lock(&spare.0).pop().unwrap_or_else(|| Vec::with_capacity(CHUNK));
        Chunk { bytes, spare: Some(Arc::clone(spare)) }
    }

    fn keep(&self, bytes: Vec<u8>) {
        let mut kept = lock(&self.0);
        if kept.len() < SPARE {
            kept.push(bytes);
        }
    }
}
