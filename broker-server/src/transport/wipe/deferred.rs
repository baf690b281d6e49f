//! Bytes that the filter holds back.

/// Bytes that are delivered piece by piece. Delivered ones are zeroed in place and never moved, because a peer may send
/// thousands of header blocks at once.
#[derive(Debug, Default)]
pub(super) struct DeferredBytes {
    bytes: Vec<u8>,
    /// How many bytes have been delivered.
    delivered: usize,
}

impl DeferredBytes {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, delivered: 0 }
    }

    /// Returns the bytes that have not been delivered yet.
    pub(super) fn remaining(&self) -> &[u8] {
        self.bytes.get(self.delivered..).unwrap_or_default()
    }

    /// Marks the next `count` bytes as delivered.
    pub(super) fn advance(&mut self, count: usize) {
        self.bytes.iter_mut().skip(self.delivered).take(count).for_each(|byte| *byte = 0);
        self.delivered += count;
        if self.remaining().is_empty() {
            *self = Self::default();
        }
    }
}
