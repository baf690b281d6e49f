//! The token of a key use, and its record.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use tokio::sync::oneshot;

use super::{Audit, AuditUnavailable, CertificateRecord, CircuitRecord, Outcome, Record};
use crate::telemetry::output::WriteState;

/// The use of one secret key by one call, from before the key is loaded until its record is handed to the audit.
///
/// The bytes of a secret key are accessible only with this token, so no key is loaded without one. When the last clone is
/// dropped the record is written: with the outcome that was given to [`Self::finish`], or otherwise as a failure.
#[derive(Clone)]
pub struct KeyUse(Option<Arc<Inner>>);

struct Inner {
    audit: Arc<Audit>,
    /// Taken when the record is handed to the audit.
    record: Mutex<Option<Record>>,
}

impl KeyUse {
    pub(super) fn new(audit: Arc<Audit>, record: Record) -> Self {
        let record = Record { outcome: Outcome::Failed, ..record };
        Self(Some(Arc::new(Inner { audit, record: Mutex::new(Some(record)) })))
    }

    /// Returns a token without a record, for a broker without an audit.
    pub(super) const fn unrecorded() -> Self {
        Self(None)
    }

    /// Returns a token without a record, for tests of operations.
    #[cfg(test)]
    pub(crate) const fn for_test() -> Self {
        Self::unrecorded()
    }

    /// Adds the fingerprint of the key's public part to the record: of its SubjectPublicKeyInfo (RFC 5280 4.1), or of an
    /// encapsulation key (FIPS 203). Without an audit `public` is not called; where it returns `None` nothing is added.
    pub fn identify(&self, public: impl FnOnce() -> Option<Vec<u8>>) {
        self.add_fingerprint(|_| Some(super::fingerprint(&public()?)));
    }

    /// Adds the fingerprint of a symmetric key to the record: a MAC under a key of this process.
    pub fn identify_secret(&self, key: &[u8]) {
        self.add_fingerprint(|audit| Some(audit.fingerprint_of_secret(key)));
    }

    /// Adds a circuit and the fingerprint of its key to the record.
    pub fn identify_circuit(&self, circuit: CircuitRecord) {
        let CircuitRecord { circuit, setup_class, fingerprint } = circuit;
        self.add_fingerprint(|_| Some(format!("sha256:{fingerprint}")));
        if let Some(inner) = &self.0
            && let Some(record) = inner.lock().as_mut()
        {
            record.circuit = Some(circuit);
            record.setup_class = Some(setup_class);
        }
    }

    fn add_fingerprint(&self, fingerprint: impl FnOnce(&Audit) -> Option<String>) {
        let Some(inner) = &self.0 else { return };
        let Some(fingerprint) = fingerprint(&inner.audit) else { return };
        if let Some(record) = inner.lock().as_mut() {
            match &mut record.key_fingerprint {
                Some(fingerprints) => {
                    fingerprints.push(',');
                    fingerprints.push_str(&fingerprint);
                }
                empty => *empty = Some(fingerprint),
            }
        }
    }

    /// Sets the reason of the failure, for a use that is dropped without [`Self::finish`].
    pub fn fail(&self, reason: &'static str) {
        if let Some(inner) = &self.0
            && let Some(record) = inner.lock().as_mut()
        {
            record.reason = Some(reason);
        }
    }

    /// Hands the record to the audit, as a success or as a failure with its reason. Only the first call has an effect.
    pub fn finish(
        &self,
        failure: Option<&'static str>,
        certificate: Option<CertificateRecord>,
    ) -> PendingRecord {
        let Some(inner) = &self.0 else { return PendingRecord::none() };
        let Some(mut record) = inner.lock().take() else { return PendingRecord::none() };
        if failure.is_none() {
            record.outcome = Outcome::Success;
        }
        record.reason = failure;
        record.certificate = certificate;
        match inner.audit.submit(&record) {
            WriteState::Written => PendingRecord::none(),
            WriteState::Deferred(written) => {
                PendingRecord::deferred(Arc::clone(&inner.audit), record, written)
            }
        }
    }
}

impl Inner {
    /// A poisoned lock is usable: the record is consistent after every statement.
    fn lock(&self) -> MutexGuard<'_, Option<Record>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(mut record) = mem::take(self.record.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            let default_reason = if thread::panicking() { "INTERNAL" } else { "CANCELLED" };
            record.reason = record.reason.or(Some(default_reason));
            // No call is left to wait for the record.
            drop(self.audit.submit(&record));
        }
    }
}

impl fmt::Debug for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyUse").field("recorded", &self.0.is_some()).finish()
    }
}

/// A record that was handed to the audit and may not be written yet.
#[must_use = "a call that used a key may be answered only when its record is written"]
#[derive(Debug)]
pub struct PendingRecord(Option<Box<Pending>>);

#[derive(Debug)]
struct Pending {
    audit: Arc<Audit>,
    record: Record,
    written: oneshot::Receiver<bool>,
}

impl PendingRecord {
    /// Returns the value for a call without a record, or whose record is written already.
    pub const fn none() -> Self {
        Self(None)
    }

    pub(super) fn deferred(audit: Arc<Audit>, record: Record, written: oneshot::Receiver<bool>) -> Self {
        Self(Some(Box::new(Pending { audit, record, written })))
    }

    /// Waits like [`Self::wait`] on a thread that serves no calls.
    ///
    /// # Errors
    /// The same as [`Self::wait`]. Without a timer, which the system may refuse, it is an error, too.
    pub fn wait_blocking(self, deadline: Instant) -> Result<(), AuditUnavailable> {
        if self.0.is_none() {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.map_err(|_| AuditUnavailable)?.block_on(self.wait(deadline))
    }

    /// Waits until `write(2)` has taken the record, at most for the audit's own wait and until `deadline`.
    ///
    /// # Errors
    /// [`AuditUnavailable`] where the record is not written by then, which is logged. The record stays queued and may be
    /// written later.
    pub async fn wait(self, deadline: Instant) -> Result<(), AuditUnavailable> {
        let Some(pending) = self.0 else { return Ok(()) };
        let Pending { audit, record, written } = *pending;
        let latest = Instant::now().checked_add(audit.wait).map_or(deadline, |latest| latest.min(deadline));
        let written = tokio::time::timeout_at(latest.into(), written).await;
        if matches!(written, Ok(Ok(true))) {
            return Ok(());
        }
        audit.update_availability();
        tracing::warn!(
            operation = record.operation,
            profile = record.profile,
            outcome = "failed",
            reason = "AUDIT_UNAVAILABLE",
            uid = record.uid,
            pid = record.pid,
            request_id = record.request_id,
            correlation_id = record.correlation_id,
            "the call failed: the record of its key use was not written in time"
        );
        Err(AuditUnavailable)
    }
}
