//! The keys, words and numbers of `profiles.schema.json` and `docs/profiles.md`. `interop/schema` applies the schema.

use serde_json::Value;

use super::*;

const SCHEMA: &str = include_str!("../../../../../../profiles/profiles.schema.json");
const PAGE: &str = include_str!("../../../../../../docs/profiles.md");

/// Returns the keys that the reader lists when it meets another one in place of line `number` of [`FULL`].
#[track_caller]
fn keys_at(number: usize, line: &str) -> Vec<String> {
    let all = errors(&with_full_line(number, line));
    let keys = all.iter().find_map(|error| error.message.strip_prefix("unknown key; the keys here are "));
    let mut keys: Vec<String> =
        keys.unwrap_or_else(|| panic!("{all:#?}")).split(", ").map(str::to_owned).collect();
    keys.sort();
    keys
}

fn properties(schema: &Value) -> Vec<String> {
    let mut keys: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

#[test]
fn schema_and_page_have_the_keys_of_the_reader() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let defs = &schema["$defs"];
    let section = keys_at(21, "      Colour: red");
    assert_eq!(section, properties(&defs["groth16"]));
    assert_eq!(
        keys_at(20, "      Limits: { Colour: red }"),
        properties(&defs["groth16"]["properties"]["Limits"])
    );
    assert_eq!(keys_at(11, "          Key: { Colour: red }"), properties(&defs["pinnedFile"]));
    let provenance = keys_at(13, "          Provenance: { Colour: red }");
    assert_eq!(provenance, properties(&defs["provenance"]));
    let powers =
        keys_at(13, "          Provenance: { Class: ceremony-claimed, PowersOfTau: { Colour: red } }");
    assert_eq!(powers, properties(&defs["provenance"]["properties"]["PowersOfTau"]));
    let mut circuit: Vec<String> =
        (1..=2).flat_map(|form| properties(&defs["circuit"]["anyOf"][form])).collect();
    circuit.sort();
    circuit.dedup();
    assert_eq!(keys_at(12, "          Colour: red"), circuit);
    for key in [section, provenance, circuit].concat() {
        assert!(PAGE.contains(&format!("\n| `{key}` |")), "{key}");
    }
}

#[test]
fn schema_and_page_have_the_words_of_the_reader() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let defs = &schema["$defs"];
    let section = &defs["groth16"]["properties"];
    let listed = |names: &[&str]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        assert!(PAGE.contains(&quoted.join(", ")), "{names:?}");
        serde_json::json!(names)
    };
    assert_eq!(section["Setup"]["enum"], listed(&SetupRule::ALL.map(SetupRule::name)));
    assert_eq!(
        section["RequireCeremony"]["enum"],
        listed(&CeremonyRequirement::ALL.map(CeremonyRequirement::name))
    );
    assert_eq!(section["Curve"]["examples"], listed(&CurveName::ALL.map(CurveName::as_str)));
    let names = BuiltInCircuit::ALL.map(BuiltInCircuit::name);
    assert_eq!(defs["builtInCircuit"]["enum"], serde_json::json!(names));
    assert!(names.iter().all(|name| PAGE.contains(&format!("`{name}`"))), "{names:?}");
    let declarable = [SetupClass::SingleParty, SetupClass::CeremonyClaimed].map(SetupClass::name);
    assert_eq!(defs["provenance"]["properties"]["Class"]["enum"], listed(&declarable));
    for class in SetupClass::ALL {
        assert!(PAGE.contains(&format!("\n| `{}` |", class.name())), "{}", class.name());
    }
}

#[test]
fn page_has_the_default_limits() {
    let limits = ProofLimits::default();
    for (key, default) in [
        ("Constraints", limits.constraints.to_string()),
        ("WitnessBytes", crate::byte_size::print(limits.witness_bytes)),
        ("BatchItems", limits.batch_items.to_string()),
        ("MemoryPerProof", crate::byte_size::print(limits.memory_per_proof)),
        ("Deadline", format!("{:?}", limits.deadline)),
    ] {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{key}` |"))).unwrap();
        assert!(row.contains(&format!(" | {default} | ")), "{row}, not {default}");
    }
}
