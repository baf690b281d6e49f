//! Gathers the data of a stream into batches: a hop to another thread costs more than the work on a few bytes.

use std::mem;

use bytes::{Bytes, BytesMut};

/// The length of a batch, in bytes.
pub(super) const ENOUGH: usize = 256 << 10;
/// The length in bytes below which a part is copied, since a slice keeps the whole frame alive.
const LARGE: usize = 8 << 10;
/// The length in bytes of a buffer of small parts.
const SMALL: usize = 16 << 10;

/// Data that is not in a complete batch yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    batch: Batch,
    small: BytesMut,
}

/// Data in its order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pieces: Vec<Bytes>,
    length: usize,
}

impl Pieces {
    /// Adds a part, and returns a batch where there is enough data for one.
    pub(super) fn push(&mut self, part: Bytes) -> Option<Batch> {
        if part.len() >= LARGE {
            self.close();
            self.batch.push(part);
        } else if !part.is_empty() {
            if self.small.len() + part.len() > SMALL {
                self.close();
            }
            // One allocation serves all following parts: a buffer that grows would leave copies behind.
            self.small.reserve(SMALL - self.small.len());
            self.small.extend_from_slice(&part);
        }
        (self.batch.length >= ENOUGH).then(|| mem::take(&mut self.batch))
    }

    /// Returns the remaining data.
    pub(super) fn rest(&mut self) -> Batch {
        self.close();
        mem::take(&mut self.batch)
    }

    fn close(&mut self) {
        if !self.small.is_empty() {
            self.batch.push(mem::take(&mut self.small).freeze());
        }
    }
}

impl Batch {
    fn push(&mut self, piece: Bytes) {
        self.length += piece.len();
        self.pieces.push(piece);
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| &piece[..])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_grows(
            lengths in prop::collection::vec(
                prop_oneof![0_usize..40, LARGE - 2..LARGE + 2, 0..3 * SMALL, ENOUGH - 2..ENOUGH + 2],
                0..60,
            ),
        ) {
            let mut pieces = Pieces::default();
            let (mut sent, mut worked): (Vec<u8>, Vec<u8>) = Default::default();
            for (index, length) in lengths.into_iter().enumerate() {
                let part = vec![u8::try_from(index).unwrap(); length];
                sent.extend(&part);
                if let Some(batch) = pieces.push(part.into()) {
                    prop_assert!(batch.len() >= ENOUGH);
                    batch.pieces().for_each(|piece| worked.extend(piece));
                }
                prop_assert!(pieces.small.capacity() <= SMALL);
                prop_assert!(pieces.batch.len() < ENOUGH);
            }
            let rest = pieces.rest();
            prop_assert_eq!(rest.len(), sent.len() - worked.len());
            rest.pieces().for_each(|piece| worked.extend(piece));
            prop_assert_eq!(sent, worked);
        }
    }
}
