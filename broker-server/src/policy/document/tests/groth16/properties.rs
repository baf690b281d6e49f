//! Properties of all sections, checked with random ones.

use proptest::prelude::*;

use super::*;

const WORDS: &str = "((Name|Key|Zkey|R1cs|Wasm|Sym|Path|Sha256|Fingerprint|Provenance|Class|Limits|Deadline|Circuits|\
    multiply|payment|never|claimed|bn254|64MiB|1s|\\.\\.|/|a{64}|[-:{}\\[\\]&*#'\"\n ,0-9é]|: |\n      |\n        - )){0,40}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn parse_never_panics_on_words_of_the_section(words in WORDS) {
        let text = format!("- Name: One\n  API:\n    Groth16:\n      {words}");
        let _ = parse("p.yaml", &text, CAPABILITIES);
    }

    #[test]
    fn parse_never_panics_on_values(value in "\\PC{0,80}", line in 4usize..=21) {
        let full = with_hashes(FULL);
        let mut lines: Vec<String> = full.lines().map(str::to_owned).collect();
        let key = lines[line - 1].split_inclusive(": ").next().unwrap_or_default().to_owned();
        lines[line - 1] = format!("{key} {value:?}");
        let _ = parse("p.yaml", &lines.join("\n"), CAPABILITIES);
    }

    #[test]
    fn mutated_sections_are_valid_or_have_errors(
        at in 0..FULL.len(), length in 0usize..40, with in "[-a-zA-Z0-9:{}\\[\\],\n \"&*~#./]{0,6}",
    ) {
        let mut bytes = with_hashes(FULL).into_bytes();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, with.bytes());
        match parse("p.yaml", &String::from_utf8_lossy(&bytes), CAPABILITIES) {
            Ok(document) => {
                for rule in document.profiles.iter().filter_map(|profile| profile.groth16.as_ref()) {
                    check_invariants(rule);
                }
            }
            Err(error) => prop_assert!(!error.diagnostics().is_empty()),
        }
    }
}

/// Checks what the documentation of [`Groth16Rule`] promises.
fn check_invariants(rule: &Groth16Rule) {
    assert!(!rule.circuits.is_empty());
    for (index, circuit) in rule.circuits.iter().enumerate() {
        assert!(rule.circuits.iter().skip(index + 1).all(|other| other.name != circuit.name));
        let named = BuiltInCircuit::ALL.into_iter().find(|built_in| built_in.name() == circuit.name);
        match &circuit.source {
            CircuitSource::BuiltIn { circuit, .. } => {
                assert_eq!(named, Some(*circuit));
                assert!(circuit.supports(rule.curve));
            }
            CircuitSource::Operator { .. } => assert_eq!(named, None),
        }
        if let Some(minimum) = rule.require_ceremony.minimum() {
            assert!(circuit.declared_class() >= Some(minimum.min(SetupClass::CeremonyClaimed)));
        }
        assert_ne!(circuit.declared_class(), Some(SetupClass::CeremonyVerified));
        assert!(circuit.files().all(|(_, file)| !file.written.split('/').any(|part| part == "..")));
    }
    if rule.require_ceremony.minimum().is_some() {
        assert!(rule.setup == SetupRule::Never && !rule.allow_caller_key);
    }
    assert!(rule.limits.witness_bytes <= rule.limits.memory_per_proof);
}
