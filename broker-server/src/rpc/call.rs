//! What surrounds every operation: its context and deadline, the pool, the log line, the audit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use super::{Broker, BrokerState, CallContext, circuit_use::CircuitUse};
use crate::{
    caller::Caller,
    compute::{ComputeError, Lane},
    policy::{
        permit::{self, Operation as _},
        profile::Profile,
    },
    request::{FieldError, FieldErrorKind, Limits, Metadata},
    secret::{on_lightly_wiped_stack, on_wiped_stack},
    status::{CallError, Refusal},
    telemetry::audit::{AuditUnavailable, CertificateRecord, Event, KeyUse, Outcome, PendingRecord, Record},
};
use broker_proto::{OperationResponse, v1};

/// Where the work of a call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// Inline on the I/O thread, because it takes less time than switching to another thread. A pipeline charges `cost`, in
    /// bytes of hashed data, to its budget before it yields to the other connections of its I/O thread.
    Inline { cost: usize },
    /// The pool's lane for short work.
    ShortLane,
    /// The pool's lane for long work.
    LongLane,
}

impl Placement {
    /// Returns the placement of hashing so many bytes. Hashing two KiB takes as long as handing it to another thread.
    pub(super) const fn for_hash(bytes: usize) -> Self {
        if bytes <= 2 << 10 { Self::Inline { cost: bytes } } else { Self::ShortLane }
    }

    /// Returns the placement of encrypting or decrypting so many bytes. A cipher is faster than a hash, but its key must be
    /// set up and wiped.
    pub(super) const fn for_cipher(bytes: usize) -> Self {
        if bytes <= 8 << 10 { Self::Inline { cost: 1024 + bytes / 4 } } else { Self::ShortLane }
    }
}

/// The number of zeros at the end of a response that contains a secret, in bytes: the length below
/// which h2 copies a whole DATA frame into the connection's write buffer, which nobody wipes. Of a longer frame, h2 copies
/// only the beginning, which the trailers of the response then overwrite (`transport/body.rs`). A shorter frame can only be
/// the last of a response, so it contains nothing but these zeros.
const PADDING: usize = super::framing::H2_CHAIN_THRESHOLD;

/// Logs how a call ended. `outcome`, `reason` and the ids have the names and values of the audit's records. Every value is
/// bounded and printable: `Call::set_profile_and_metadata` limits what a client sends, and texts are escaped.
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
            duration_us = u64::try_from($call.context.received_at.elapsed().as_micros()).unwrap_or(u64::MAX),
            $message
        )
    };
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Writes the log line of a call whose request cannot be read or decoded, so that no operation begins. `method` is the path or
/// the name of the method.
#[cold]
pub(crate) fn log_unreadable_request(method: &str, caller: Caller, error: &CallError) {
    let (uid, pid, reason) = (caller.uid, caller.pid, error.reason());
    let operation = method.rsplit('/').next();
    if *error == CallError::Cancelled {
        // A client that cancels its call is not a failure.
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
    /// The circuit that the operation uses, once it is in memory.
    pub(super) circuit: Option<Box<CircuitUse>>,
    metadata: Metadata,
    /// The deprecation of the profile, for the response. [`Self::find_profile`] sets it.
    deprecation: Option<v1::DeprecationWarning>,
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
            circuit: None,
            metadata: Metadata::default(),
            deprecation: None,
            key_use: None,
            now: context.received_at_unix,
        };
        match call.set_profile_and_metadata(profile, metadata, limits) {
            Ok(()) => Ok(call),
            Err(error) => {
                call.log(Some(&error));
                Err(error)
            }
        }
    }

    /// Checks and stores the profile's name and the metadata. A value that is too long or not printable is neither stored
    /// nor logged.
    fn set_profile_and_metadata(
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

    /// Returns the profile that the call names, and stores its deprecation for the response.
    pub(super) fn find_profile<'a>(&mut self, state: &'a BrokerState) -> Result<&'a Arc<Profile>, CallError> {
        let profile = state.catalogue.profile(&self.profile)?;
        self.deprecation = deprecation_warning(profile);
        Ok(profile)
    }

    /// Begins the use of a secret key with `algorithm`, to which policy has agreed. The returned token gives access to the
    /// key. From here on the audit has a record of the call, however it ends.
    pub(super) fn begin_key_use(
        &mut self,
        state: &BrokerState,
        algorithm: &'static str,
    ) -> Result<KeyUse, CallError> {
        self.algorithm = Some(algorithm);
        let key_use = state.audit.begin(|| self.record(state, Event::KeyUse))?;
        self.key_use = Some(key_use.clone());
        Ok(key_use)
    }

    /// Begins the use of the secret randomness of a setup, which the call has caused.
    pub(super) fn begin_setup(&self, state: &BrokerState) -> Result<KeyUse, AuditUnavailable> {
        let record = || Record {
            operation: permit::SetupCircuit::NAME,
            algorithm: None,
            ..self.record(state, Event::KeyUse)
        };
        state.audit.begin(record)
    }

    /// Writes the log line, and records a refusal or the end of the use of a key. [`PendingResult::wait_for_record`] returns
    /// the result.
    pub(super) fn log_and_record<T>(
        &mut self,
        state: &BrokerState,
        result: Result<T, CallError>,
    ) -> PendingResult<T> {
        let Some(key_use) = self.key_use.take() else {
            return PendingResult {
                result: self.log_and_record_refusal(state, result),
                pending: PendingRecord::none(),
            };
        };
        let error = result.as_ref().err();
        self.log(error);
        let pending = key_use.finish(error.map(CallError::reason), self.certificate.take());
        PendingResult { result, pending }
    }

    /// Writes the log line of a call that used no key, and records a refusal by its profile.
    pub(super) fn log_and_record_refusal<T>(
        &self,
        state: &BrokerState,
        result: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let error = result.as_ref().err();
        self.log(error);
        if let Some(error) = error
            && let Some(refusal) = error.refusal()
        {
            self.record_refusal(state, refusal, error.reason());
        }
        result
    }

    #[cold]
    fn record_refusal(&self, state: &BrokerState, refusal: Refusal<'_>, reason: &'static str) {
        state.audit.record_refusal(|| Record {
            rule: non_empty(refusal.rule).map(str::to_owned),
            rule_line: refusal.line,
            outcome: Outcome::Refused,
            reason: Some(reason),
            ..self.record(state, Event::Refusal)
        });
    }

    /// Logs and records that the call failed without a result of its job. The job may still run; its own record of the use
    /// of a key takes precedence.
    pub(super) fn abandon(&self, error: &CallError) {
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

    /// Writes the log line of the call: `debug` for a success, `info` for a denial or a failure, `warn` or `error` for a
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
            CallError::Tonic { .. } => log_call!(self, INFO, "failed", reason, "the call failed"),
            _ if error.is_internal() => log_call!(self, ERROR, "failed", reason, "the call failed: a bug"),
            _ if error.refusal().is_some() => {
                log_call!(self, INFO, "refused", reason, "the call was refused")
            }
            _ => log_call!(self, INFO, "failed", reason, "the call failed"),
        }
    }

    /// Adds the metadata, the crypto descriptor and the padding to the response.
    pub(super) fn complete_response<R: OperationResponse>(self, mut response: R) -> R {
        let Self { profile, operation, algorithm, metadata, deprecation, .. } = self;
        let descriptor = || v1::CryptoDescriptor {
            profile,
            operation: operation.to_owned(),
            algorithm: algorithm.unwrap_or_default().to_owned(),
        };
        response.complete(descriptor, metadata.into_echo(deprecation), PADDING);
        response
    }
}

