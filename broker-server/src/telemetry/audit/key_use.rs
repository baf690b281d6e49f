//! The token of a use of a secret key.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use super::{Audit, AuditUnavailable, CertificateRecord, Outcome, Record};
use crate::telemetry::output;

/// The use of one secret key by one call, from before the key is loaded until its record is handed to the audit.
///
/// The bytes of a secret key can be had only with this token in hand, so no key is loaded without it, and when the last
/// clone is dropped the record is written: with what [`Self::finish`] says, else as a failure.
#[derive(Clone)]
pub struct KeyUse(Option<Arc<Inner>>);

struct Inner {
    audit: Arc<Audit>,
    /// Taken by whoever hands it to the audit.
    record: Mutex<Option<Record>>,
}

impl KeyUse {
    pub(super) fn new(audit: Arc<Audit>, record: Record) -> Self {
        let record = Record { outcome: Outcome::Failed, ..record };
        Self(Some(Arc::new(Inner { audit, record: Mutex::new(Some(record)) })))
    }

    /// A use that is not recorded, because there is no audit.
    pub(super) const fn unrecorded() -> Self {
        Self(None)
    }

    /// The same for tests of operations.
    #[cfg(test)]
    pub(crate) const fn for_test() -> Self {
        Self::unrecorded()
    }

    /// Notes the public part of the key: its SubjectPublicKeyInfo (RFC 5280 4.1), or an encapsulation key (FIPS 203).
    /// Where there is no audit, `public` is not called; where it has nothing, the record says nothing.
    pub fn identify(&self, public: impl FnOnce() -> Option<Vec<u8>>) {
        self.note(|_| Some(super::fingerprint(&public()?)));
    }

    /// Notes a symmetric key, by a MAC under a key of this process.
    pub fn identify_secret(&self, key: &[u8]) {
        self.note(|audit| Some(audit.fingerprint_of_secret(key)));
    }

    fn note(&self, fingerprint: impl FnOnce(&Audit) -> Option<String>) {
        let Some(inner) = &self.0 else { return };
        let Some(fingerprint) = fingerprint(&inner.audit) else { return };
        if let Some(record) = inner.lock().as_mut() {
            match &mut record.key_fingerprint {
                Some(first) => {
                    first.push(',');
                    first.push_str(&fingerprint);
                }
                none => *none = Some(fingerprint),
            }
        }
    }

    /// Notes why the call has failed, for the case that nobody finishes this use.
    pub fn fail(&self, reason: &'static str) {
        if let Some(inner) = &self.0
            && let Some(record) = inner.lock().as_mut()
        {
            record.reason = Some(reason);
        }
    }

    /// Hands the record to the audit: a success, or a failure with its reason. Only the first call does something.
    pub fn finish(&self, failure: Option<&'static str>, certificate: Option<CertificateRecord>) -> Written {
        let Some(inner) = &self.0 else { return Written::without_record() };
        let Some(mut record) = inner.lock().take() else { return Written::without_record() };
        if failure.is_none() {
            record.outcome = Outcome::Success;
        }
        record.reason = failure;
        record.certificate = certificate;
        Written::of(Arc::clone(&inner.audit), inner.audit.submit(&record))
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Record>> {
        // A record is whole after every statement.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut record) = mem::take(self.record.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            let by_itself = if thread::panicking() { "INTERNAL" } else { "CANCELLED" };
            record.reason = record.reason.or(Some(by_itself));
            // Nobody is left who could wait for it.
            drop(self.audit.submit(&record));
        }
    }
}

impl fmt::Debug for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyUse").field("recorded", &self.0.is_some()).finish()
    }
}

/// A record that has been handed to the audit.
#[must_use = "a use of a key may be answered only when its record is written"]
#[derive(Debug)]
pub struct Written {
    audit: Option<Arc<Audit>>,
    state: output::Written,
}

impl Written {
    pub(super) const fn of(audit: Arc<Audit>, state: output::Written) -> Self {
        Self { audit: Some(audit), state }
    }

    /// There is nothing to wait for.
    pub const fn without_record() -> Self {
        Self { audit: None, state: output::Written::Now }
    }

    /// Waits until `write(2)` has taken the record, at most for the audit's own wait and until `deadline`.
    ///
    /// # Errors
    /// [`AuditUnavailable`] where it is not written by then. It stays queued, and may be written later.
    pub async fn wait(self, deadline: Instant) -> Result<(), AuditUnavailable> {
        let (Some(audit), output::Written::Later(written)) = (self.audit, self.state) else { return Ok(()) };
        let latest = Instant::now().checked_add(audit.wait).map_or(deadline, |latest| latest.min(deadline));
        let written = tokio::time::timeout_at(latest.into(), written).await;
        if matches!(written, Ok(Ok(true))) {
            return Ok(());
        }
        audit.review();
        Err(AuditUnavailable)
    }
}
