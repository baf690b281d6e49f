//! Gathers the data of a stream into batches, because switching to another thread costs more than processing a few bytes.

use std::mem;

use bytes::{Bytes, BytesMut};

/// The length of a batch, in bytes.
pub(super) const BATCH_BYTES: usize = 256 << 10;
/// The length in bytes below which a chunk is copied, because a slice keeps its whole read buffer alive.
const COPY_BELOW: usize = 8 << 10;
/// The length in bytes of the buffer that small chunks are copied into.
const COPY_BUFFER_BYTES: usize = 16 << 10;

/// Collects chunks of data until they form a batch.
#[derive(Debug, Default)]
pub(super) struct Batcher {
    batch: Batch,
    /// Small chunks that are not in `batch` yet.
    copied: BytesMut,
}

/// Chunks of data in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    chunks: Vec<Bytes>,
    length: usize,
}

impl Batcher {
    /// Adds a chunk, and returns a batch once it is large enough.
    pub(super) fn push(&mut self, chunk: Bytes) -> Option<Batch> {
        if chunk.len() >= COPY_BELOW {
            self.flush_copied();
            self.batch.push(chunk);
        } else if !chunk.is_empty() {
            if self.copied.len() + chunk.len() > COPY_BUFFER_BYTES {
                self.flush_copied();
            }
            // One allocation serves all following chunks. A buffer that grows would leave copies behind.
            self.copied.reserve(COPY_BUFFER_BYTES - self.copied.len());
            self.copied.extend_from_slice(&chunk);
        }
        (self.batch.length >= BATCH_BYTES).then(|| mem::take(&mut self.batch))
    }

    /// Takes the remaining data.
    pub(super) fn take_remaining(&mut self) -> Batch {
        self.flush_copied();
        mem::take(&mut self.batch)
    }

    fn flush_copied(&mut self) {
        if !self.copied.is_empty() {
            self.batch.push(mem::take(&mut self.copied).freeze());
        }
    }
}

impl Batch {
    fn push(&mut self, chunk: Bytes) {
        self.length += chunk.len();
        self.chunks.push(chunk);
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().map(|chunk| &chunk[..])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_preserve_data_within_buffer_limits(
            lengths in prop::collection::vec(
                prop_oneof![0_usize..40, COPY_BELOW - 2..COPY_BELOW + 2, 0..3 * COPY_BUFFER_BYTES, BATCH_BYTES - 2..BATCH_BYTES + 2],
                0..60,
            ),
        ) {
            let mut batcher = Batcher::default();
            let (mut sent, mut processed): (Vec<u8>, Vec<u8>) = Default::default();
            for (index, length) in lengths.into_iter().enumerate() {
                let chunk = vec![u8::try_from(index).unwrap(); length];
                sent.extend(&chunk);
                if let Some(batch) = batcher.push(chunk.into()) {
                    prop_assert!(batch.len() >= BATCH_BYTES);
                    batch.chunks().for_each(|chunk| processed.extend(chunk));
                }
                prop_assert!(batcher.copied.capacity() <= COPY_BUFFER_BYTES);
                prop_assert!(batcher.batch.len() < BATCH_BYTES);
            }
            let remaining = batcher.take_remaining();
            prop_assert_eq!(remaining.len(), sent.len() - processed.len());
            remaining.chunks().for_each(|chunk| processed.extend(chunk));
            prop_assert_eq!(sent, processed);
        }
    }
}