/// The result of a call, and the record of its use of a key, which may not be written yet.
#[must_use = "the response to a use of a key must wait for its record"]
pub(super) struct PendingResult<T> {
    result: Result<T, CallError>,
    pending: PendingRecord,
}

impl<T> PendingResult<T> {
    /// Returns the result once the record is written.
    ///
    /// # Errors
    /// Fails with [`CallError::AuditUnavailable`] if the record is not written in time, and otherwise with the call's own
    /// error.
    pub(super) async fn wait_for_record(self, deadline: Instant) -> Result<T, CallError> {
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
    /// Runs `job` inline or in a lane of the pool, according to `placement`, and writes its log line and its record there, so
    /// that a client which cancels the call cannot have a key used without a record. If the job `uses_key`, its thread's
    /// stack is wiped afterwards. Waiting for the record blocks no thread.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        mut call: Call,
        placement: Placement,
        uses_key: bool,
        job: impl FnOnce(&BrokerState, &mut Call) -> Result<T, CallError> + Send + 'static,
    ) -> Result<(Call, T), CallError> {
        let context = call.context;
        let lane = match placement {
            Placement::Inline { .. } => None,
            Placement::ShortLane => Some(Lane::Short),
            Placement::LongLane => Some(Lane::Long),
        };
        // The second value is the call, for the log line of a job that returns no result.
        let finished = match lane {
            None if context.deadline <= Instant::now() => Err((ComputeError::DeadlineExceeded, call)),
            None => {
                // Inline work with a key is symmetric encryption, which uses little stack, so less of it is wiped.
                let job = || {
                    let result = match uses_key {
                        true => on_lightly_wiped_stack(|| job(&self.0, &mut call)),
                        false => job(&self.0, &mut call),
                    };
                    call.log_and_record(&self.0, result)
                };
                match catch_unwind(AssertUnwindSafe(job)) {
                    Ok(pending) => Ok((call, pending)),
                    Err(_) => Err((ComputeError::Panicked, call)),
                }
            }
            Some(lane) => {
                let (state, unfinished) = (Arc::clone(&self.0), call.clone());
                let job = move || {
                    let result = match uses_key {
                        true => on_wiped_stack(|| job(&state, &mut call)),
                        false => job(&state, &mut call),
                    };
                    let pending = call.log_and_record(&state, result);
                    (call, pending)
                };
                let finished = self.0.pool.run(lane, context.connection, Some(context.deadline), job).await;
                finished.map_err(|error| (error, unfinished))
            }
        };
        match finished {
            Ok((call, pending)) => Ok((call, pending.wait_for_record(context.deadline).await?)),
            Err((error, call)) => {
                let error = error.into();
                call.abandon(&error);
                Err(error)
            }
        }
    }
}

/// Returns the warning of a deprecated profile.
fn deprecation_warning(profile: &Profile) -> Option<v1::DeprecationWarning> {
    let deprecation = profile.deprecation.as_ref()?;
    Some(v1::DeprecationWarning {
        profile: profile.name.to_string(),
        replaced_by: deprecation.replaced_by.clone(),
        deprecated_since: deprecation.deprecated_since.clone(),
        remove_after: deprecation.remove_after.clone(),
        reason: deprecation.reason.clone(),
    })
}
