//! The lines of `Groth16`.

use std::time::Duration;

use super::Lines;
use crate::policy::profile::{CircuitRule, CircuitSource, Groth16Rule, Provenance};

/// Writes the section. Paths are as in the document, so that the folder does not change the digest.
pub(super) fn write_groth16(rule: &Groth16Rule, lines: &mut Lines) {
    lines.put("Curve", rule.curve);
    lines.put("Setup", rule.setup.name());
    lines.put("RequireCeremony", rule.require_ceremony.name());
    lines.put("AllowCallerKey", rule.allow_caller_key);
    lines.put("Limits.Constraints", rule.limits.constraints);
    lines.put("Limits.WitnessBytes", rule.limits.witness_bytes);
    lines.put("Limits.BatchItems", rule.limits.batch_items);
    lines.put("Limits.MemoryPerProof", rule.limits.memory_per_proof);
    lines.put("Limits.Deadline", seconds(rule.limits.deadline));
    lines.put("Threads", rule.threads);
    let mut circuits: Vec<&CircuitRule> = rule.circuits.iter().collect();
    circuits.sort_by(|a, b| a.name.cmp(&b.name));
    for circuit in circuits {
        // A name has no dots, so that no two circuits have a path in common.
        let path = format!("Circuits.{}", circuit.name);
        let kind = match circuit.source {
            CircuitSource::BuiltIn { .. } => "built-in",
            CircuitSource::Operator { .. } => "operator",
        };
        lines.put(&path, kind);
        for (key, file) in circuit.files() {
            lines.put_quoted(&format!("{path}.{key}.Path"), &file.written);
            lines.put(&format!("{path}.{key}.Sha256"), hex::encode(file.sha256));
        }
        if let Some(fingerprint) = circuit.fingerprint {
            lines.put(&format!("{path}.Fingerprint"), hex::encode(fingerprint));
        }
        if let Some(provenance) = &circuit.provenance {
            write_provenance(&format!("{path}.Provenance"), provenance, lines);
        }
    }
}

fn write_provenance(path: &str, provenance: &Provenance, lines: &mut Lines) {
    lines.put(&format!("{path}.Class"), provenance.class.name());
    if let Some(ceremony) = &provenance.ceremony {
        lines.put_quoted(&format!("{path}.Ceremony"), ceremony);
    }
    if let Some(contributions) = provenance.min_contributions {
        lines.put(&format!("{path}.MinContributions"), contributions);
    }
    if let Some(powers) = &provenance.powers_of_tau {
        lines.put_quoted(&format!("{path}.PowersOfTau.Name"), &powers.name);
        lines.put(&format!("{path}.PowersOfTau.Sha256"), hex::encode(powers.sha256));
    }
    if let Some(beacon) = &provenance.beacon {
        lines.put(&format!("{path}.Beacon"), hex::encode(beacon));
    }
}

/// Returns a duration in seconds, with the decimals that it needs.
fn seconds(duration: Duration) -> String {
    let text = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
