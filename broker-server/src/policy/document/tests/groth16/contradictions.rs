//! Keys that contradict each other: each error names the line and the next step.

use super::*;

#[test]
fn rejects_circuits_that_the_curve_does_not_have() {
    for entry in ["payment", "{ Name: payment }"] {
        let text = section(&format!("Curve: bls12-381\nCircuits:\n- multiply\n- {entry}"));
        let error = only_error(&text);
        assert_eq!(error.line, 7, "{error}");
        assert!(
            error.message.contains("has no bls12-381: write `Curve: bn254`, or remove the circuit"),
            "{error}"
        );
    }
    rule(&section("Curve: bls12-381\nCircuits: [multiply, cube_root]"));
}

#[test]
fn rejects_keys_of_the_other_kind_of_circuit() {
    for key in ["Zkey", "R1cs", "Wasm", "Sym"] {
        let text = section(&format!(
            "Curve: bn254\nCircuits:\n- Name: multiply\n|  {key}: {{ Path: a, Sha256: #a }}"
        ));
        rejects(&text, (7, 9), &format!(".Circuits[0].{key}"), "needs another name", None);
    }
    let text = section("Curve: bn254\nCircuits:\n- Name: paymnt\n|  Key: { Path: a, Sha256: #a }");
    rejects(&text, (7, 9), ".Circuits[0].Key", "of an operator's circuit is `Zkey`", Some("payment"));
    let text = section(
        "Curve: bn254\nCircuits:\n- Name: a\n|  Zkey: { Path: a, Sha256: #a }\n|  Sym: { Path: b, Sha256: #b }",
    );
    rejects(&text, (8, 9), ".Circuits[0].Sym", "which only `R1cs` has", None);
}

#[test]
fn rejects_claims_about_keys_that_are_not_there() {
    let text = section("Curve: bn254\nCircuits:\n- Name: multiply\n|  Provenance: { Class: single-party }");
    rejects(&text, (7, 9), ".Circuits[0].Provenance", "add `Key`, or remove", None);
    for setup in ["on-first-use", "by-request"] {
        let text = section(&format!(
            "Curve: bn254\nSetup: {setup}\nCircuits:\n- Name: multiply\n|  Fingerprint: #a"
        ));
        let next = format!("add `Key`, or write `never` in place of `Setup: {setup}`");
        rejects(&text, (8, 9), ".Circuits[0].Fingerprint", &next, None);
    }
    let stored = rule(&section("Curve: bn254\nCircuits: [{ Name: multiply, Fingerprint: #a }]"));
    assert_eq!(
        (stored.circuits[0].fingerprint, stored.circuits[0].declared_class()),
        (Some([0xaa; 32]), None)
    );
}

#[test]
fn rejects_ceremonies_of_a_single_party() {
    for (key, value) in [("Ceremony", "https://a.example/"), ("MinContributions", "1"), ("Beacon", "ab")] {
        let line = format!("          Provenance: {{ Class: single-party, {key}: {value} }}");
        rejects(
            &with_full_line(19, &line),
            (19, 46),
            &format!(".Circuits[2].Provenance.{key}"),
            "write `Class: ceremony-claimed`, or remove",
            None,
        );
    }
    rule(&with_full_line(
        19,
        "          Provenance: { Class: single-party, PowersOfTau: { Name: a, Sha256: #a } }",
    ));
}

#[test]
fn rejects_setups_without_a_circuit_to_set_up() {
    let text = section(
        "Curve: bn254\nSetup: on-first-use\nCircuits:\n- { Name: multiply, Key: { Path: a, Sha256: #a } }",
    );
    rejects(&text, (5, 14), ".Setup", "write `never`, or remove the key", None);
    rule(&text.replace("on-first-use", "never"));
    let text =
        section("Curve: bn254\nSetup: by-request\nCircuits:\n- { Name: a, Zkey: { Path: a, Sha256: #a } }");
    rejects(&text, (5, 14), ".Setup", "`by-request` has no circuit to set up", None);
}

#[test]
fn rejects_one_file_with_two_hashes_and_one_hash_for_two_formats() {
    let text = section(
        "Curve: bn254\nCircuits:\n- { Name: a, Zkey: { Path: ./k, Sha256: #a } }\n- Name: b\n|  Zkey: { Path: k, Sha256: #b }",
    );
    rejects(&text, (8, 9), ".Circuits[1].Zkey", "another Sha256 in line 6", None);
    rule(&text.replace(&"b".repeat(64), &"a".repeat(64)));
    let text = section(
        "Curve: bn254\nCircuits:\n- Name: a\n|  Zkey: { Path: a, Sha256: #a }\n|  Wasm: { Path: b, Sha256: #a }",
    );
    rejects(&text, (8, 9), ".Circuits[0].Wasm", "has the Sha256 of `Zkey`", None);
}

