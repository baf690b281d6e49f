//! The digest and the canonical form of `Groth16`.

use super::*;

/// A section with every key. `#a` to `#f` stand for hashes.
const FULL: &str = "\
- Name: One
  API:
    Groth16:
      Curve: bn254
      Setup: on-first-use
      RequireCeremony: none
      AllowCallerKey: false
      Circuits:
        - multiply
        - Name: payment
          Key: { Path: payment.key, Sha256: #a }
          Fingerprint: #b
          Provenance: { Class: ceremony-claimed, Ceremony: \"https://a.example/\", MinContributions: 3, PowersOfTau: { Name: p, Sha256: #c }, Beacon: \"00ff\" }
        - Name: m
          Zkey: { Path: m.zkey, Sha256: #d }
          R1cs: { Path: m.r1cs, Sha256: #e }
          Wasm: { Path: m.wasm, Sha256: #f }
          Sym: { Path: m.sym, Sha256: #b }
          Provenance: { Class: ceremony-claimed, PowersOfTau: { Name: p, Sha256: #c } }
      Limits: { Constraints: 1048576, WitnessBytes: 64MiB, BatchItems: 256, MemoryPerProof: 1GiB, Deadline: 60s }
      Threads: 1
";

fn catalogue(text: &str) -> Catalogue {
    let text = ["a", "b", "c", "d", "e", "f"].into_iter().fold(text.to_owned(), |text, digit| {
        text.replace(&format!("#{digit}"), &format!("{:?}", digit.repeat(64)))
    });
    Catalogue::parse("a", &text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn digest_changes_with_every_key() {
    let before = catalogue(FULL);
    for (from, to) in [
        ("Curve: bn254", "Curve: bls12-381"),
        ("Setup: on-first-use", "Setup: by-request"),
        ("Setup: on-first-use", "Setup: never"),
        ("AllowCallerKey: false", "AllowCallerKey: true"),
        ("- multiply", "- cube_root"),
        ("- multiply", "- multiply\n        - cube_root"),
        ("- multiply", "- Name: multiply\n          Key: { Path: a, Sha256: #c }\n        - cube_root"),
        ("payment.key", "other.key"),
        ("payment.key", "/payment.key"),
        ("Key: { Path: payment.key, Sha256: #a", "Key: { Path: payment.key, Sha256: #c"),
        ("Fingerprint: #b", "Fingerprint: #c"),
        ("          Fingerprint: #b\n", ""),
        ("Class: ceremony-claimed, PowersOfTau", "Class: single-party, PowersOfTau"),
        ("https://a.example/", "https://b.example/"),
        (", Ceremony: \"https://a.example/\"", ""),
        ("MinContributions: 3", "MinContributions: 4"),
        (", MinContributions: 3", ""),
        ("Name: p, Sha256: #c", "Name: q, Sha256: #c"),
        ("Name: p, Sha256: #c", "Name: p, Sha256: #d"),
        (", PowersOfTau: { Name: p, Sha256: #c }", ""),
        ("00ff", "00fe"),
        (", Beacon: \"00ff\"", ""),
        ("Name: m\n", "Name: n\n"),
        ("m.zkey", "n.zkey"),
        ("#d", "#c"),
        ("m.r1cs", "n.r1cs"),
        ("#e", "#c"),
        ("m.wasm", "n.wasm"),
        ("#f", "#c"),
        ("          Wasm: { Path: m.wasm, Sha256: #f }\n", ""),
        ("m.sym", "n.sym"),
        ("m.sym, Sha256: #b", "m.sym, Sha256: #c"),
        ("          Sym: { Path: m.sym, Sha256: #b }\n", ""),
        ("          Provenance: { Class: ceremony-claimed, PowersOfTau: { Name: p, Sha256: #c } }\n", ""),
        ("1048576", "1048577"),
        ("64MiB", "65MiB"),
        ("BatchItems: 256", "BatchItems: 255"),
        ("1GiB", "2GiB"),
        ("60s", "60.5s"),
    ] {
        let mut changed = FULL.replacen(from, to, 1);
        assert_ne!(changed, FULL, "{from}");
        // `payment` has no other curve.
        let mut start = before.digest().to_owned();
        if to.contains("bls12-381") {
            let others = |text: &str| {
                text.replace("Name: payment", "Name: multiply").replace("- multiply", "- cube_root")
            };
            changed = others(&changed);
            start = catalogue(&others(FULL)).digest().to_owned();
        }
        assert_ne!(catalogue(&changed).digest(), start, "{from} -> {to}");
    }
    // Keys of built-in circuits are never verified, so an operator's circuit is the only one.
    let (before, circuits) = FULL.split_once("        - multiply\n").unwrap();
    let (_, operator) = circuits.split_once("        - Name: m\n").unwrap();
    let ceremony = format!("{before}        - Name: m\n{operator}").replace("on-first-use", "never");
    let digests: std::collections::HashSet<String> = ["none", "claimed", "verified"]
        .into_iter()
        .map(|word| {
            catalogue(&ceremony.replace("RequireCeremony: none", &format!("RequireCeremony: {word}")))
                .digest()
                .to_owned()
        })
        .collect();
    assert_eq!(digests.len(), 3);
}

#[test]
fn digest_ignores_defaults_spelling_and_order() {
    let short =
        catalogue("- Name: One\n  API: { Groth16: { Curve: bn254, Circuits: [multiply, cube_root] } }");
    let long = catalogue(
        "- Name: One
  API:
    Groth16:
      Threads: 1
      Limits: { Deadline: 1m, MemoryPerProof: 1024MiB, BatchItems: 256, WitnessBytes: 67108864, Constraints: 1048576 }
      AllowCallerKey: false
      Circuits: [{ Name: cube_root }, multiply]
      RequireCeremony: none
      Setup: never
      Curve: BN254
",
    );
    assert_eq!(short.canonical(), long.canonical());
    let upper = FULL.replace("#a", &format!("{:?}", "A".repeat(64))).replace("00ff", "00FF");
    let upper = upper.replace("payment.key", ".//payment.key");
    assert_eq!(catalogue(&upper).canonical(), catalogue(FULL).canonical());
}

/// Replicas have their files in different folders.
#[test]
fn digest_ignores_the_folder() {
    let catalogues = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()].map(|folder| {
        let text = format!(
            "- Name: One\n  API: {{ Groth16: {{ Curve: bn254, Circuits: [{{ Name: m, Zkey: {{ Path: m.zkey, Sha256: {:?} }} }}] }} }}",
            "a".repeat(64)
        );
        std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let catalogue = Catalogue::load(folder.path(), CAPABILITIES).unwrap();
        let rule = catalogue.profiles()[0].groth16.clone().unwrap();
        let (_, file) = rule.circuits[0].files().next().unwrap();
        assert_eq!(file.path, folder.path().join("m.zkey"));
        catalogue
    });
    assert_eq!(catalogues[0].digest(), catalogues[1].digest());
}

#[test]
fn canonical_form_is_stable() {
    let hash = |digit: &str| digit.repeat(64);
    let canonical = catalogue(FULL).canonical().to_owned();
    let lines: Vec<&str> = canonical.lines().skip_while(|line| !line.starts_with("Groth16.")).collect();
    let expected = format!(
        "Groth16.Curve=bn254
Groth16.Setup=on-first-use
Groth16.RequireCeremony=none
Groth16.AllowCallerKey=false
Groth16.Limits.Constraints=1048576
Groth16.Limits.WitnessBytes=67108864
Groth16.Limits.BatchItems=256
Groth16.Limits.MemoryPerProof=1073741824
Groth16.Limits.Deadline=60
Groth16.Threads=1
Groth16.Circuits.m=operator
Groth16.Circuits.m.Zkey.Path=\"m.zkey\"
Groth16.Circuits.m.Zkey.Sha256={d}
Groth16.Circuits.m.R1cs.Path=\"m.r1cs\"
Groth16.Circuits.m.R1cs.Sha256={e}
Groth16.Circuits.m.Wasm.Path=\"m.wasm\"
Groth16.Circuits.m.Wasm.Sha256={f}
Groth16.Circuits.m.Sym.Path=\"m.sym\"
Groth16.Circuits.m.Sym.Sha256={b}
Groth16.Circuits.m.Provenance.Class=ceremony-claimed
Groth16.Circuits.m.Provenance.PowersOfTau.Name=\"p\"
Groth16.Circuits.m.Provenance.PowersOfTau.Sha256={c}
Groth16.Circuits.multiply=built-in
Groth16.Circuits.payment=built-in
Groth16.Circuits.payment.Key.Path=\"payment.key\"
Groth16.Circuits.payment.Key.Sha256={a}
Groth16.Circuits.payment.Fingerprint={b}
Groth16.Circuits.payment.Provenance.Class=ceremony-claimed
Groth16.Circuits.payment.Provenance.Ceremony=\"https://a.example/\"
Groth16.Circuits.payment.Provenance.MinContributions=3
Groth16.Circuits.payment.Provenance.PowersOfTau.Name=\"p\"
Groth16.Circuits.payment.Provenance.PowersOfTau.Sha256={c}
Groth16.Circuits.payment.Provenance.Beacon=00ff",
        a = hash("a"),
        b = hash("b"),
        c = hash("c"),
        d = hash("d"),
        e = hash("e"),
        f = hash("f"),
    );
    assert_eq!(lines.join("\n"), expected);
    let short = catalogue(&FULL.replace("60s", "1ms")).canonical().to_owned();
    assert!(short.contains("\nGroth16.Limits.Deadline=0.001\n"), "{short}");
    let minutes = catalogue(&FULL.replace("60s", "10m")).canonical().to_owned();
    assert!(minutes.contains("\nGroth16.Limits.Deadline=600\n"), "{minutes}");
}
