//! What surrounds every operation: its context and deadline, the pool, the log line, the audit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use super::{Broker, BrokerState, CallContext};
use crate::{
    caller::Caller,
    compute::{ComputeError, Lane},
    policy::{Denial, profile::Profile},
    request::{FieldError, FieldErrorKind, Limits, Metadata},
    secret::{on_lightly_wiped_stack, on_wiped_stack},
    status::CallError,
    telemetry::audit::{AuditUnavailable, CertificateRecord, Event, KeyUse, Outcome, PendingRecord, Record},
};
use broker_proto::{OperationResponse, v1};

/// Where the work of a call is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Inline on the I/O thread: it takes less time than a hop to another thread. A pipeline counts `cost`, in bytes of
    /// hashed data, against what it may do before the other connections of its shard.
    Inline { cost: usize },
    /// The pool's lane for short work.
    Short,
    /// The pool's lane for long work.
    Long,
}

impl Weight {
    /// Returns where so many bytes are hashed: two KiB take as long as the hop.
    pub(super) const fn of_hash(bytes: usize) -> Self {
        if bytes <= 2 << 10 { Self::Inline { cost: bytes } } else { Self::Short }
    }

    /// Returns where so many bytes are encrypted or decrypted. A cipher is faster than a hash, but has its key to set up
    /// and to wipe.
    pub(super) const fn of_cipher(bytes: usize) -> Self {
        if bytes <= 8 << 10 { Self::Inline { cost: 1024 + bytes / 4 } } else { Self::Short }
    }
}

/// The zeros at the end of an answer with a secret in it, in bytes. The HTTP/2 library writes an answer in pieces. Of a
/// piece of this length or more it copies the beginning into the connection's write buffer, which nobody wipes, and the
/// answer's trailers overwrite that (`transport/body.rs`). It copies a shorter piece whole and puts the trailers behind it:
/// such a piece is the last of an answer, and holds nothing but these zeros.
const PADDING: usize = 256;

/// Logs how a call ended. `outcome`, `reason` and the ids have the names and values of the audit's records. Every value is
/// bounded and printable: `Call::check` limits what a caller sends, and texts are escaped.
macro_rules! log_call {
    ($call:expr, $level:ident, $outcome:literal, $reason:expr, $message:literal) => {
        tracing::event!(
            tracing::Level::$level,
            operation = $call.operation,
            profile = non_empty(&$call.profile),
            algorithm = $call.algorithm,
            outcome = $outcome,
            reason = $reason,
            uid = $call.context.caller.uid,
            pid = $call.context.caller.pid,
            request_id = non_empty($call.metadata.id()),
            correlation_id = non_empty($call.metadata.correlation_id()),
            duration_us = u64::try_from($call.context.arrived.elapsed().as_micros()).unwrap_or(u64::MAX),
            $message
        )
    };
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Writes the log line of a call whose request cannot be read, so that no operation begins. `method` is the path or the name.
#[cold]
pub(crate) fn log_unread(method: &str, caller: Caller, error: &CallError) {
    let (uid, pid, reason) = (caller.uid, caller.pid, error.reason());
    let operation = method.rsplit('/').next();
    if *error == CallError::Cancelled {
        // A client that hangs up is no failure.
        tracing::debug!(
            operation,
            outcome = "failed",
            reason,
            uid,
            pid,
            "the client has cancelled its request"
        );
        return;
    }
    tracing::info!(operation, outcome = "failed", reason, uid, pid, "the request cannot be read");
}

/// One call of an operation.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) context: CallContext,
    pub(super) operation: &'static str,
    pub(super) profile: String,
    /// The algorithm. It is known once policy has decided.
    pub(super) algorithm: Option<&'static str>,
    /// The issued certificate, for the audit.
    pub(super) certificate: Option<CertificateRecord>,
    metadata: Metadata,
    warning: Option<v1::DeprecationWarning>,
    /// The use of a secret key. It is set once policy has agreed.
    key_use: Option<KeyUse>,
    /// The time in Unix seconds. It is taken once, so that every check of the call sees the same time.
    pub(super) now: i64,
}

