//! `Groth16Service`.

use std::time::{Duration, Instant};

use broker_groth16::{
    circuit::Verification,
    curve::CurveName,
    key::{Fingerprint, SetupClass},
};
use broker_proto::v1;

use super::{
    Broker, BrokerState,
    call::{Call, Placement},
    circuit::placement,
    handler::{CircuitFuture, Handler, NoKey},
};
use crate::{
    circuits::{LoadedCircuit, Purpose},
    operation::groth16::{self, Context, KeyInfo, Proof, Statement},
    policy::{
        Permit,
        permit::{
            BatchVerify, CheckWitness, GetVerifyingKey, ListCircuits, Prove, SetupCircuit, VerifyProof,
        },
        profile::{BuiltIn, CircuitRule, CircuitSource, Groth16Rule},
    },
    request::{self, FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

/// The time of one verification, roughly, for the choice of a lane.
const VERIFICATION: Duration = Duration::from_millis(2);
/// The time of one proof in a batch.
const BATCH_ITEM: Duration = Duration::from_micros(600);

/// The methods that all operations with a circuit have in common.
macro_rules! with_circuit {
    ($purpose:ident) => {
        with_circuit!(|permit| Some(Purpose::$purpose));
    };
    (|$permit:ident| $purpose:expr) => {
        const DECIDES_INLINE: bool = true;

        fn circuit<'a>(
            broker: &'a Broker,
            call: &'a Call,
            $permit: &'a Permit<Self>,
        ) -> Option<CircuitFuture<'a>> {
            let purpose: Purpose = $purpose?;
            Some(Box::pin(broker.find_circuit(call, $permit, purpose)))
        }

        fn algorithm(permit: &Permit<Self>) -> &'static str {
            algorithm(permit.rule())
        }
    };
}

impl Handler for Prove {
    type Output = (Proof, Call);

    with_circuit!(Use);

    fn circuit_placement(_: &Permit<Self>, circuit: &LoadedCircuit) -> Placement {
        placement(circuit.proof_time())
    }

    fn parse(mut message: v1::ProveRequest, limits: &Limits) -> Result<request::Prove, FieldError> {
        request::Prove::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<Self::Output, CallError> {
        let proof = groth16::prove(permit, context(state, call)?, key)?;
        Ok((proof, call.clone()))
    }

    fn respond((proof, call): Self::Output) -> v1::ProveResponse {
        proof_response(proof, &call, Duration::ZERO)
    }
}

/// Builds the response with a proof, whose witness was received in parts for the time `upload`.
pub(super) fn proof_response(proof: Proof, call: &Call, upload: Duration) -> v1::ProveResponse {
    let key_load = call.circuit.as_ref().map_or(Duration::ZERO, |circuit| circuit.key_load);
    let figures = figures(&proof, call.context.received_at, key_load, upload, Instant::now());
    v1::ProveResponse {
        proof: proof.proof,
        public_signals: signals(proof.public),
        key: Some(key_info(&proof.key)),
        prover: proof.prover.to_owned(),
        figures: Some(figures),
        ..Default::default()
    }
}

impl Handler for CheckWitness {
    type Output = Statement;

    with_circuit!(Use);

    fn circuit_placement(_: &Permit<Self>, circuit: &LoadedCircuit) -> Placement {
        // A witness of an operator's circuit is calculated by an interpreter.
        placement(circuit.proof_time() / 4)
    }

    fn parse(
        mut message: v1::CheckWitnessRequest,
        limits: &Limits,
    ) -> Result<request::CheckWitness, FieldError> {
        request::CheckWitness::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<Statement, CallError> {
        Ok(groth16::check_witness(permit, context(state, call)?, key)?)
    }

    fn respond((public, key): Statement) -> v1::CheckWitnessResponse {
        v1::CheckWitnessResponse {
            public_signals: signals(public),
            key: Some(key_info(&key)),
            ..Default::default()
        }
    }
}

impl Handler for VerifyProof {
    type Output = (bool, Statement);

    with_circuit!(|permit| groth16::built_in_with_callers_key(permit)
        .is_none()
        .then_some(Purpose::Verification));

    fn parse(
        mut message: v1::VerifyProofRequest,
        limits: &Limits,
    ) -> Result<request::VerifyProof, FieldError> {
        request::VerifyProof::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        _: &NoKey,
    ) -> Result<Self::Output, CallError> {
        match groth16::built_in_with_callers_key(&permit) {
            Some((circuit, key)) => Ok(groth16::verify_built_in(&permit, circuit, key, call.now)?),
            None => Ok(groth16::verify(permit, context(state, call)?)?),
        }
    }

