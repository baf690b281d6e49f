//! Parsed CA pairs. The same key and certificate come with call after call, and loading a key costs as much as an ECDSA
//! signature; the first signature of a fresh RSA key as much as the second.

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

/// A bounded cache of loaded CA keys; with 0 entries it holds nothing.
///
/// An entry is found by a MAC, under a key that only this process knows, over the caller's uid and both DERs: nobody
/// gets the use of a key that they did not send. Every policy check runs on every call. An entry that leaves is
/// dropped, and the crypto library wipes the key when the last call that uses it ends.
pub struct CaCache {
    entries: usize,
    ttl: Duration,
    /// `None` where nothing is ever held.
    mac: Option<hmac::Key>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_id: HashMap<[u8; 32], Entry>,
    /// Counts uses: the entry with the smallest number has been idle longest.
    uses: u64,
}

struct Entry {
    key: Arc<PrivateKey>,
    /// No longer served from here on.
    until: Instant,
    last_use: u64,
}

impl CaCache {
    /// At most `entries`, each for at most `ttl` and never past its certificate's notAfter.
    pub fn new(entries: usize, ttl: Duration) -> Self {
        let wanted = entries > 0 && !ttl.is_zero();
        // Without randomness there is no safe name for an entry, so none is held.
        let mac = wanted.then(|| hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()).flatten();
        Self { entries, ttl, mac, held: Mutex::default() }
    }

    /// Drops every key that is past its time. Each call does so by itself; a server that may go without calls does it
    /// now and then, so that no key outlives its time in memory.
    pub fn sweep(&self) {
        let now = Instant::now();
        self.lock().by_id.retain(|_, entry| now < entry.until);
    }

    /// Sweeps at this interval, on a thread of its own, for as long as somebody else has the cache. A cache that holds
    /// nothing needs none.
    ///
    /// # Errors
    /// Where the system has no thread.
    pub fn keep_swept(self: &Arc<Self>, every: Duration) -> io::Result<()> {
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

    /// How many keys are held now.
    pub fn len(&self) -> usize {
        self.sweep();
        self.lock().by_id.len()
    }

    /// The same without a sweep.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The loaded key of a pair: the one that is held, or the one that `load` makes, held from now on.
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
        // Loaded outside the lock: two callers may load the same pair, and the later one stays.
        let loaded = Arc::new(load()?);
        let lifetime = self.ttl.min(remaining(ca.not_after()));
        let until = Instant::now().checked_add(lifetime).filter(|_| !lifetime.is_zero());
        if let Some(until) = until {
            if matches!(key.key_type(), KeyType::Rsa { .. }) {
                // Sets up the key's Montgomery and blinding state once, for everyone who finds the entry.
                loaded.sign(scheme, b"").map_err(|_| CertificateError::Internal)?;
            }
            self.hold(id, Arc::clone(&loaded), until);
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

    fn hold(&self, id: [u8; 32], key: Arc<PrivateKey>, until: Instant) {
        let mut held = self.lock();
        if held.by_id.len() >= self.entries && !held.by_id.contains_key(&id) {
            let idle = held.by_id.iter().min_by_key(|(_, entry)| entry.last_use).map(|(id, _)| *id);
            idle.and_then(|id| held.by_id.remove(&id));
        }
        held.uses += 1;
        let last_use = held.uses;
        held.by_id.insert(id, Entry { key, until, last_use });
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves whole entries, so the map is as good as before.
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

/// Each part goes in with its length, so that no two triples give the same bytes. The key's form says how its bytes
/// are read, so it is a part too.
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

/// How long it is until a time in Unix seconds.
fn remaining(until: i64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(u64::try_from(until).unwrap_or(0)).saturating_sub(now)
}
