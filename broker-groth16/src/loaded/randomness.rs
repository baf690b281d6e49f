//! The source of randomness.

use ark_std::rand::{CryptoRng, Error, RngCore};

/// Randomness from the caller: a function that fills a buffer from a generator that is fit for keys. It must not return
/// if it cannot.
#[derive(Clone, Copy, Debug)]
pub struct Randomness(pub fn(&mut [u8]));

impl RngCore for Randomness {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        (self.0)(bytes);
        Ok(())
    }
}

impl CryptoRng for Randomness {}
