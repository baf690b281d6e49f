//! The circuit of a call, and what tells its work to stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use broker_groth16::interrupt::Interrupt;

use crate::{circuits::LoadedCircuit, operation::groth16::ErrorKind, status::CallError};

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
    /// The circuit of a call that has waited for it for `key_load`.
    pub(super) fn new(circuit: LoadedCircuit, created: bool, key_load: Duration, deadline: Instant) -> Self {
        Self { circuit, created, key_load, deadline, left: Arc::default() }
    }

    /// Sets when the work must have ended.
    pub(super) fn with_deadline(self, deadline: Instant) -> Self {
        Self { deadline, ..self }
    }

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
}

/// Tells work to stop when it is dropped, because its caller has left.
#[must_use]
pub(super) struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
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
    use crate::operation::groth16::ProofError;

    #[test]
    fn work_that_is_stopped_before_its_deadline_was_cancelled() {
        let stopped = || CallError::from(ProofError::from(CircuitError::from(Interrupted)));
        assert_eq!(end(stopped(), true).reason(), "DEADLINE_EXCEEDED");
        assert_eq!(end(stopped(), false).reason(), "CANCELLED");
        let other = || CallError::from(ProofError::from(CircuitError::NoConstraints));
        assert_eq!(end(other(), false).reason(), "NO_R1CS");
    }
}
