#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::all;
use crate::{in_process::InProcess, scenario::Scenario};

#[test]
fn ids_are_unique() {
    let all = all().unwrap();
    let ids: HashSet<&str> = all.iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(ids.len(), all.len());
}

#[test]
fn every_pipeline_operation_is_measured() {
    let kinds: HashSet<_> = all()
        .unwrap()
        .iter()
        .filter_map(Scenario::message)
        .map(|message| std::mem::discriminant(&message))
        .collect();
    // This is the number of variants of `PipelineRequest.operation`.
    assert_eq!(kinds.len(), 10);
}

#[test]
fn every_scenario_succeeds_in_process() {
    let broker = InProcess::new().unwrap();
    for scenario in
        all().unwrap().iter().filter(|scenario| scenario.has_cryptography() && !scenario.is_slow())
    {
        let outcome = broker.run_scenario(scenario);
        assert!(outcome.is_ok(), "{}: {:?}", scenario.id, outcome.err());
    }
}
