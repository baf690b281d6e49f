//! The checks of `API.Groth16`.

use std::sync::Arc;

use super::{
    Denial, DenialKind, Facts,
    check::CheckInput,
    collector::DenialCollector,
    decide::{Check, Decide},
    document::suggest::most_similar,
    facts::FactName,
    permit::{
        BatchVerify, CheckWitness, CircuitParameters, GetVerifyingKey, Prove, ProveMany, ProveStream,
        SetupCircuit, VerifyProof,
    },
    profile::{CircuitRule, CircuitSource, Groth16Rule, Profile, SetupRule},
};
use crate::request;

/// Implements [`Decide`] for an operation with a circuit. `$facts` adds what the checks need beside its name.
macro_rules! with_circuit {
    ($operation:ident($request:ty): $checks:expr, |$parsed:ident| { $($fact:ident: $value:expr),* }) => {
        impl Decide for $operation {
            const CHECKS: &'static [Check<Self>] = $checks;

            fn facts($parsed: &$request, now: i64) -> Facts<'_> {
                Facts { circuit: Some(&$parsed.circuit), $($fact: $value,)* ..Facts::new(now) }
            }

            fn parameters(
                profile: &Profile,
                rule: &Groth16Rule,
                facts: &Facts<'_>,
            ) -> Result<CircuitParameters, Denial> {
                parameters(profile, rule, facts)
            }
        }
    };
}

with_circuit!(GetVerifyingKey(request::GetVerifyingKey): &[circuit], |request| {});
with_circuit!(SetupCircuit(request::SetupCircuit): &[circuit, setup], |request| {});
with_circuit!(Prove(request::Prove): &[circuit, witness], |request| {
    witness_bytes: request.witness.bytes()
});
with_circuit!(ProveStream(request::ProveStream): &[circuit, witness], |request| {
    witness_bytes: request.length
});
with_circuit!(ProveMany(request::ProveMany): &[circuit], |request| {});
with_circuit!(CheckWitness(request::CheckWitness): &[circuit, witness], |request| {
    witness_bytes: request.witness.bytes()
});
with_circuit!(VerifyProof(request::VerifyProof): &[circuit, verifying_key], |request| {
    has_verifying_key: request.key.is_some()
});
with_circuit!(BatchVerify(request::BatchVerify): &[circuit, batch], |request| {
    batch_items: request.items.len()
});

fn named<'a>(rule: &'a Groth16Rule, name: &str) -> Option<&'a Arc<CircuitRule>> {
    rule.circuits.iter().find(|circuit| circuit.name == name)
}

/// Returns the circuit. The check [`circuit`] comes first, so that a decision never fails here; an explanation without a
/// circuit has no use for the parameters.
fn parameters(profile: &Profile, rule: &Groth16Rule, facts: &Facts<'_>) -> Result<CircuitParameters, Denial> {
    let circuit = match facts.circuit {
        Some(name) => named(rule, name),
        None => rule.circuits.first(),
    };
    match circuit {
        Some(circuit) => Ok(CircuitParameters { circuit: Arc::clone(circuit) }),
        None => Err(unknown(profile, rule, facts.circuit.unwrap_or_default())),
    }
}

fn unknown(profile: &Profile, rule: &Groth16Rule, name: &str) -> Denial {
    let names = || rule.circuits.iter().map(|circuit| circuit.name.as_str());
    let next = match most_similar(name, names()) {
        Some(similar) => format!("did you mean {similar}?"),
        None => format!("it has {}", names().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("profile {} has no circuit {name}; {next}", profile.name);
    Denial::new(profile, DenialKind::UnknownCircuit, "API.Groth16.Circuits", rule.line, message)
}

/// Checks that the profile has the circuit.
fn circuit(input: &CheckInput<'_, Groth16Rule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let Some(name) = collector.require(FactName::Circuit, input.facts.circuit)? else { return Ok(()) };
    match named(input.rule, name) {
        Some(_) => Ok(()),
        None => collector.add(unknown(input.profile, input.rule, name)),
    }
}

/// Checks that the broker may make the circuit's key.
fn setup(input: &CheckInput<'_, Groth16Rule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let rule = input.rule;
    if rule.setup == SetupRule::Never {
        let name = &input.profile.name;
        let message = format!("profile {name} lets the broker make no keys (API.Groth16.Setup is `never`)");
        return collector.add(input.denial(
            DenialKind::SetupNotAllowed,
            "API.Groth16.Setup",
            rule.line,
            message,
        ));
    }
    let Some(circuit) = input.facts.circuit.and_then(|name| named(rule, name)) else { return Ok(()) };
    if matches!(circuit.source, CircuitSource::BuiltIn { key: None, .. }) {
        return Ok(());
    }
    let message = format!("the circuit {} has its key in a file, which is never replaced", circuit.name);
    collector.add(input.denial(DenialKind::SetupNotAllowed, "API.Groth16.Circuits", circuit.line, message))
}

/// Checks that the witness is within `Limits.WitnessBytes`.
fn witness(input: &CheckInput<'_, Groth16Rule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let (bytes, limit) = (input.facts.witness_bytes as u64, input.rule.limits.witness_bytes);
    if bytes <= limit {
        return Ok(());
    }
    let message = format!("the witness has {bytes} bytes; profile {} allows {limit}", input.profile.name);
    let path = "API.Groth16.Limits.WitnessBytes";
    collector.add(input.denial(DenialKind::LimitExceeded, path, input.rule.line, message))
}

/// Checks that the batch is within `Limits.BatchItems`.
fn batch(input: &CheckInput<'_, Groth16Rule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    let (items, limit) = (input.facts.batch_items, input.rule.limits.batch_items);
    if items <= limit as usize {
        return Ok(());
    }
    let message = format!("the batch has {items} proofs; profile {} allows {limit}", input.profile.name);
    let path = "API.Groth16.Limits.BatchItems";
    collector.add(input.denial(DenialKind::LimitExceeded, path, input.rule.line, message))
}

/// Checks that the request has no verifying key, unless `AllowCallerKey` allows one.
fn verifying_key(input: &CheckInput<'_, Groth16Rule>, collector: &mut DenialCollector) -> Result<(), Denial> {
    if !input.facts.has_verifying_key || input.rule.allow_caller_key {
        return Ok(());
    }
    let path = "API.Groth16.AllowCallerKey";
    let message = format!(
        "profile {} verifies with its own keys only because {path} is not true; omit the verifying key",
        input.profile.name
    );
    collector.add(input.denial(DenialKind::VerifyingKeyNotAllowed, path, input.rule.line, message))
}
