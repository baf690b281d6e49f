//! Puts small parts together: a hop to another thread costs more than the work on some bytes.

use bytes::Bytes;

/// What is put together before it is worked on, in bytes. A larger part is worked on as it came.
pub(super) const ENOUGH: usize = 64 << 10;

/// Parts that are not worked on yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    small: Vec<u8>,
}

/// What is to be worked on next, in this order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    small: Vec<u8>,
    large: Bytes,
}

impl Pieces {
    /// Adds a part; gives back a batch where there is enough for one.
    pub(super) fn push(&mut self, part: Bytes) -> Option<Batch> {
        if part.len() >= ENOUGH {
            return Some(Batch { small: std::mem::take(&mut self.small), large: part });
        }
        let full = self.small.len() + part.len() > ENOUGH;
        let batch = full.then(|| Batch { small: std::mem::take(&mut self.small), large: Bytes::new() });
        if !part.is_empty() {
            // One allocation for all parts to come: a buffer that grows would leave copies behind.
            self.small.reserve_exact(ENOUGH - self.small.len());
            self.small.extend_from_slice(&part);
        }
        batch
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> Batch {
        Batch { small: std::mem::take(&mut self.small), large: Bytes::new() }
    }
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.small.len() + self.large.len()
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        [self.small.as_slice(), &self.large].into_iter().filter(|piece| !piece.is_empty())
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
            lengths in prop::collection::vec(prop_oneof![0_usize..40, ENOUGH - 2..ENOUGH + 2, 0..3 * ENOUGH], 0..40),
        ) {
            let mut pieces = Pieces::default();
            let (mut sent, mut worked): (Vec<u8>, Vec<u8>) = Default::default();
            for (index, length) in lengths.into_iter().enumerate() {
                let part = vec![u8::try_from(index).unwrap(); length];
                sent.extend(&part);
                if let Some(batch) = pieces.push(part.into()) {
                    prop_assert!(batch.len() > 0);
                    batch.pieces().for_each(|piece| worked.extend(piece));
                }
                prop_assert!(pieces.small.capacity() <= ENOUGH);
            }
            pieces.rest().pieces().for_each(|piece| worked.extend(piece));
            prop_assert_eq!(sent, worked);
        }
    }
}
