//! Counts the random nonces of each key.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::{error::Unspecified, hmac, rand::SystemRandom};

use super::AeadError;

/// The maximum number of messages that one key may encrypt with random nonces of 96 bits. With more messages, the
/// probability of a repeated nonce exceeds 2^-32 (SP 800-38D 8.3).
const PER_KEY: u64 = 1 << 32;

/// The number of keys that are tracked. A full ledger takes about 6 MiB.
const KEYS: usize = 1 << 16;

/// Counts the random nonces of each key and rejects a key that has reached the limit.
///
/// A key is identified by 128 bits of a MAC over it, under a key that only this process knows; the key itself is not kept.
///
/// The memory is bounded, and yet no count is ever too low. In a full ledger, a new key replaces the key with the
/// smallest count *and inherits that count*, so the count of a key is never less than its number of nonces, however
/// many other keys were used in between (the space-saving algorithm: Metwally, Agrawal, El Abbadi, "Efficient
/// Computation of Frequent and Top-k Elements in Data Streams", 2005). In return, a count can be too high, at most by
/// the number of all random nonces of this process divided by the number of tracked keys: no key is rejected too
/// early before the process has used 2^48 random nonces.
///
/// The counts belong to this process: they start at zero when the broker starts, and brokers that use the same key do not
/// share them. They guard against a key that is used forever, but they prove nothing: the owner of a key must limit its use
/// across restarts and replicas.
pub struct NonceLedger {
    mac: hmac::Key,
    per_key: u64,
    keys: usize,
    counts: Mutex<Counts>,
}

/// The identifier of a key in the ledger.
type Id = [u8; 16];

/// The counts of all tracked keys. Each key is in both collections.
#[derive(Default)]
struct Counts {
    by_key: HashMap<Id, u64>,
    by_count: BTreeSet<(u64, Id)>,
}

impl NonceLedger {
    /// Creates a ledger with the limit of SP 800-38D 8.3 for 65,536 keys.
    ///
    /// # Errors
    /// Fails if the system has no randomness for the key of the MAC.
    pub fn new() -> Result<Self, Unspecified> {
        Self::with_bounds(PER_KEY, KEYS)
    }

    /// Creates a ledger with other limits, because a test cannot use a key 2^32 times.
    ///
    /// # Errors
    /// See [`Self::new`].
    pub fn with_bounds(per_key: u64, keys: usize) -> Result<Self, Unspecified> {
        let mac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        Ok(Self { mac, per_key, keys, counts: Mutex::default() })
    }

    /// Counts one more random nonce for `key`. The nonce is counted before it is used, so that concurrent calls
    /// cannot exceed the limit.
    pub(super) fn count(&self, key: &[u8]) -> Result<(), AeadError> {
        let id = self.identify(key).map_err(|_| AeadError::Internal)?;
        self.lock().add(id, self.per_key, self.keys)
    }

    fn identify(&self, key: &[u8]) -> Result<Id, Unspecified> {
        let mut mac = [0; 32];
        // A context would be moved while it holds the key's bytes, and would leave them on the stack.
        let mac = hmac::sign_to_buffer(&self.mac, key, &mut mac)?;
        mac.first_chunk().copied().ok_or(Unspecified)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Nothing between the changes in `add` can panic, so both collections agree even after a panic elsewhere.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, id: Id, per_key: u64, keys: usize) -> Result<(), AeadError> {
        let known = self.by_key.get(&id).copied();
        let (count, replaced) = match known {
            Some(count) => (count, Some((count, id))),
            None if self.by_key.len() < keys => (0, None),
            None => {
                let smallest = self.by_count.first().copied();
                (smallest.map_or(0, |(count, _)| count), smallest)
            }
        };
        if count >= per_key {
            return Err(AeadError::KeyExhausted);
        }
        if let Some(entry) = replaced {
            self.by_count.remove(&entry);
            self.by_key.remove(&entry.1);
        }
        self.by_key.insert(id, count + 1);
        self.by_count.insert((count + 1, id));
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
