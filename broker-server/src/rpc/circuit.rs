//! Waits for the circuit of a call.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Broker, BrokerState,
    call::{Call, Placement},
    circuit_use::CircuitUse,
};
use crate::{
    circuits::{BeginSetup, CircuitLoadError, Found, Need, Purpose},
    operation::groth16::ProofError,
    policy::{
        Permit,
        permit::{CircuitParameters, Operation},
        profile::Groth16Rule,
    },
    status::CallError,
};

/// Work that is expected to take longer than this runs in the lane for long work.
const LONG: Duration = Duration::from_millis(10);

/// Returns the lane for work that is expected to take this long.
pub(super) fn placement(expected: Duration) -> Placement {
    if expected > LONG { Placement::LongLane } else { Placement::ShortLane }
}

impl Broker {
    /// Waits until the circuit that a permit names is in memory.
    pub(super) async fn find_circuit<O>(
        &self,
        call: &Call,
        permit: &Permit<O>,
        purpose: Purpose,
    ) -> Result<CircuitUse, CallError>
    where
        O: Operation<Rule = Groth16Rule, Parameters = CircuitParameters>,
    {
        let (rule, circuit) = (permit.rule(), &permit.parameters().circuit);
        let start = Instant::now();
        let limit = start.checked_add(rule.limits.deadline).unwrap_or(call.context.deadline);
        let deadline = call.context.deadline.min(limit);
        let begin = || self.begin_setup(call);
        let need = Need { rule, circuit, purpose };
        let found = self.0.circuits.get(need, deadline, begin).await;
        let Found { circuit, created } = found.map_err(|error| match error {
            CircuitLoadError::AuditUnavailable => CallError::AuditUnavailable,
            error => ProofError::from(error).into(),
        })?;
        Ok(CircuitUse::new(circuit, created, start.elapsed(), deadline))
    }

    /// Runs `job` with a circuit in a lane of the pool, as [`Self::compute`] does. The job ends early where the caller has
    /// left or the time for the circuit is over.
    pub(super) async fn compute_with_circuit<T: Send + 'static>(
        &self,
        mut call: Call,
        circuit: CircuitUse,
        placement: Placement,
        uses_key: bool,
        job: impl FnOnce(&BrokerState, &mut Call) -> Result<T, CallError> + Send + 'static,
    ) -> Result<(Call, T), CallError> {
        // Where the caller leaves, this future is dropped, and with it the guard.
        let _guard = circuit.stop_on_drop();
        call.circuit = Some(Box::new(circuit));
        let job = move |state: &BrokerState, call: &mut Call| {
            let result = job(state, call);
            match &call.circuit {
                Some(circuit) => circuit.end(result),
                None => result,
            }
        };
        self.compute(call, placement, uses_key, job).await
    }

    /// Returns what begins the record of a setup that the call causes.
    fn begin_setup(&self, call: &Call) -> BeginSetup {
        let (state, call) = (Arc::clone(&self.0), call.clone());
        Box::new(move || call.begin_setup(&state))
    }
}
