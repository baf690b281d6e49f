//! Bytes that are held back while zeros are inserted.

/// Bytes that are delivered in parts. Delivered ones are zeroed in place, and the rest is never moved, because a peer may
/// send thousands of header blocks at once.
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
