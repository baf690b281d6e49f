#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::all;
use crate::{in_process::InProcess, scenario::Scenario};

/// The broker's own code with keys of its own, and all scenarios.
fn broker() -> (InProcess, Vec<Scenario>) {
    let broker = InProcess::new(None).unwrap();
    let all = all(&broker).unwrap();
    (broker, all)
}

#[test]
fn ids_are_unique() {
    let (_, all) = broker();
    let ids: HashSet<&str> = all.iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
}

#[test]
fn every_pipeline_operation_is_measured() {
    let (_, all) = broker();
    let messages = all.iter().filter_map(Scenario::message);
    let kinds: HashSet<_> = messages.map(|message| std::mem::discriminant(&message)).collect();
    // `PipelineRequest.operation` has 18 variants. Not measured are GenerateKey, which reads random numbers, and ListCircuits,
    // GetVerifyingKey, SetupCircuit and CheckWitness, which are parts of what is measured.
    assert_eq!(kinds.len(), 13);
}

#[test]
fn every_scenario_succeeds_in_process() {
    let (broker, all) = broker();
    let is_quick = |scenario: &&Scenario| scenario.has_cryptography() && scenario.is_call();
    // An RSA key takes seconds.
    for scenario in
        all.iter().filter(is_quick).filter(|scenario| scenario.id != "signature_key/rsa-3072/generate")
    {
        let outcome = broker.run_scenario(scenario);
        assert!(outcome.is_ok(), "{}: {:?}", scenario.id, outcome.err());
    }
}
