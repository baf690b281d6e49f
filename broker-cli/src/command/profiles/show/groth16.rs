//! The rules for proofs.

use broker_server::{
    byte_size,
    policy::profile::{CircuitRule, Groth16Rule, Provenance},
};
use serde_json::{Map, Value, json};

/// Describes the section; circuits go by their names.
pub(super) fn groth16(rule: &Groth16Rule) -> Value {
    let circuits: Map<String, Value> =
        rule.circuits.iter().map(|rule| (rule.name.clone(), circuit(rule))).collect();
    json!({
        "line": rule.line,
        "curve": rule.curve.as_str(),
        "setup": rule.setup.name(),
        "requireCeremony": rule.require_ceremony.name(),
        "allowCallerKey": rule.allow_caller_key,
        "circuits": circuits,
        "limits": {
            "constraints": rule.limits.constraints,
            "witnessBytes": byte_size::print(rule.limits.witness_bytes),
            "batchItems": rule.limits.batch_items,
            "memoryPerProof": byte_size::print(rule.limits.memory_per_proof),
            "deadline": format!("{:?}", rule.limits.deadline),
        },
        "threads": rule.threads,
    })
}

fn circuit(rule: &CircuitRule) -> Value {
    let mut value = Map::new();
    value.insert("line".into(), json!(rule.line));
    for (key, file) in rule.files() {
        let entry = json!({ "line": file.line, "path": file.path, "sha256": hex::encode(file.sha256) });
        value.insert(key.to_lowercase(), entry);
    }
    if let Some(fingerprint) = rule.fingerprint {
        value.insert("fingerprint".into(), json!(hex::encode(fingerprint)));
    }
    if let Some(rule) = &rule.provenance {
        value.insert("provenance".into(), provenance(rule));
    }
    Value::Object(value)
}

fn provenance(rule: &Provenance) -> Value {
    let powers = rule
        .powers_of_tau
        .as_ref()
        .map(|powers| json!({ "name": powers.name, "sha256": hex::encode(powers.sha256) }));
    json!({
        "line": rule.line,
        "class": rule.class.name(),
        "ceremony": rule.ceremony,
        "minContributions": rule.min_contributions,
        "powersOfTau": powers,
        "beacon": rule.beacon.as_ref().map(hex::encode),
    })
}