    fn respond((valid, (public, key)): Self::Output) -> v1::VerifyProofResponse {
        v1::VerifyProofResponse {
            valid,
            public_signals: signals(public),
            key: Some(key_info(&key)),
            ..Default::default()
        }
    }
}

impl Handler for BatchVerify {
    type Output = (Vec<bool>, KeyInfo);

    with_circuit!(Verification);

    fn circuit_placement(permit: &Permit<Self>, _: &LoadedCircuit) -> Placement {
        let items = u32::try_from(permit.request().items.len()).unwrap_or(u32::MAX);
        placement(VERIFICATION.saturating_add(BATCH_ITEM.saturating_mul(items)))
    }

    fn parse(
        mut message: v1::BatchVerifyRequest,
        limits: &Limits,
    ) -> Result<request::BatchVerify, FieldError> {
        request::BatchVerify::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        _: &NoKey,
    ) -> Result<Self::Output, CallError> {
        Ok(groth16::batch_verify(permit, context(state, call)?)?)
    }

    fn respond((valid, key): Self::Output) -> v1::BatchVerifyResponse {
        v1::BatchVerifyResponse { valid, key: Some(key_info(&key)), ..Default::default() }
    }
}

impl Handler for GetVerifyingKey {
    type Output = (Vec<u8>, KeyInfo);

    with_circuit!(Use);

    fn parse(
        mut message: v1::GetVerifyingKeyRequest,
        limits: &Limits,
    ) -> Result<request::GetVerifyingKey, FieldError> {
        request::GetVerifyingKey::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        _: &NoKey,
    ) -> Result<Self::Output, CallError> {
        Ok(groth16::verifying_key(permit, context(state, call)?)?)
    }

    fn respond((verifying_key, key): Self::Output) -> v1::GetVerifyingKeyResponse {
        v1::GetVerifyingKeyResponse { verifying_key, key: Some(key_info(&key)), ..Default::default() }
    }
}

impl Handler for SetupCircuit {
    type Output = (KeyInfo, bool);

    with_circuit!(Setup);

    fn parse(mut message: v1::SetupRequest, limits: &Limits) -> Result<request::SetupCircuit, FieldError> {
        request::SetupCircuit::parse(&mut message, limits)
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        _: &NoKey,
    ) -> Result<Self::Output, CallError> {
        let created = call.circuit.as_ref().is_some_and(|circuit| circuit.created);
        Ok((groth16::set_up(permit, context(state, call)?)?, created))
    }

    fn respond((key, created): Self::Output) -> v1::SetupResponse {
        v1::SetupResponse { key: Some(key_info(&key)), created, ..Default::default() }
    }
}

impl Handler for ListCircuits {
    type Output = Vec<v1::Circuit>;

