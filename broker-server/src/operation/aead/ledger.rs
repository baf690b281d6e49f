//! How many random nonces each key has had.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{error::Unspecified, hmac, rand::SystemRandom};

use super::AeadError;

/// How many messages one key may encrypt under random nonces of 96 bits: beyond it the chance that two of them are
/// equal is above 2^-32 (SP 800-38D 8.3).
const PER_KEY: u64 = 1 << 32;

/// How many keys are remembered; some 6 MiB when all are there.
const KEYS: usize = 1 << 16;

/// Counts the random nonces of each key and refuses the key that has had its share.
///
/// A key is known by 128 bits of a MAC over it, under a key that only this process knows; the key itself is not kept.
///
/// The memory is bounded, and what it forgets it never counts too low. A new key that finds no room takes the place of
/// the key with the smallest count *and that count*, so what stands beside a key is never less than the nonces it has
/// had, however many keys came between (the space-saving algorithm: Metwally, Agrawal, El Abbadi, "Efficient
/// Computation of Frequent and Top-k Elements in Data Streams", 2005). The price is that a count may be too high, by at
/// most the number of all random nonces of this process divided by the number of keys remembered: no key is refused too
/// early before that sum is 2^48.
///
/// The count is this process's: it starts again when the broker does, and brokers that are given the same key do not
/// know of each other. It is a guard against one key in use for ever, not a proof; how long a key lives over restarts
/// and replicas is its owner's to bound.
pub struct NonceLedger {
    mac: hmac::Key,
    per_key: u64,
    keys: usize,
    counts: Mutex<Counts>,
}

/// A key's name in the ledger.
type Id = [u8; 16];

/// Each key is in both.
#[derive(Default)]
struct Counts {
    by_key: HashMap<Id, u64>,
    by_count: BTreeSet<(u64, Id)>,
}

impl NonceLedger {
    /// The bound of SP 800-38D 8.3, for 65,536 keys.
    ///
    /// # Errors
    /// Where there is no randomness for the key of the MAC.
    pub fn new() -> Result<Self, Unspecified> {
        Self::with_bounds(PER_KEY, KEYS)
    }

    /// Other bounds: a test cannot use a key 2^32 times.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn with_bounds(per_key: u64, keys: usize) -> Result<Self, Unspecified> {
        let mac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        Ok(Self { mac, per_key, keys, counts: Mutex::default() })
    }

    /// Counts one more random nonce for `key`. It is counted before it is used, so that of many calls at once none slips
    /// through.
    pub(super) fn count(&self, key: &[u8]) -> Result<(), AeadError> {
        let id = self.identify(key).map_err(|_| AeadError::Internal)?;
        self.lock().add(id, self.per_key, self.keys)
    }

    fn identify(&self, key: &[u8]) -> Result<Id, Unspecified> {
        let mut mac = [0; 32];
        // In place: a context that is moved while the key's bytes are in it would leave them on the stack.
        let mac = hmac::sign_to_buffer(&self.mac, key, &mut mac)?;
        mac.first_chunk().copied().ok_or(Unspecified)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Nothing between the changes that `add` makes can panic, so both collections agree whatever happened.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, id: Id, per_key: u64, keys: usize) -> Result<(), AeadError> {
        let known = self.by_key.get(&id).copied();
        let (before, leaves) = match known {
            Some(count) => (count, Some((count, id))),
            None if self.by_key.len() < keys => (0, None),
            None => {
                let smallest = self.by_count.first().copied();
                (smallest.map_or(0, |(count, _)| count), smallest)
            }
        };
        if before >= per_key {
            return Err(AeadError::KeyExhausted);
        }
        if let Some(entry) = leaves {
            self.by_count.remove(&entry);
            self.by_key.remove(&entry.1);
        }
        self.by_key.insert(id, before + 1);
        self.by_count.insert((before + 1, id));
        Ok(())
    }
}

impl fmt::Debug for NonceLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceLedger")
            .field("per_key", &self.per_key)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
