//! The buffer between the callers, which write items, and the transport, which takes them in chunks.

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

/// The length of a chunk, in bytes, which is the size of an HTTP/2 frame that every peer accepts.
const CHUNK_LENGTH: usize = 16 * 1024;

/// The number of empty chunks that are kept for reuse.
const MAX_SPARE_CHUNKS: usize = 8;

/// The number of a chunk, counted from the beginning of the stream.
pub(super) type ChunkNumber = u64;

/// The encoded items in sending order, in chunks. A chunk never grows, so that it leaves no copy of a key behind,
/// and it is wiped when the transport drops it.
#[derive(Default)]
pub(super) struct Outbox {
    full: VecDeque<Chunk>,
    /// The chunk to which items are appended.
    open: Chunk,
    /// The number of chunks that the transport has taken.
    taken: ChunkNumber,
    spare: Arc<SpareChunks>,
    /// The waker of the transport, where it waits for a chunk.
    transport: Option<Waker>,
}

impl Outbox {
    /// Appends an item, and returns the chunk in which it ends. `long` is the encoded message, where it is a long one.
    pub(super) fn write<M: Message>(
        &mut self,
        item: &Item<'_, M>,
        sequence: u64,
        long: Option<Vec<u8>>,
    ) -> ChunkNumber {
        let head = item.head_length(sequence);
        match long {
            None => {
                let mut space = self.reserve(head + item.message_length());
                item.write_head(sequence, &mut space);
                item.write_message(&mut space);
            }
            Some(message) => {
                item.write_head(sequence, &mut self.reserve(head));
                self.close_chunk();
                self.full.push_back(Chunk { used: message.len(), bytes: message, spare: None });
            }
        }
        let open = self.taken + self.full.len() as ChunkNumber;
        if self.open.used == 0 { open.saturating_sub(1) } else { open }
    }

    /// Takes the next chunk for the transport.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let chunk = match self.full.pop_front() {
            Some(chunk) => chunk,
            None if self.open.used == 0 => return None,
            None => mem::take(&mut self.open),
        };
        self.taken += 1;
        Some(Bytes::from_owner(chunk))
    }

    /// Reports whether the transport has not taken this chunk yet.
    pub(super) fn is_unsent(&self, chunk: ChunkNumber) -> bool {
        chunk >= self.taken
    }

    /// Stores the waker of the transport, which waits for the next item.
    pub(super) fn set_waker(&mut self, waker: &Waker) {
        match &mut self.transport {
            Some(transport) => transport.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Takes the waker of the transport, if it waits.
    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        self.transport.take()
    }

    /// Returns this many bytes of a chunk, which the caller must overwrite.
    fn reserve(&mut self, length: usize) -> &mut [u8] {
        if self.open.bytes.len() - self.open.used < length {
            self.close_chunk();
            self.open = SpareChunks::get(&self.spare, length);
        }
        let Chunk { bytes, used, .. } = &mut self.open;
        let begin = *used;
        *used += length;
        bytes.get_mut(begin..*used).unwrap_or_default()
    }

    fn close_chunk(&mut self) {
        let chunk = mem::take(&mut self.open);
        if chunk.used > 0 {
            self.full.push_back(chunk);
        }
    }
}

/// A buffer whose first `used` bytes were written, and whose other bytes are zero.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    used: usize,
    /// Where the memory is returned to, if it is reused.
    spare: Option<Arc<SpareChunks>>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // Wiped like `Zeroize` does, but only the bytes that were written.
        let written = self.bytes.get_mut(..self.used).unwrap_or_default();
        written.fill(0);
        optimization_barrier(written);
        if let Some(spare) = self.spare.take() {
            spare.put(mem::take(&mut self.bytes));
        }
    }
}

/// The memory of chunks for reuse, filled with zeros.
#[derive(Default)]
struct SpareChunks(Mutex<Vec<Vec<u8>>>);

impl SpareChunks {
    /// Returns an empty chunk with at least this length.
    fn get(spare: &Arc<Self>, length: usize) -> Chunk {
        if length > CHUNK_LENGTH {
            return Chunk { bytes: vec![0; length], used: 0, spare: None };
        }
        let bytes = lock(&spare.0).pop().unwrap_or_else(|| vec![0; CHUNK_LENGTH]);
        Chunk { bytes, used: 0, spare: Some(Arc::clone(spare)) }
    }

    fn put(&self, bytes: Vec<u8>) {
        let mut kept = lock(&self.0);
        if kept.len() < MAX_SPARE_CHUNKS {
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::time::Duration;

    use broker_proto::v1::{HashDataRequest, PipelineRequest, pipeline_request::Operation};

    use super::*;
    use crate::wire::Messages;

    fn hash(length: usize) -> HashDataRequest {
        HashDataRequest { profile: "P".into(), input: vec![7; length].into(), ..Default::default() }
    }

    fn write(outbox: &mut Outbox, sequence: u64, length: usize) -> ChunkNumber {
        let message = hash(length);
        let item = Item::new(3, &message, Duration::from_millis(1500));
        outbox.write(&item, sequence, item.encode_long())
    }

    #[test]
    fn items_of_every_length_are_sent_as_written() {
        let mut outbox = Outbox::default();
        let lengths = [0, 1, 100, 16_300, 16_384, 20_000, 5, 200_000, 9, 16_000, 16_000, 16_000];
        let mut last = 0;
        for (sequence, length) in (1..).zip(lengths) {
            let chunk = write(&mut outbox, sequence, length);
            assert!(chunk >= last && outbox.is_unsent(chunk));
            last = chunk;
        }
        let mut messages = Messages::default();
        let mut found = Vec::new();
        while let Some(chunk) = outbox.take() {
            messages.push(chunk);
            while let Some(message) = messages.next().unwrap() {
                found.push(PipelineRequest::decode(message).unwrap());
            }
        }
        assert!(!outbox.is_unsent(last) && outbox.is_unsent(last + 1));
        let sent = (1..).zip(lengths).map(|(sequence, length)| PipelineRequest {
            sequence,
            timeout: Some(prost_types::Duration { seconds: 1, nanos: 500_000_000 }),
            operation: Some(Operation::HashData(hash(length))),
        });
        assert!(found.into_iter().eq(sent));
    }

    #[test]
    fn item_is_unsent_until_its_last_chunk_is_taken() {
        let mut outbox = Outbox::default();
        let [short, long, next] = [10, 50_000, 10].map(|length| write(&mut outbox, 1, length));
        // The head of the long item is in the chunk of the short one.
        outbox.take().unwrap();
        assert_eq!([false, true, true], [short, long, next].map(|chunk| outbox.is_unsent(chunk)));
        outbox.take().unwrap();
        assert_eq!([false, false, true], [short, long, next].map(|chunk| outbox.is_unsent(chunk)));
        outbox.take().unwrap();
        assert!(!outbox.is_unsent(next) && outbox.take().is_none());
    }

    #[test]
    fn reuses_wiped_chunks() {
        let mut outbox = Outbox::default();
        for _ in 0..3 {
            for sequence in 0..2000 {
                write(&mut outbox, sequence, 100);
            }
            let chunks: Vec<_> = std::iter::from_fn(|| outbox.take()).collect();
            assert!(chunks.len() > MAX_SPARE_CHUNKS && chunks.iter().all(|chunk| chunk.contains(&7)));
            drop(chunks);
            let kept = lock(&outbox.spare.0);
            assert_eq!(MAX_SPARE_CHUNKS, kept.len());
            assert!(kept.iter().all(|bytes| *bytes == [0; CHUNK_LENGTH]));
        }
    }
}
