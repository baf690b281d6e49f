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

/// How long a chunk is, in bytes: an HTTP/2 frame of the size that every peer takes holds as much.
const CHUNK: usize = 16 * 1024;

/// How many empty chunks are kept.
const SPARE: usize = 8;

/// The number of a chunk, counted from the beginning of the stream.
pub(super) type Number = u64;

/// Items in the order in which they leave, in chunks. A chunk never grows, so that no key in it is left behind where it
/// was, and it is wiped when the transport is done with it.
#[derive(Default)]
pub(super) struct Outbox {
    full: VecDeque<Chunk>,
    /// What is written next.
    open: Chunk,
    /// How many chunks the transport has taken.
    taken: Number,
    spare: Arc<Spare>,
    /// Of the transport, when it has found nothing to take.
    sleeper: Option<Waker>,
}

impl Outbox {
    /// Writes an item, and says in which chunk it ends. The message is there by itself if it is a long one.
    pub(super) fn write<M: Message>(
        &mut self,
        item: &Item<'_, M>,
        sequence: u64,
        long: Option<Vec<u8>>,
    ) -> Number {
        let head = item.head_len(sequence);
        match long {
            None => {
                let mut space = self.space(head + item.message_len());
                item.write_head(sequence, &mut space);
                item.write_message(&mut space);
            }
            Some(message) => {
                item.write_head(sequence, &mut self.space(head));
                self.shut();
                self.full.push_back(Chunk { used: message.len(), bytes: message, spare: None });
            }
        }
        let open = self.taken + self.full.len() as Number;
        if self.open.used == 0 { open.saturating_sub(1) } else { open }
    }

    /// The next chunk for the transport.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let chunk = match self.full.pop_front() {
            Some(chunk) => chunk,
            None if self.open.used == 0 => return None,
            None => mem::take(&mut self.open),
        };
        self.taken += 1;
        Some(Bytes::from_owner(chunk))
    }

    /// Whether the transport has not taken a chunk yet.
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

    /// Space for so many bytes, which are to be written.
    fn space(&mut self, length: usize) -> &mut [u8] {
        if self.open.bytes.len() - self.open.used < length {
            self.shut();
            self.open = Spare::chunk(&self.spare, length);
        }
        let Chunk { bytes, used, .. } = &mut self.open;
        let begin = *used;
        *used += length;
        bytes.get_mut(begin..*used).unwrap_or_default()
    }

    fn shut(&mut self) {
        let chunk = mem::take(&mut self.open);
        if chunk.used > 0 {
            self.full.push_back(chunk);
        }
    }
}

/// Bytes on their way, and zeros behind them.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    used: usize,
    /// Where the memory goes afterwards.
    spare: Option<Arc<Spare>>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // As `Zeroize` does it, but only what was written.
        let written = self.bytes.get_mut(..self.used).unwrap_or_default();
        written.fill(0);
        optimization_barrier(written);
        if let Some(spare) = self.spare.take() {
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
            return Chunk { bytes: vec![0; length], used: 0, spare: None };
        }
        let bytes = lock(&spare.0).pop().unwrap_or_else(|| vec![0; CHUNK]);
        Chunk { bytes, used: 0, spare: Some(Arc::clone(spare)) }
    }

    fn keep(&self, bytes: Vec<u8>) {
        let mut kept = lock(&self.0);
        if kept.len() < SPARE {
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

    fn write(outbox: &mut Outbox, sequence: u64, length: usize) -> Number {
        let message = hash(length);
        let item = Item::new(3, &message, Duration::from_millis(1500));
        outbox.write(&item, sequence, item.long())
    }

    #[test]
    fn items_leave_as_they_were_written_whatever_their_length() {
        let mut outbox = Outbox::default();
        let lengths = [0, 1, 100, 16_300, 16_384, 20_000, 5, 200_000, 9, 16_000, 16_000, 16_000];
        let mut last = 0;
        for (sequence, length) in (1..).zip(lengths) {
            let chunk = write(&mut outbox, sequence, length);
            assert!(chunk >= last && outbox.is_here(chunk));
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
        assert!(!outbox.is_here(last) && outbox.is_here(last + 1));
        let sent = (1..).zip(lengths).map(|(sequence, length)| PipelineRequest {
            sequence,
            timeout: Some(prost_types::Duration { seconds: 1, nanos: 500_000_000 }),
            operation: Some(Operation::HashData(hash(length))),
        });
        assert!(found.into_iter().eq(sent));
    }

    #[test]
    fn an_item_is_gone_with_the_chunk_in_which_it_ends() {
        let mut outbox = Outbox::default();
        let [short, long, next] = [10, 50_000, 10].map(|length| write(&mut outbox, 1, length));
        // The head of the long one leaves with the short one.
        outbox.take().unwrap();
        assert_eq!([false, true, true], [short, long, next].map(|chunk| outbox.is_here(chunk)));
        outbox.take().unwrap();
        assert_eq!([false, false, true], [short, long, next].map(|chunk| outbox.is_here(chunk)));
        outbox.take().unwrap();
        assert!(!outbox.is_here(next) && outbox.take().is_none());
    }

    #[test]
    fn chunks_come_back_empty_and_are_used_again() {
        let mut outbox = Outbox::default();
        for _ in 0..3 {
            for sequence in 0..2000 {
                write(&mut outbox, sequence, 100);
            }
            let chunks: Vec<_> = std::iter::from_fn(|| outbox.take()).collect();
            assert!(chunks.len() > SPARE && chunks.iter().all(|chunk| chunk.contains(&7)));
            drop(chunks);
            let kept = lock(&outbox.spare.0);
            assert_eq!(SPARE, kept.len());
            assert!(kept.iter().all(|bytes| *bytes == [0; CHUNK]));
        }
    }
}