    fn parse(_: v1::ListCircuitsRequest, _: &Limits) -> Result<request::ListCircuits, FieldError> {
        Ok(request::ListCircuits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        algorithm(permit.rule())
    }

    fn run(
        state: &BrokerState,
        _: &mut Call,
        permit: Permit<Self>,
        _: &NoKey,
    ) -> Result<Self::Output, CallError> {
        let rule = permit.rule();
        let describe = |circuit: &std::sync::Arc<CircuitRule>| {
            describe(rule.curve, circuit, state.circuits.in_memory(rule, circuit).as_ref())
        };
        Ok(rule.circuits.iter().map(describe).collect())
    }

    fn respond(circuits: Self::Output) -> v1::ListCircuitsResponse {
        v1::ListCircuitsResponse { circuits, ..Default::default() }
    }
}

/// Returns where the time of a call went, from its receipt until now. The figures add up to that time.
fn figures(
    proof: &Proof,
    received: Instant,
    key_load: Duration,
    upload: Duration,
    now: Instant,
) -> v1::ProofFigures {
    let waited = proof.began.saturating_duration_since(received);
    let queue = waited.saturating_sub(key_load).saturating_sub(upload);
    let counted = [queue, key_load, upload, proof.witness, proof.check, proof.prove, proof.self_verify];
    let other = now.saturating_duration_since(received).saturating_sub(counted.iter().sum());
    v1::ProofFigures {
        queue: duration(queue),
        key_load: duration(key_load),
        witness: duration(proof.witness),
        check: duration(proof.check),
        prove: duration(proof.prove),
        self_verify: duration(proof.self_verify),
        reserved_bytes: proof.reserved,
        upload: duration(upload),
        other: duration(other),
    }
}

/// Describes a circuit of a profile, with what is known only once it is in memory.
fn describe(curve: CurveName, rule: &CircuitRule, loaded: Option<&LoadedCircuit>) -> v1::Circuit {
    let info = loaded.map(|loaded| loaded.circuit.info());
    let mut circuit = v1::Circuit {
        name: rule.name.clone(),
        curve: curve.as_str().to_owned(),
        constraints: info.map_or(0, |info| info.constraints as u64),
        key: loaded.map(|loaded| key_info(&KeyInfo::describe(rule, loaded))),
        ..Default::default()
    };
    match &rule.source {
        CircuitSource::BuiltIn { circuit: built_in, .. } => describe_built_in(*built_in, &mut circuit),
        CircuitSource::Operator { r1cs, wasm, .. } => {
            circuit.takes_inputs = wasm.is_some();
            circuit.checks_witness = r1cs.is_some();
        }
    }
    circuit
}

fn describe_built_in(built_in: BuiltIn, circuit: &mut v1::Circuit) {
    use broker_groth16::circuit::{Visibility, statement::FROM_PROVER};
    let description = built_in.description();
    circuit.built_in = true;
    circuit.version = description.version;
    circuit.statement = description.statement.to_owned();
    circuit.constraints = description.constraints as u64;
    circuit.takes_inputs = true;
    circuit.checks_witness = true;
    let signal = |input: &broker_groth16::circuit::Input| v1::CircuitSignal {
        name: input.name.to_owned(),
        kind: input.kind.as_str().to_owned(),
        public: input.visibility == Visibility::Public,
        optional: input.optional,
        description: input.description.to_owned(),
    };
    circuit.inputs = description.inputs.iter().map(signal).collect();
    if description.verification == Verification::VerifiersOwn {
        let expected = description.public().map(|input| input.name);
        circuit.expected_signals =
            expected.filter(|name| !FROM_PROVER.contains(name)).map(str::to_owned).collect();
    }
}

/// Returns what an operation with a circuit uses. The call has waited for the circuit.
pub(super) fn context<'a>(state: &'a BrokerState, call: &'a Call) -> Result<Context<'a>, CallError> {
    let circuit = call.circuit.as_deref().ok_or(CallError::Internal)?;
    Ok(Context { circuits: &state.circuits, circuit: &circuit.circuit, interrupt: circuit, now: call.now })
}

pub(super) const fn algorithm(rule: &Groth16Rule) -> &'static str {
    match rule.curve {
        CurveName::Bn254 => "groth16-bn254",
        CurveName::Bls12381 => "groth16-bls12-381",
    }
}

fn key_info(key: &KeyInfo) -> v1::CircuitKeyInfo {
    let class = match key.class {
        None => v1::SetupClass::Unspecified,
        Some(SetupClass::SingleParty) => v1::SetupClass::SingleParty,
        Some(SetupClass::CeremonyClaimed) => v1::SetupClass::CeremonyClaimed,
        Some(SetupClass::CeremonyVerified) => v1::SetupClass::CeremonyVerified,
    };
    v1::CircuitKeyInfo {
        fingerprint: Fingerprint::from(key.fingerprint).as_bytes().to_vec(),
        setup_class: class.into(),
        ephemeral: key.ephemeral,
        ceremony: key.ceremony.clone().unwrap_or_default(),
    }
}

fn signals(public: Vec<(String, String)>) -> Vec<v1::PublicSignal> {
    public.into_iter().map(|(name, value)| v1::PublicSignal { name, value }).collect()
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    duration.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn figures_add_up_to_the_time_of_the_call() {
        let micros = Duration::from_micros;
        let received = Instant::now();
        let proof = Proof {
            proof: Vec::new(),
            public: Vec::new(),
            key: KeyInfo { fingerprint: [0; 32], class: None, ephemeral: false, ceremony: None },
            prover: "tables",
            began: received + micros(500),
            witness: micros(10),
            check: micros(20),
            prove: micros(300),
            self_verify: micros(1000),
            reserved: 1,
        };
        let v1::ProofFigures { queue, key_load, witness, check, prove, self_verify, other, .. } =
            figures(&proof, received, micros(400), Duration::ZERO, received + micros(1900));
        let all = [queue, key_load, witness, check, prove, self_verify, other]
            .map(|figure| Duration::try_from(figure.unwrap()).unwrap());
        assert_eq!(all, [100, 400, 10, 20, 300, 1000, 70].map(micros));
        assert_eq!(all.iter().sum::<Duration>(), micros(1900));
    }
}
