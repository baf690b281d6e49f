//! The audit: one JSON line for each use of a secret key and for each refusal, whatever the log level.
//!
//! A use of a key is answered when `write(2)` has taken its record. Where the record cannot be written in time the call
//! fails, and no further key is used until it is. A refusal waits for nothing.

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
    key_use::{KeyUse, Written},
    record::{CertificateRecord, Event, Outcome, Record},
};
use super::output::{self, AuditHooks, Output, Outputs, Target};

/// Where the audit goes, and how long a call waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// Where to.
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
    /// A file, appended to; made with mode 0600 where it is missing. A FIFO is taken, too.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// No record can be written now. The call that it belongs to must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit cannot be written")]
pub struct AuditUnavailable;

/// The open audit. Shared by all threads; none of its methods waits.
pub struct Audit {
    output: Option<Arc<Output>>,
    wait: Duration,
    /// For the fingerprints of symmetric keys: records of one process can be joined by them, and nobody learns the key.
    mac: Option<hmac::Key>,
    uses: Mutex<Uses>,
    /// Tells that no use is under way.
    settled: Condvar,
    observer: Arc<OnceLock<Observer>>,
}

/// How many uses of keys there are.
#[derive(Debug, Default)]
struct Uses {
    begun: u64,
    /// Those whose record has not been handed over yet.
    under_way: u64,
}

type Observer = Box<dyn Fn(bool) + Send + Sync>;

impl Audit {
    /// Opens the audit's target among the process's `outputs`.
    ///
    /// # Errors
    /// Where the target cannot be opened, or there is no randomness.
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
        let seen = Arc::clone(&observer);
        output.attach_audit(AuditHooks {
            wait: options.wait,
            refusals_lost: record::refusals_lost,
            availability: Box::new(move |available| {
                if let Some(observer) = seen.get() {
                    observer(available);
                }
            }),
        });
        Ok(Self {
            output: Some(output),
            wait: options.wait,
            mac: Some(mac),
            uses: Mutex::default(),
            settled: Condvar::new(),
            observer,
        })
    }

    /// An audit that writes nothing.
    pub fn off() -> Self {
        Self {
            output: None,
            wait: Duration::ZERO,
            mac: None,
            uses: Mutex::default(),
            settled: Condvar::new(),
            observer: Arc::default(),
        }
    }

    /// Has `observer` called with whether the audit is available, now and whenever that changes. It must not wait, and it
    /// must not call the audit. The first observer stays.
    pub fn observe(&self, observer: impl Fn(bool) + Send + Sync + 'static) {
        let Some(output) = &self.output else { return };
        let _ = self.observer.set(Box::new(observer));
        output.tell_availability();
    }

    /// Whether a key may be used now: for a use that has begun earlier and goes on.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn available(&self) -> Result<(), AuditUnavailable> {
        match &self.output {
            Some(output) if !output.may_use_key() => Err(AuditUnavailable),
            _ => Ok(()),
        }
    }

    /// Begins a use of a secret key.
    ///
    /// # Errors
    /// [`AuditUnavailable`] where its record could not be written in time, as far as can be known. No key may be used then.
    pub fn begin(self: &Arc<Self>, record: impl FnOnce() -> Record) -> Result<KeyUse, AuditUnavailable> {
        if self.output.is_none() {
            return Ok(KeyUse::unrecorded());
        }
        self.available()?;
        let record = record();
        let mut uses = self.uses();
        uses.begun += 1;
        uses.under_way += 1;
        drop(uses);
        Ok(KeyUse::new(Arc::clone(self), record))
    }

    /// Records a refusal. Where there is no room for its record it is counted, and a later record says how many.
    pub fn refuse(&self, record: impl FnOnce() -> Record) {
        if let Some(output) = &self.output {
            output.refusal(record().line(jiff::Timestamp::now()));
        }
    }

    /// How many uses of keys have begun. Each has one record, which is written, or among those that
    /// [`Outputs::flush`] counts, or still under way ([`Self::settle`]).
    pub fn key_uses(&self) -> u64 {
        self.uses().begun
    }

    /// Waits until no key is in use any more, at most until `deadline`: a job goes on when its caller has gone. Returns how
    /// many uses are under way then.
    pub fn settle(&self, deadline: Instant) -> u64 {
        let mut uses = self.uses();
        while uses.under_way > 0 {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            uses = self.settled.wait_timeout(uses, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        uses.under_way
    }

    /// Takes the record that a use of a key ends with.
    fn submit(&self, record: &Record) -> output::Written {
        let written = match &self.output {
            Some(output) => output.key_use(record.line(jiff::Timestamp::now())),
            None => output::Written::Now,
        };
        let mut uses = self.uses();
        uses.under_way = uses.under_way.saturating_sub(1);
        if uses.under_way == 0 {
            self.settled.notify_all();
        }
        written
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        // Two numbers, each of them whole after every statement.
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the audit is available, and tells the observer where that has changed.
    fn review(&self) {
        if let Some(output) = &self.output {
            output.review_audit();
        }
    }

    fn fingerprint_of_secret(&self, key: &[u8]) -> String {
        let mac = self.mac.as_ref().map(|mac| hmac::sign(mac, key));
        mac.map(|mac| named("hmac-sha256:", mac.as_ref())).unwrap_or_default()
    }
}

/// The fingerprint of a public key: `sha256:` and 64 hex digits.
fn fingerprint(public: &[u8]) -> String {
    named("sha256:", digest::digest(&digest::SHA256, public).as_ref())
}

fn named(name: &str, bytes: &[u8]) -> String {
    name.to_owned() + &hex::encode(bytes)
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("output", &self.output)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