#[test]
fn rejects_witnesses_beyond_the_memory() {
    let with = |limits: &str| section(&format!("Curve: bn254\nCircuits: [multiply]\nLimits: {{ {limits} }}"));
    let message = "does not fit into MemoryPerProof";
    let both = with("WitnessBytes: 3MiB, MemoryPerProof: 2MiB");
    rejects(&both, (6, 31), ".Limits.WitnessBytes", message, None);
    rejects(&with("MemoryPerProof: 2MiB"), (6, 33), ".Limits.MemoryPerProof", "(64MiB)", None);
    rejects(&with("WitnessBytes: 2GiB"), (6, 31), ".Limits.WitnessBytes", "(1GiB); set both", None);
    assert_eq!(rule(&with("WitnessBytes: 2MiB, MemoryPerProof: 2MiB")).limits.witness_bytes, 2 << 20);
}

const CEREMONY: &str = "Curve: bn254
RequireCeremony: claimed
Circuits:
- Name: payment
|  Key: { Path: a, Sha256: #a }
|  Provenance: { Class: ceremony-claimed }
- Name: m
|  Zkey: { Path: b, Sha256: #b }
|  Provenance: { Class: ceremony-claimed }
";

#[test]
fn requires_ceremonies_of_every_key() {
    rule(&section(CEREMONY));
    let next = "`RequireCeremony: claimed`";
    for (from, to, at, path, message) in [
        (
            "Circuits:",
            "Setup: on-first-use\nCircuits:",
            (6, 14),
            ".Setup",
            "write `never` and a `Key` for each",
        ),
        ("Circuits:", "Setup: by-request\nCircuits:", (6, 14), ".Setup", next),
        (
            "Circuits:",
            "AllowCallerKey: true\nCircuits:",
            (6, 23),
            ".AllowCallerKey",
            "remove one of the two keys",
        ),
        ("Circuits:", "Circuits:\n- multiply", (7, 9), ".Circuits[0]", "needs `Key` and `Provenance`"),
        ("Circuits:", "Circuits:\n- Name: multiply", (7, 9), ".Circuits[0]", "needs `Key` and `Provenance`"),
        (
            "m\n|  Zkey: { Path: b, Sha256: #b }\n|  Provenance: { Class: ceremony-claimed }",
            "m\n|  Zkey: { Path: b, Sha256: #b }",
            (10, 9),
            ".Circuits[1]",
            "has no `Provenance`: the key is single-party",
        ),
        (
            "a }\n|  Provenance: { Class: ceremony-claimed }",
            "a }\n|  Provenance: { Class: single-party }",
            (9, 30),
            ".Circuits[0].Provenance.Class",
            "use a key from a ceremony and declare",
        ),
    ] {
        let changed = CEREMONY.replacen(from, to, 1);
        assert_ne!(changed, CEREMONY, "{from}");
        // A setup also has no circuit to set up here.
        let expected = if to.starts_with("Setup") { 2 } else { 1 };
        let all = errors(&section(&changed));
        assert_eq!(all.len(), expected, "{all:#?}");
        let error = &all[0];
        assert_eq!((error.line, error.column), at, "{error}");
        assert_eq!(error.path, format!("Profiles[One].API.Groth16{path}"), "{error}");
        assert!(error.message.contains(message) || all[1].message.contains(message), "{error}");
    }
    // With `none`, all of these are allowed.
    let open =
        CEREMONY.replace("claimed\nCircuits", "none\nSetup: by-request\nAllowCallerKey: true\nCircuits");
    rule(&section(
        &open.replace("Circuits:", "Circuits:\n- multiply").replace("ceremony-claimed", "single-party"),
    ));
}

#[test]
fn verified_ceremonies_need_what_they_are_verified_from() {
    let verified = CEREMONY.replace("RequireCeremony: claimed", "RequireCeremony: verified");
    let all = errors(&section(&verified));
    let found: Vec<_> =
        all.iter().map(|error| (error.line, error.message.split(',').next().unwrap())).collect();
    assert_eq!(found, [(7, "is a built-in circuit"), (10, "needs `R1cs`"), (12, "needs `PowersOfTau`")]);
    assert!(
        all[0].message.contains("write `RequireCeremony: claimed`, or use an operator's circuit"),
        "{}",
        all[0]
    );
    let complete = verified
        .replace("ceremony-claimed", "ceremony-claimed, PowersOfTau: { Name: p, Sha256: #c }")
        .replace("Sha256: #b }", "Sha256: #b }\n|  R1cs: { Path: c, Sha256: #d }");
    // Nothing that a profile says of a built-in circuit makes its key verified.
    assert_eq!(only_error(&section(&complete)).line, 7);
    let (before, operator) = complete.split_once("- Name: m\n").unwrap();
    let (head, _) = before.split_once("- Name: payment\n").unwrap();
    let complete = format!("{head}- Name: m\n{operator}");
    let rule = rule(&section(&complete));
    assert_eq!(rule.require_ceremony.minimum(), Some(SetupClass::CeremonyVerified));
    let single = complete.replacen("ceremony-claimed", "single-party", 1);
    let error = only_error(&section(&single));
    assert!(error.line == 10 && error.message.contains("`RequireCeremony: verified` refuses"), "{error}");
}