impl Call {
    /// Begins a call with the checks that all requests have in common.
    pub(super) fn begin(
        context: CallContext,
        operation: &'static str,
        profile: &str,
        metadata: Option<v1::Metadata>,
        limits: &Limits,
    ) -> Result<Self, CallError> {
        let mut call = Self {
            context,
            operation,
            profile: String::new(),
            algorithm: None,
            certificate: None,
            metadata: Metadata::default(),
            warning: None,
            key_use: None,
            now: context.received,
        };
        match call.check(profile, metadata, limits) {
            Ok(()) => Ok(call),
            Err(error) => {
                call.log(Some(&error));
                Err(error)
            }
        }
    }

    /// A value that fails here is neither kept nor logged, since it is too long or not printable.
    fn check(
        &mut self,
        profile: &str,
        metadata: Option<v1::Metadata>,
        limits: &Limits,
    ) -> Result<(), CallError> {
        if profile.len() > limits.profile {
            let kind = FieldErrorKind::TooLong { length: profile.len(), limit: limits.profile };
            return Err(FieldError { field: "profile", kind }.into());
        }
        profile.clone_into(&mut self.profile);
        self.metadata = Metadata::parse(metadata, limits)?;
        Ok(())
    }

    /// Finds the profile that the call names, and notes its deprecation for the answer.
    pub(super) fn find_profile<'a>(&mut self, state: &'a BrokerState) -> Result<&'a Arc<Profile>, CallError> {
        let profile = state.catalogue.profile(&self.profile)?;
        self.warning = deprecation(profile);
        Ok(profile)
    }

    /// Begins the use of a secret key with `algorithm`, to which policy has agreed. The returned token gives access to the
    /// key. From here on the audit has a record of the call, however it ends.
    pub(super) fn use_key(
        &mut self,
        state: &BrokerState,
        algorithm: &'static str,
    ) -> Result<KeyUse, CallError> {
        self.algorithm = Some(algorithm);
        let key_use = state.audit.begin(|| self.record(state, Event::KeyUse))?;
        self.key_use = Some(key_use.clone());
        Ok(key_use)
    }

    /// Writes the log line, and records a refusal or the end of the use of a key. [`Ended::recorded`] returns the result.
    pub(super) fn end<T>(&mut self, state: &BrokerState, result: Result<T, CallError>) -> Ended<T> {
        let Some(key_use) = self.key_use.take() else {
            return Ended { result: self.end_keyless(state, result), pending: PendingRecord::none() };
        };
        let error = result.as_ref().err();
        self.log(error);
        let pending = key_use.finish(error.map(CallError::reason), self.certificate.take());
        Ended { result, pending }
    }

    /// Writes the log line of a call that used no key, and records a refusal.
    pub(super) fn end_keyless<T>(
        &self,
        state: &BrokerState,
        result: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let error = result.as_ref().err();
        self.log(error);
        if let Some(CallError::Denied(denial)) = error {
            self.refused(state, denial);
        }
        result
    }

    #[cold]
    fn refused(&self, state: &BrokerState, denial: &Denial) {
        state.audit.record_refusal(|| Record {
            rule: (!denial.rule.is_empty()).then(|| denial.rule.clone()),
            rule_line: denial.line,
            outcome: Outcome::Refused,
            reason: Some(denial.kind.reason()),
            ..self.record(state, Event::Refusal)
        });
    }

    /// Notes that the call has failed. A job of it may still run; what that job records of its use of a key takes precedence.
    pub(super) fn fail(&self, error: &CallError) {
        self.log(Some(error));
        if let Some(key_use) = &self.key_use {
            key_use.fail(error.reason());
        }
    }

    /// Returns a record of this call with what is known so far.
    fn record(&self, state: &BrokerState, event: Event) -> Record {
        let Caller { uid, gid, pid } = self.context.caller;
        Record {
            event,
            operation: self.operation,
            profile: self.profile.clone(),
            catalogue_digest: Some(state.catalogue.digest().to_owned()),
            algorithm: self.algorithm.map(str::to_owned),
            uid: Some(uid),
            gid: Some(gid),
            pid,
            request_id: non_empty(self.metadata.id()).map(str::to_owned),
            correlation_id: non_empty(self.metadata.correlation_id()).map(str::to_owned),
            ..Record::default()
        }
    }

    /// Writes the log line of the call: `debug` for a success, `info` for a refusal or a failure, `warn` or `error` for a
    /// fault of the broker itself. A level that is filtered out costs one load: nothing is measured or formatted for it.
    #[inline]
    fn log(&self, error: Option<&CallError>) {
        match error {
            None => log_call!(self, DEBUG, "success", None::<&str>, "the call succeeded"),
            Some(error) => self.log_failure(error),
        }
    }

    #[cold]
    fn log_failure(&self, error: &CallError) {
        let reason = error.reason();
        match error {
            CallError::AuditUnavailable => log_call!(self, WARN, "failed", reason, "the call failed"),
            // The gRPC code of a message that cannot be read is INTERNAL, too, but the client is at fault.
            CallError::Library { .. } => log_call!(self, INFO, "failed", reason, "the call failed"),
            _ if error.is_internal() => log_call!(self, ERROR, "failed", reason, "the call failed: a bug"),
            CallError::Denied(_) => log_call!(self, INFO, "refused", reason, "the call was refused"),
            _ => log_call!(self, INFO, "failed", reason, "the call failed"),
        }
    }

    /// Completes the response with the metadata and the descriptor.
    pub(super) fn complete<R: OperationResponse>(self, mut response: R) -> R {
        let Self { profile, operation, algorithm, metadata, warning, .. } = self;
        let descriptor = || v1::CryptoDescriptor {
            profile,
            operation: operation.to_owned(),
            algorithm: algorithm.unwrap_or_default().to_owned(),
        };
        response.complete(descriptor, metadata.into_echo(warning), PADDING);
        response
    }
}

