//! Waits for the circuit of a call, and tells the work when to stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use broker_groth16::interrupt::Interrupt;

use super::{
    Broker,
    call::{Call, Placement},
};
use crate::{
    circuits::{BeginSetup, CircuitLoadError, Found, LoadedCircuit, Need},
    operation::groth16::{ErrorKind, ProofError},
    policy::{
        Permit,
        permit::{CircuitParameters, Operation, SetupCircuit},
        profile::Groth16Rule,
    },
    status::CallError,
};

/// Work that is expected to take longer than this runs in the lane for long work.
const LONG: Duration = Duration::from_millis(10);

/// The circuit of a call.
#[derive(Clone, Debug)]
pub(super) struct CircuitUse {
    pub(super) circuit: LoadedCircuit,
    /// Whether its key was made for this call.
    pub(super) created: bool,
    /// How long the call waited for it.
    pub(super) key_load: Duration,
    /// When the work must have ended: at the call's deadline, or by the profile's limit.
    deadline: Instant,
    /// Whether the caller has left.
    left: Arc<AtomicBool>,
}

impl Interrupt for CircuitUse {
    fn is_requested(&self) -> bool {
        self.left.load(Ordering::Relaxed) || self.is_late()
    }
}

impl CircuitUse {
    /// Returns a value which tells the work to stop when it is dropped.
    pub(super) fn stop_on_drop(&self) -> StopOnDrop {
        StopOnDrop(Arc::clone(&self.left))
    }

    /// Returns the result of the work: where it was stopped before the deadline, its caller has left.
    pub(super) fn end<T>(&self, result: Result<T, CallError>) -> Result<T, CallError> {
        result.map_err(|error| end(error, self.is_late()))
    }

    fn is_late(&self) -> bool {
        self.deadline <= Instant::now()
    }

    /// Returns the lane for work that is expected to take this long.
    pub(super) fn placement(expected: Duration) -> Placement {
        if expected > LONG { Placement::LongLane } else { Placement::ShortLane }
    }
}

/// Tells work to stop when it is dropped, because its caller has left.
#[must_use]
pub(super) struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Broker {
    /// Waits until the circuit that a permit names is in memory.
    pub(super) async fn find_circuit<O>(
        &self,
        call: &Call,
        permit: &Permit<O>,
    ) -> Result<CircuitUse, CallError>
    where
        O: Operation<Rule = Groth16Rule, Parameters = CircuitParameters>,
    {
        let (rule, circuit) = (permit.rule(), &permit.parameters().circuit);
        let start = Instant::now();
        let limit = start.checked_add(rule.limits.deadline).unwrap_or(call.context.deadline);
        let deadline = call.context.deadline.min(limit);
        let begin = || self.begin_setup(call);
        let need = Need { rule, circuit, by_request: O::NAME == SetupCircuit::NAME };
        let found = self.0.circuits.get(need, deadline, begin).await;
        let Found { circuit, created } = found.map_err(|error| match error {
            CircuitLoadError::AuditUnavailable => CallError::AuditUnavailable,
            error => ProofError::from(error).into(),
        })?;
        Ok(CircuitUse { circuit, created, key_load: start.elapsed(), deadline, left: Arc::default() })
    }

    /// Returns what begins the record of a setup that the call causes.
    fn begin_setup(&self, call: &Call) -> BeginSetup {
        let (state, call) = (Arc::clone(&self.0), call.clone());
        Box::new(move || call.begin_setup(&state))
    }
}

/// Tells an end at the deadline, after which the work `is_late`, from one because the caller has left.
fn end(error: CallError, is_late: bool) -> CallError {
    match error {
        CallError::Proof(error) if error.kind() == ErrorKind::Deadline && !is_late => CallError::Cancelled,
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use broker_groth16::{interrupt::Interrupted, loaded::CircuitError};

    use super::*;

    #[test]
    fn work_that_is_stopped_before_its_deadline_was_cancelled() {
        let stopped = || CallError::from(ProofError::from(CircuitError::from(Interrupted)));
        assert_eq!(end(stopped(), true).reason(), "DEADLINE_EXCEEDED");
        assert_eq!(end(stopped(), false).reason(), "CANCELLED");
        let other = || CallError::from(ProofError::from(CircuitError::NoConstraints));
        assert_eq!(end(other(), false).reason(), "NO_R1CS");
    }
}
