//! What every handler does around its operation: context, time, log line, audit.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use broker_proto::v1;
use tonic::Request;

use super::{CallContext, Parts};
use crate::{
    caller::Caller,
    policy::profile::Profile,
    request::{Limits, Metadata, Problem, RequestError},
    status::CallError,
    telemetry::audit::{CertificateRecord, Event, Outcome, Record},
};

/// One call as its handler sees it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) context: CallContext,
    pub(super) operation: &'static str,
    pub(super) profile: String,
    /// The signature algorithm or hash, once policy has settled it.
    pub(super) algorithm: Option<&'static str>,
    pub(super) metadata: Metadata,
    /// Unix seconds, taken once: every check of the call sees the same time.
    pub(super) now: i64,
    start: Instant,
}

impl Call {
    /// Checks what is common to all requests.
    pub(super) fn begin<T>(
        request: &Request<T>,
        operation: &'static str,
        profile: &str,
        metadata: Option<v1::Metadata>,
        limits: &Limits,
    ) -> Result<Self, CallError> {
        let context = request.extensions().get::<CallContext>().copied().ok_or(CallError::Internal)?;
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut call = Self {
            context,
            operation,
            profile: String::new(),
            algorithm: None,
            metadata: Metadata::default(),
            now: i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX),
            start: Instant::now(),
        };
        match call.check(profile, metadata, limits) {
            Ok(()) => Ok(call),
            Err(error) => {
                call.log(Some(&error));
                Err(error)
            }
        }
    }

    /// What fails here is neither kept nor logged: it is too long or not printable.
    fn check(
        &mut self,
        profile: &str,
        metadata: Option<v1::Metadata>,
        limits: &Limits,
    ) -> Result<(), CallError> {
        if profile.len() > limits.profile {
            let problem = Problem::TooLong { length: profile.len(), limit: limits.profile };
            return Err(RequestError { field: "profile", problem }.into());
        }
        profile.clone_into(&mut self.profile);
        self.metadata = Metadata::parse(metadata, limits)?;
        Ok(())
    }

    /// The record of how a use of a key ended, or of a refusal.
    pub(super) fn record(
        &self,
        parts: &Parts,
        error: Option<&CallError>,
        certificate: Option<CertificateRecord>,
    ) -> Record {
        let Caller { uid, gid, pid } = self.context.caller;
        let denial = match error {
            Some(CallError::Denied(denial)) => Some(denial),
            _ => None,
        };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Record {
            event: if denial.is_some() { Event::Refusal } else { Event::KeyUse },
            operation: self.operation,
            profile: self.profile.clone(),
            rule: denial.and_then(|denial| text(&denial.rule)),
            rule_line: denial.and_then(|denial| denial.line),
            catalogue_digest: Some(parts.catalogue.digest().to_owned()),
            algorithm: self.algorithm.map(str::to_owned),
            uid: Some(uid),
            gid: Some(gid),
            pid,
            outcome: match (error, denial) {
                (None, _) => Outcome::Success,
                (_, Some(_)) => Outcome::Refused,
                _ => Outcome::Failed,
            },
            reason: error.map(CallError::reason),
            request_id: text(self.metadata.id()),
            correlation_id: text(self.metadata.correlation_id()),
            certificate,
        }
    }

    /// Writes the record; where that fails the call does.
    pub(super) fn audit(parts: &Parts, record: &Record) -> Result<(), CallError> {
        parts.audit.write(record).map_err(|error| {
            tracing::error!(%error, operation = record.operation, "the audit is not available");
            CallError::AuditUnavailable
        })
    }

    /// The log line. Where `debug` is filtered out it costs one comparison.
    pub(super) fn log(&self, error: Option<&CallError>) {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        tracing::debug!(
            operation = self.operation,
            profile = self.profile,
            algorithm = self.algorithm,
            uid = self.context.caller.uid,
            pid = self.context.caller.pid,
            outcome = error.map_or("OK", CallError::reason),
            duration_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX),
            correlation_id = self.metadata.correlation_id(),
            "call"
        );
    }

    /// What the answer says it did.
    pub(super) fn descriptor(&self) -> v1::CryptoDescriptor {
        v1::CryptoDescriptor {
            profile: self.profile.clone(),
            operation: self.operation.to_owned(),
            algorithm: self.algorithm.unwrap_or_default().to_owned(),
        }
    }
}

/// The warning of a profile that is on its way out.
pub(super) fn deprecation(profile: &Profile) -> Option<v1::DeprecationWarning> {
    let deprecation = profile.deprecation.as_ref()?;
    Some(v1::DeprecationWarning {
        profile: profile.name.to_string(),
        replaced_by: deprecation.replaced_by.clone(),
        deprecated_since: deprecation.deprecated_since.clone(),
        remove_after: deprecation.remove_after.clone(),
        reason: deprecation.reason.clone(),
    })
}
