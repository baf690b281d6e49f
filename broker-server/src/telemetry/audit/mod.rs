//! The audit: one JSON line for each use of a secret key and for each refusal, whatever the log level.
//!
//! A call that used a key is answered when `write(2)` has taken its record. Where the record cannot be written in time the
//! call fails, and no further key is used until the record is written. A refused call does not wait for its record.

mod key_use;
mod record;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::{digest, hmac, rand::SystemRandom};

pub use self::{
    key_use::{KeyUse, PendingRecord},
    record::{CertificateRecord, CircuitRecord, Event, Outcome, Record},
};
use super::output::{AuditHooks, Output, Outputs, Target, WriteState};

/// The audit's target, and how long a call waits for its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// Where records are written.
    pub target: AuditTarget,
    /// How long a call waits until its record is written.
    pub wait: Duration,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self { target: AuditTarget::Stderr, wait: Duration::from_secs(1) }
    }
}

/// Where the audit goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AuditTarget {
    /// The process's standard error.
    #[default]
    Stderr,
    /// A file, which is appended to and created with mode 0600 where it does not exist. It may be a FIFO.
    File(PathBuf),
    /// Nowhere.
    Off,
}

impl fmt::Display for AuditTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stderr => f.write_str("stderr"),
            Self::File(path) => path.display().fmt(f),
            Self::Off => f.write_str("off"),
        }
    }
}

/// The error of a call whose record cannot be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit cannot be written")]
pub struct AuditUnavailable;

/// The open audit, shared by all threads. Only [`Self::wait_for_key_uses`] blocks.
pub struct Audit {
    output: Option<Arc<Output>>,
    wait: Duration,
    /// The key for fingerprints of symmetric keys. They identify a key among the records of one process and do not reveal it.
    mac: Option<hmac::Key>,
    key_uses: Mutex<KeyUses>,
    /// Notified when no key is in use any more.
    idle: Condvar,
    observer: Arc<OnceLock<Observer>>,
}

/// The numbers of key uses.
#[derive(Debug, Default)]
struct KeyUses {
    /// All that have begun.
    started: u64,
    /// Those whose record has not been handed over yet.
    in_progress: u64,
}

type Observer = Box<dyn Fn(bool) + Send + Sync>;

impl Audit {
    /// Opens the audit's target among the process's `outputs`.
    ///
    /// # Errors
    /// The system's error where the target cannot be opened, or an error where the crypto library has no random numbers.
    pub fn open(options: &AuditOptions, outputs: &Outputs) -> io::Result<Self> {
        let target = match &options.target {
            AuditTarget::Off => return Ok(Self::off()),
            AuditTarget::Stderr => Target::Stderr,
            AuditTarget::File(path) => Target::File(path.clone()),
        };
        let mac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| io::Error::other("the crypto library has no random numbers"))?;
        let output = outputs.open(&target)?;
        let observer = Arc::new(OnceLock::<Observer>::new());
        let hook = Arc::clone(&observer);
        output.attach_audit(AuditHooks {
            wait: options.wait,
            dropped_refusals: record::dropped_refusals,
            availability: Box::new(move |available| {
                if let Some(observer) = hook.get() {
                    observer(available);
                }
            }),
        });
        Ok(Self {
            output: Some(output),
            wait: options.wait,
            mac: Some(mac),
            key_uses: Mutex::default(),
            idle: Condvar::new(),
            observer,
        })
    }

    /// Returns an audit that writes nothing.
    pub fn off() -> Self {
        Self {
            output: None,
            wait: Duration::ZERO,
            mac: None,
            key_uses: Mutex::default(),
            idle: Condvar::new(),
            observer: Arc::default(),
        }
    }

    /// Calls `observer` with the audit's availability, now and whenever it changes. The observer must neither block nor call
    /// the audit. Only the first observer is registered.
    pub fn observe(&self, observer: impl Fn(bool) + Send + Sync + 'static) {
        let Some(output) = &self.output else { return };
        let _ = self.observer.set(Box::new(observer));
        output.report_availability();
    }

    /// Checks that a key may be used now, for a key use that has begun earlier.
    ///
    /// # Errors
    /// The same as [`Self::begin`].
    pub fn available(&self) -> Result<(), AuditUnavailable> {
        match &self.output {
            Some(output) if !output.may_use_key() => Err(AuditUnavailable),
            _ => Ok(()),
        }
    }

    /// Begins a use of a secret key.
    ///
    /// # Errors
    /// [`AuditUnavailable`] where, as far as can be known, the record could not be written in time. No key may be used then.
    pub fn begin(self: &Arc<Self>, record: impl FnOnce() -> Record) -> Result<KeyUse, AuditUnavailable> {
        if self.output.is_none() {
            return Ok(KeyUse::unrecorded());
        }
        self.available()?;
        let record = record();
        let mut key_uses = self.lock();
        key_uses.started += 1;
        key_uses.in_progress += 1;
        drop(key_uses);
        Ok(KeyUse::new(Arc::clone(self), record))
    }

    /// Records a refusal. A record for which the queue has no room is dropped, and a later record reports the number.
    pub fn record_refusal(&self, record: impl FnOnce() -> Record) {
        if let Some(output) = &self.output {
            output.refusal(record().line(jiff::Timestamp::now()));
        }
    }

    /// Returns the number of key uses that have begun. Each has one record, which is written, or is counted by
    /// [`Outputs::flush`], or belongs to a use in progress ([`Self::wait_for_key_uses`]).
    pub fn key_uses(&self) -> u64 {
        self.lock().started
    }

    /// Waits until no key is in use any more, at most until `deadline`: a job continues after its caller has gone. Returns
    /// the number of uses that are still in progress.
    pub fn wait_for_key_uses(&self, deadline: Instant) -> u64 {
        let mut key_uses = self.lock();
        while key_uses.in_progress > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            key_uses = self.idle.wait_timeout(key_uses, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        key_uses.in_progress
    }

    /// Takes the record of a key use that has ended.
    fn submit(&self, record: &Record) -> WriteState {
        let state = match &self.output {
            Some(output) => output.key_use(record.line(jiff::Timestamp::now())),
            None => WriteState::Written,
        };
        let mut key_uses = self.lock();
        key_uses.in_progress = key_uses.in_progress.saturating_sub(1);
        if key_uses.in_progress == 0 {
            self.idle.notify_all();
        }
        state
    }

    /// A poisoned lock is usable: the two numbers are consistent after every statement.
    fn lock(&self) -> MutexGuard<'_, KeyUses> {
        self.key_uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Determines whether the audit is available, and calls the observer where that has changed.
    fn update_availability(&self) {
        if let Some(output) = &self.output {
            output.update_availability();
        }
    }

    fn fingerprint_of_secret(&self, key: &[u8]) -> String {
        let mac = self.mac.as_ref().map(|mac| hmac::sign(mac, key));
        mac.map(|mac| prefixed_hex("hmac-sha256:", mac.as_ref())).unwrap_or_default()
    }
}

/// Returns the fingerprint of a public key: `sha256:` and 64 hex digits.
fn fingerprint(public: &[u8]) -> String {
    prefixed_hex("sha256:", digest::digest(&digest::SHA256, public).as_ref())
}

fn prefixed_hex(prefix: &str, bytes: &[u8]) -> String {
    prefix.to_owned() + &hex::encode(bytes)
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("output", &self.output)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
