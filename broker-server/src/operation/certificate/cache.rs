//! A cache of loaded CA keys. Successive calls use the same key and certificate, and loading a key costs as much as
//! an ECDSA signature; the first signature of a new RSA key costs an additional signature.

use std::{
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{hmac, rand::SystemRandom};

use super::CertificateError;
use crate::{
    algorithm::{KeyType, SignatureScheme},
    backend::evp::PrivateKey,
    request::{CaCertificate, SigningKey},
    telemetry::audit::KeyUse,
};

/// A bounded cache of loaded CA keys; a capacity of 0 disables it.
///
/// An entry is identified by a MAC, under a key that only this process knows, over the caller's uid and both DERs: a caller
/// can only use a key that it has sent. Every policy check runs on every call. A removed entry is dropped, and the crypto
/// library wipes the key when the last call that uses it ends.
pub struct CaCache {
    entries: usize,
    ttl: Duration,
    /// `None` if the cache is disabled.
    mac: Option<hmac::Key>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_id: HashMap<[u8; 32], Entry>,
    /// The number of uses so far. The entry with the smallest number of last use has been idle longest.
    uses: u64,
}

struct Entry {
    key: Arc<PrivateKey>,
    /// When the entry expires.
    expires: Instant,
    last_use: u64,
}

impl CaCache {
    /// Creates a cache of at most `entries` keys, each held for at most `ttl` and never past its certificate's notAfter.
    pub fn new(entries: usize, ttl: Duration) -> Self {
        let enabled = entries > 0 && !ttl.is_zero();
        // Without randomness no entry can be identified safely, so the cache is disabled.
        let mac =
            enabled.then(|| hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()).flatten();
        Self { entries, ttl, mac, held: Mutex::default() }
    }

    /// Drops every expired key. Each call does this, too, but only a periodic sweep drops expired keys while there are no
    /// calls.
    pub fn sweep(&self) {
        let now = Instant::now();
        self.lock().by_id.retain(|_, entry| now < entry.expires);
    }

    /// Spawns a thread that sweeps the cache at this interval until the cache is dropped. Does nothing if the cache is
    /// disabled.
    ///
    /// # Errors
    /// Fails if the system cannot spawn a thread.
    pub fn spawn_sweeper(self: &Arc<Self>, every: Duration) -> io::Result<()> {
        if self.mac.is_none() {
            return Ok(());
        }
        let cache = Arc::downgrade(self);
        thread::Builder::new().name("ca-cache".into()).spawn(move || {
            loop {
                thread::park_timeout(every);
                let Some(cache) = cache.upgrade() else { return };
                cache.sweep();
            }
        })?;
        Ok(())
    }

    /// Returns the number of keys in the cache, without expired ones.
    pub fn len(&self) -> usize {
        self.sweep();
        self.lock().by_id.len()
    }

    /// Returns the number of keys in the cache, including expired ones.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Reports whether the cache has no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the key of a pair from the cache, or loads it with `load` and inserts it.
    pub(super) fn issuer(
        &self,
        uid: u32,
        key: &SigningKey,
        ca: &CaCertificate,
        scheme: SignatureScheme,
        key_use: &KeyUse,
        load: impl FnOnce() -> Result<PrivateKey, CertificateError>,
    ) -> Result<Arc<PrivateKey>, CertificateError> {
        let Some(mac) = &self.mac else {
            return load().map(Arc::new);
        };
        let id = identify(mac, uid, key, ca, key_use);
        if let Some(found) = self.find(&id) {
            return Ok(found);
        }
        // The key is loaded outside the lock: two callers may load the same pair, and the later entry replaces the earlier.
        let loaded = Arc::new(load()?);
        let lifetime = self.ttl.min(remaining(ca.not_after()));
        let expires = Instant::now().checked_add(lifetime).filter(|_| !lifetime.is_zero());
        if let Some(expires) = expires {
            if matches!(key.key_type(), KeyType::Rsa { .. }) {
                // Initializes the key's Montgomery and blinding state once for all later uses of the entry.
                loaded.sign(scheme, b"").map_err(|_| CertificateError::Internal)?;
            }
            self.hold(id, Arc::clone(&loaded), expires);
        }
        Ok(loaded)
    }

    fn find(&self, id: &[u8; 32]) -> Option<Arc<PrivateKey>> {
        self.sweep();
        let mut held = self.lock();
        held.uses += 1;
        let uses = held.uses;
        let entry = held.by_id.get_mut(id)?;
        entry.last_use = uses;
        Some(Arc::clone(&entry.key))
    }

    fn hold(&self, id: [u8; 32], key: Arc<PrivateKey>, expires: Instant) {
        let mut held = self.lock();
        if held.by_id.len() >= self.entries && !held.by_id.contains_key(&id) {
            let idle = held.by_id.iter().min_by_key(|(_, entry)| entry.last_use).map(|(id, _)| *id);
            idle.and_then(|id| held.by_id.remove(&id));
        }
        held.uses += 1;
        let last_use = held.uses;
        held.by_id.insert(id, Entry { key, expires, last_use });
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves the entries consistent.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CaCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaCache")
            .field("entries", &self.entries)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// Returns the identifier of an entry. Each part is preceded by its length, so that different parts never give the same
/// bytes. The key's form is included, because it determines how the key's bytes are read.
fn identify(mac: &hmac::Key, uid: u32, key: &SigningKey, ca: &CaCertificate, key_use: &KeyUse) -> [u8; 32] {
    let mut context = hmac::Context::with_key(mac);
    context.update(&uid.to_be_bytes());
    context.update(&[key.form() as u8]);
    for part in [key.der().expose(key_use), ca.der()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    id
}

/// Returns the time that remains until `end`, in Unix seconds.
fn remaining(end: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(u64::try_from(end).unwrap_or(0)).saturating_sub(now)
}