/// The result of a call, and the record of its use of a key, which may not be written yet.
#[must_use = "the answer to a use of a key waits for its record"]
pub(super) struct Ended<T> {
    result: Result<T, CallError>,
    pending: PendingRecord,
}

impl<T> Ended<T> {
    /// Returns the result once the record is written.
    ///
    /// # Errors
    /// Fails with [`CallError::AuditUnavailable`] where the record is not written in time, and else with the call's own error.
    pub(super) async fn recorded(self, deadline: Instant) -> Result<T, CallError> {
        self.pending.wait(deadline).await?;
        self.result
    }
}

impl From<AuditUnavailable> for CallError {
    fn from(AuditUnavailable: AuditUnavailable) -> Self {
        Self::AuditUnavailable
    }
}

impl Broker {
    /// Does `job` where its weight belongs, and writes its log line and its record there: a caller who hangs up cannot
    /// have a key used without a record. Where the job is `keyed`, what it leaves on its thread's stack is wiped. Waiting
    /// for the record blocks no thread.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        mut call: Call,
        weight: Weight,
        keyed: bool,
        job: impl FnOnce(&BrokerState, &mut Call) -> Result<T, CallError> + Send + 'static,
    ) -> Result<(Call, T), CallError> {
        let (state, context, seen) = (Arc::clone(&self.0), call.context, call.clone());
        let job = move || {
            let result = match weight {
                _ if !keyed => job(&state, &mut call),
                Weight::Inline { .. } => on_lightly_wiped_stack(|| job(&state, &mut call)),
                Weight::Short | Weight::Long => on_wiped_stack(|| job(&state, &mut call)),
            };
            let ended = call.end(&state, result);
            (call, ended)
        };
        let lane = match weight {
            Weight::Inline { .. } => None,
            Weight::Short => Some(Lane::Short),
            Weight::Long => Some(Lane::Long),
        };
        let ended = match lane {
            None if context.deadline <= Instant::now() => Err(ComputeError::DeadlineExceeded),
            None => catch_unwind(AssertUnwindSafe(job)).map_err(|_| ComputeError::Panicked),
            Some(lane) => self.0.pool.run(lane, context.connection, Some(context.deadline), job).await,
        };
        match ended {
            Ok((call, ended)) => Ok((call, ended.recorded(context.deadline).await?)),
            Err(error) => {
                let error = error.into();
                seen.fail(&error);
                Err(error)
            }
        }
    }
}

/// Returns the warning of a deprecated profile.
fn deprecation(profile: &Profile) -> Option<v1::DeprecationWarning> {
    let deprecation = profile.deprecation.as_ref()?;
    Some(v1::DeprecationWarning {
        profile: profile.name.to_string(),
        replaced_by: deprecation.replaced_by.clone(),
        deprecated_since: deprecation.deprecated_since.clone(),
        remove_after: deprecation.remove_after.clone(),
        reason: deprecation.reason.clone(),
    })
}
