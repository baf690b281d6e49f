//! `Groth16`: every key right and wrong, contradictions, lines.

mod contradictions;
mod keys;
mod properties;
mod schema;

use std::time::Duration;

use broker_groth16::curve::CurveName;

use super::*;
use crate::policy::{
    document::load,
    profile::{
        BuiltIn, CeremonyRequirement, CircuitRule, CircuitSource, Groth16Rule, PinnedFile, PowersOfTau,
        ProofLimits, Provenance, SetupClass, SetupRule,
    },
};

/// A section with every key. `#a` to `#f` stand for hashes. The tests replace lines.
pub(super) const FULL: &str = "\
- Name: One
  API:
    Groth16:
      Curve: bn254
      Setup: by-request
      RequireCeremony: none
      AllowCallerKey: true
      Circuits:
        - multiply
        - Name: payment
          Key: { Path: payment.key, Sha256: #a }
          Fingerprint: #b
          Provenance: { Class: ceremony-claimed, Ceremony: \"https://example.org/c\", MinContributions: 3, PowersOfTau: { Name: pot28.ptau, Sha256: #c }, Beacon: \"00ff\" }
        - Name: membership
          Zkey: { Path: ./keys//m.zkey, Sha256: #d }
          R1cs: { Path: /opt/m.r1cs, Sha256: #e }
          Wasm: { Path: m.wasm, Sha256: #f }
          Sym: { Path: m.sym, Sha256: #b }
          Provenance: { Class: single-party }
      Limits: { Constraints: 2048, WitnessBytes: 128KiB, BatchItems: 64, MemoryPerProof: 256MiB, Deadline: 1.5s }
      Threads: 1
";

/// Returns a document with hashes in place of `#a` to `#f`.
pub(super) fn with_hashes(text: &str) -> String {
    ["a", "b", "c", "d", "e", "f"].into_iter().fold(text.to_owned(), |text, digit| {
        text.replace(&format!("#{digit}"), &format!("{:?}", digit.repeat(64)))
    })
}

/// Returns the document with [`FULL`]'s line `number` (from 1) replaced.
fn with_full_line(number: usize, line: &str) -> String {
    let mut lines: Vec<&str> = FULL.lines().collect();
    lines[number - 1] = line;
    with_hashes(&lines.join("\n"))
}

/// Returns a document with a section of these lines below `Groth16:`, which is in line 3.
fn section(lines: &str) -> String {
    let lines: Vec<String> =
        lines.lines().map(|line| format!("      {}", line.trim_start_matches('|'))).collect();
    with_hashes(&format!("- Name: One\n  API:\n    Groth16:\n{}\n", lines.join("\n")))
}

#[track_caller]
fn rule(text: &str) -> Groth16Rule {
    let document = parse("p.yaml", text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}\n{text}"));
    document.profiles[0].groth16.as_deref().unwrap().clone()
}

/// Checks the only error of a document: its position, the end of its path, a part of its message and its suggestion.
#[track_caller]
fn rejects(text: &str, at: (u32, u32), path: &str, message: &str, suggestion: Option<&str>) {
    let error = only_error(text);
    assert_eq!((error.line, error.column), at, "{error}");
    let expected = format!("Profiles[One].API.Groth16{path}");
    assert_eq!(error.path, expected, "{error}");
    assert!(error.message.contains(message), "{error}");
    assert_eq!(error.suggestion.as_deref(), suggestion, "{error}");
}

fn file(path: &str, written: &str, digit: u8, line: u32) -> PinnedFile {
    PinnedFile { path: path.into(), written: written.to_owned(), sha256: [digit; 32], line }
}

#[test]
fn reads_every_key() {
    let document =
        load("p.yaml", &with_hashes(FULL), Context { folder: Path::new("/etc/b"), ..context() }, false)
            .unwrap();
    let payment = CircuitRule {
        name: "payment".to_owned(),
        source: CircuitSource::BuiltIn {
            circuit: BuiltIn::Payment,
            key: Some(file("/etc/b/payment.key", "payment.key", 0xaa, 11)),
        },
        fingerprint: Some([0xbb; 32]),
        provenance: Some(Provenance {
            class: SetupClass::CeremonyClaimed,
            ceremony: Some("https://example.org/c".to_owned()),
            min_contributions: Some(3),
            powers_of_tau: Some(PowersOfTau { name: "pot28.ptau".to_owned(), sha256: [0xcc; 32] }),
            beacon: Some(vec![0x00, 0xff]),
            line: 13,
        }),
        line: 10,
    };
    let membership = CircuitRule {
        name: "membership".to_owned(),
        source: CircuitSource::Operator {
            zkey: file("/etc/b/keys/m.zkey", "keys/m.zkey", 0xdd, 15),
            r1cs: Some(file("/opt/m.r1cs", "/opt/m.r1cs", 0xee, 16)),
            wasm: Some(file("/etc/b/m.wasm", "m.wasm", 0xff, 17)),
            sym: Some(file("/etc/b/m.sym", "m.sym", 0xbb, 18)),
        },
        fingerprint: None,
        provenance: Some(Provenance {
            class: SetupClass::SingleParty,
            ceremony: None,
            min_contributions: None,
            powers_of_tau: None,
            beacon: None,
            line: 19,
        }),
        line: 14,
    };
    let multiply = CircuitRule {
        name: "multiply".to_owned(),
        source: CircuitSource::BuiltIn { circuit: BuiltIn::Multiply, key: None },
        fingerprint: None,
        provenance: None,
        line: 9,
    };
    let expected = Groth16Rule {
        curve: CurveName::Bn254,
        setup: SetupRule::ByRequest,
        require_ceremony: CeremonyRequirement::None,
        circuits: vec![multiply.into(), payment.into(), membership.into()],
        allow_caller_key: true,
        limits: ProofLimits {
            constraints: 2048,
            witness_bytes: 128 << 10,
            batch_items: 64,
            memory_per_proof: 256 << 20,
            deadline: Duration::from_millis(1500),
        },
        threads: 1,
        line: 3,
    };
    assert_eq!(document.profiles[0].groth16.as_deref(), Some(&expected));
}

#[test]
fn documents_with_the_two_older_keys_load_with_the_strictest_defaults() {
    let rule = rule(&section("Curve: bn254\nCircuits: [multiply, cube_root, payment]"));
    assert_eq!(rule.setup, SetupRule::Never);
    assert_eq!(rule.require_ceremony, CeremonyRequirement::None);
    assert!(!rule.allow_caller_key);
    assert_eq!(rule.threads, 1);
    let limits = rule.limits;
    assert_eq!((limits.constraints, limits.witness_bytes, limits.batch_items), (1_048_576, 67_108_864, 256));
    assert_eq!((limits.memory_per_proof, limits.deadline), (1_073_741_824, Duration::from_secs(60)));
    let names: Vec<&str> = rule.circuits.iter().map(|circuit| circuit.name.as_str()).collect();
    assert_eq!(names, ["multiply", "cube_root", "payment"]);
}

#[test]
fn a_section_with_only_a_name_is_the_bare_word() {
    let bare = rule(&section("Curve: BLS12-381\nCircuits: [cube_root]"));
    let map = rule(&section("Curve: bls12-381\nCircuits: [{ Name: cube_root }]"));
    assert_eq!(bare, map);
    assert_eq!(bare.curve, CurveName::Bls12381);
}

#[test]
fn documents_without_folder_have_paths_relative_to_the_working_directory() {
    let rule = rule(&section("Curve: bn254\nCircuits: [{ Name: a, Zkey: { Path: k/a.zkey, Sha256: #a } }]"));
    let (_, file) = rule.circuits[0].files().next().unwrap();
    assert_eq!(file.path, Path::new("k/a.zkey"));
    assert_eq!(rule.circuits[0].declared_class(), Some(SetupClass::SingleParty));
}

/// The Go broker has no such section, so that its leniency does not apply.
#[test]
fn lenient_reading_is_strict_in_this_section() {
    let text = with_full_line(6, "      RequireCeremny: verified");
    let error = load("p.yaml", &text, context(), true).unwrap_err();
    let [diagnostic] = error.diagnostics() else { panic!("{error}") };
    assert_eq!(
        (diagnostic.line, diagnostic.suggestion.as_deref()),
        (6, Some("RequireCeremony")),
        "{diagnostic}"
    );
    // Outside of the section it still applies.
    let text = with_full_line(1, "- Name: One\n  Colour: red");
    assert_eq!(load("p.yaml", &text, context(), true).unwrap().warnings.len(), 1);
    let empty = load(
        "p.yaml",
        "- Name: One\n  API: { HashData: { HashAlg: sha-256 }, Groth16: {} }",
        context(),
        true,
    )
    .unwrap();
    assert_eq!((empty.profiles[0].groth16.as_deref(), empty.warnings.len()), (None, 1));
}

/// All mistakes of a section are reported at once.
#[test]
fn reports_all_errors_of_a_section() {
    let text = with_hashes(FULL)
        .replace("Curve: bn254", "Curve: bn255")
        .replace("by-request", "by_request")
        .replace("- multiply", "- multipy")
        .replace("MinContributions: 3", "MinContributions: 0")
        .replace("Zkey:", "Zkeys:")
        .replace("Path: m.wasm", "Path: ../m.wasm")
        .replace("128KiB", "128KB")
        .replace("Threads: 1", "Threads: 0");
    let lines: Vec<u32> = errors(&text).iter().map(|error| error.line).collect();
    assert_eq!(lines, [4, 5, 9, 13, 15, 17, 20, 21]);
}
