//! Profile documents: `validate`, `list`, `show` and `diff`.

use crate::{
    GOOD, run,
    support::{cryptobroker, json, stderr, stdout},
    write,
};

#[test]
fn validate_accepts_a_valid_document() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "good.yaml", GOOD);
    let output = run(&["profiles", "validate", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains(": 1 profile, digest "), "{}", stdout(&output));
    let mut piped = cryptobroker();
    piped.args(["profiles", "validate", "-"]);
    let piped = crate::support::feed(piped, GOOD.as_bytes());
    assert_eq!(stdout(&piped), stdout(&output).replace(&format!("valid {file}:"), "valid -:"));
    let output = run(&["profiles", "validate", &file, "--output", "json"]);
    let value = json(&output.stdout);
    assert_eq!(value["valid"], true);
    assert_eq!(value["catalogueDigest"].as_str().unwrap().len(), 64);
    let output = run(&["profiles", "list", "--profiles", &file, "--output", "json"]);
    assert_eq!(json(&output.stdout)["profiles"], serde_json::json!(["Plain"]));
}

#[test]
fn validate_lists_every_mistake_and_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "bad.yaml",
        &GOOD.replace("HashAlg: sha3-384", "HashAlgo: sha3-384").replace("Plain", "Plain\n    Colour: red"),
    );
    let output = run(&["profiles", "validate", &file]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("HashAlg") && text.contains("Colour") && text.contains(":3:"), "{text}");
    let output = run(&["profiles", "validate", &file, "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let value = json(&output.stdout);
    assert_eq!(value["valid"], false);
    let mistakes = value["mistakes"].as_array().unwrap();
    assert!(mistakes.len() >= 2, "{value}");
    assert!(mistakes.iter().all(|mistake| mistake["line"].is_u64() && mistake["message"].is_string()));
}

#[test]
fn lists_and_shows_bundled_profiles() {
    let output = run(&["profiles", "list", "--bundled", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let value = json(&output.stdout);
    assert!(value["profiles"].as_array().unwrap().contains(&"Default".into()));
    let output = run(&["profiles", "show", "Default", "--output", "json"]);
    let value = json(&output.stdout);
    assert_eq!(value["hashData"]["hashAlg"], "sha3-512");
    assert_eq!(value["signCertificate"]["keyConstraints"]["issuer"]["ecdsa"]["minKeySize"], 384);
    let output = run(&["profiles", "show", "Defualt", "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output.stderr)["error"]["code"], "NOT_FOUND");
}

/// Groth16 is the only section of the language that no operation uses.
#[test]
fn marks_sections_that_no_broker_serves() {
    let folder = tempfile::tempdir().unwrap();
    let proofs = "  - { Name: Proofs, API: { Groth16: { Curve: bn254, Circuits: [multiply] } } }\n";
    let file = write(folder.path(), "proofs.yaml", &format!("{GOOD}{proofs}"));
    let arguments =
        ["profiles", "explain", "--profiles", &file, "--profile", "Proofs", "--operation", "Groth16"];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("does not serve Groth16"), "{}", stderr(&output));
    // Two services have an operation of this name.
    let pair = run(&["profiles", "explain", "--operation", "GenerateKeyPair"]);
    assert_eq!(pair.status.code(), Some(2), "{}", stdout(&pair));
    let names = "GenerateSignatureKeyPair or GenerateKemKeyPair";
    assert!(stderr(&pair).contains(names), "{}", stderr(&pair));
    let listed = stdout(&run(&["profiles", "list", "--profiles", &file]));
    assert!(listed.contains("Groth16 (not served yet)"), "{listed}");
    let shown = run(&["profiles", "show", "Proofs", "--profiles", &file, "--output", "json"]);
    assert_eq!(json(&shown.stdout)["notServedYet"], serde_json::json!(["Groth16"]));
    let bundled = stdout(&run(&["profiles", "list", "--bundled"]));
    assert!(bundled.contains("EncryptData") && !bundled.contains("not served"), "{bundled}");
}

/// A document that the broker takes leniently can be asked about as the broker reads it.
#[test]
fn lenient_reading_matches_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "Profiles.yaml", &format!("{GOOD}        Colour: red\n"));
    let path = folder.path().to_str().unwrap();
    for place in [file.as_str(), path] {
        assert_eq!(run(&["profiles", "validate", place]).status.code(), Some(1));
        let output = run(&["profiles", "validate", place, "--profiles-lenient"]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        assert!(
            stdout(&output).contains("warning:") && stdout(&output).contains("Colour"),
            "{}",
            stdout(&output)
        );
        let output = run(&["profiles", "validate", place, "--profiles-lenient", "--output", "json"]);
        let value = json(&output.stdout);
        assert_eq!((&value["valid"], &value["warnings"][0]["line"]), (&true.into(), &6.into()), "{value}");

        let explain = ["profiles", "explain", "--profile", "Plain", "--operation", "HashData"];
        let source = ["--profiles", place, "--profiles-lenient"];
        assert_eq!(run(&[&explain[..], &source[..2]].concat()).status.code(), Some(1));
        assert_eq!(run(&[&explain[..], &source[..]].concat()).status.code(), Some(0));
    }
    assert_eq!(run(&["profiles", "list", "--profiles-lenient"]).status.code(), Some(2));
    // Standard input is read in both ways, too.
    let text = std::fs::read(&file).unwrap();
    for (more, code) in [(&[][..], 1), (&["--profiles-lenient"], 0)] {
        let mut command = cryptobroker();
        command.args(["profiles", "validate", "-"]).args(more);
        let output = crate::support::feed(command, &text);
        assert_eq!(output.status.code(), Some(code), "{more:?}: {}", stdout(&output));
        assert!(stdout(&output).contains("standard input:6:"), "{}", stdout(&output));
    }
}

#[test]
fn shows_rules_for_data_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-512
        SignatureFormat: DER
        KeyConstraints: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
      EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }
      KEM: { KemAlg: ml-kem-768, AllowSeed: true }
";
    let file = write(folder.path(), "data.yaml", &format!("{GOOD}{rules}"));
    let shown = run(&["profiles", "show", "Plain", "--profiles", &file, "--output", "json"]);
    let value = json(&shown.stdout);
    let keys =
        serde_json::json!({ "line": 11, "ecdsa": { "line": 11, "minKeySize": 384, "maxKeySize": 521 } });
    assert_eq!(
        value["signData"],
        serde_json::json!({ "line": 6, "signingMode": "legacy", "algorithm": "ecdsa-with-sha-512",
            "signatureFormat": "DER", "keyConstraints": keys, "allowSeed": false, "allowContext": false })
    );
    assert_eq!(
        value["encryptData"],
        serde_json::json!({ "line": 12, "encryptAlg": "aes-gcm", "keySize": 256, "tagLength": 128,
            "nonceStrategy": "random" })
    );
    assert_eq!(value["kem"], serde_json::json!({ "line": 13, "kemAlg": "ml-kem-768", "allowSeed": true }));
    let text = stdout(&run(&["profiles", "show", "Plain", "--profiles", &file]));
    assert!(text.contains("  encryptData  line 12\n    encryptAlg: aes-gcm\n"), "{text}");
}

#[test]
fn shows_rules_for_proofs_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let hash = |digit: &str| digit.repeat(64);
    let rules = format!(
        "      Groth16:
        Curve: bn254
        RequireCeremony: claimed
        Circuits:
          - Name: membership
            Zkey: {{ Path: m.zkey, Sha256: {a:?} }}
            Fingerprint: {b:?}
            Provenance: {{ Class: ceremony-claimed, MinContributions: 3 }}
        Limits: {{ Deadline: 1m30s }}
",
        a = hash("a"),
        b = hash("b"),
    );
    let file = write(folder.path(), "proofs.yaml", &format!("{GOOD}{rules}"));
    let shown = run(&["profiles", "show", "Plain", "--profiles", &file, "--output", "json"]);
    let value = json(&shown.stdout);
    let path = folder.path().join("m.zkey");
    let circuit = serde_json::json!({ "line": 10, "zkey": { "line": 11, "path": path, "sha256": hash("a") },
        "fingerprint": hash("b"), "provenance": { "line": 13, "class": "ceremony-claimed",
            "minContributions": 3 } });
    assert_eq!(
        value["groth16"],
        serde_json::json!({ "line": 6, "curve": "bn254", "setup": "never", "requireCeremony": "claimed",
            "allowCallerKey": false, "circuits": { "membership": circuit }, "threads": 1, "limits": {
                "constraints": 1_048_576, "witnessBytes": "64MiB", "batchItems": 256, "memoryPerProof": "1GiB",
                "deadline": "90s" } })
    );
    let text = stdout(&run(&["profiles", "show", "Plain", "--profiles", &file]));
    assert!(text.contains("  groth16  line 6\n    allowCallerKey: false\n"), "{text}");
    assert!(text.contains("      membership  line 10\n"), "{text}");
    let changed = write(folder.path(), "changed.yaml", &format!("{GOOD}{rules}").replace("1m30s", "2m"));
    let diff = stdout(&run(&["profiles", "diff", &file, &changed]));
    assert!(
        diff.contains("- Groth16.Limits.Deadline=90\n  + Groth16.Limits.Deadline=120\n1 difference\n"),
        "{diff}"
    );
}

const DYING: &str = "\
Settings: { EnforceSunset: true }
Profiles:
  - Name: Old
    Deprecation: { ReplacedBy: New, DeprecatedSince: 2026-01-01, RemoveAfter: 2099-12-31, Reason: too short }
    API: { HashData: { HashAlg: sha-256 } }
  - Name: New
    API: { HashData: { HashAlg: sha-512 } }
";

#[test]
fn validate_and_list_show_deprecations() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "dying.yaml", DYING);
    let enforced = "deprecated since 2026-01-01, refused after 2099-12-31, use New: too short";
    for words in [&["validate", &file][..], &["list", "--profiles", &file]] {
        let text = stdout(&run(&[&["profiles"], words].concat()));
        assert!(text.contains(enforced), "{text}");
        let value = json(&run(&[&["profiles"], words, &["--json"]].concat()).stdout);
        assert_eq!(
            value["deprecations"],
            serde_json::json!([{ "profile": "Old", "line": 4, "replacedBy": "New", "deprecatedSince": "2026-01-01",
                "removeAfter": "2099-12-31", "reason": "too short", "enforced": true }]),
            "{value}"
        );
    }
    let file = write(folder.path(), "announced.yaml", &DYING.replace("true", "false"));
    let text = stdout(&run(&["profiles", "list", "--profiles", &file]));
    assert!(text.contains("deprecated since 2026-01-01, to be removed after 2099-12-31"), "{text}");
}

#[test]
fn diff_shows_rules_and_ignores_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let old = write(folder.path(), "old.yaml", GOOD);
    let spelt = "# the same\nProfiles: [{ API: { HashData: { HashAlg: SHA3-384 } }, Name: Plain }]\n";
    let spelt = write(folder.path(), "spelt.yaml", spelt);
    let new = write(folder.path(), "new.yaml", &GOOD.replace("sha3-384", "sha3-512"));
    let same = run(&["profiles", "diff", &old, &spelt]);
    assert_eq!(same.status.code(), Some(0), "{}{}", stdout(&same), stderr(&same));
    let other = run(&["profiles", "diff", &old, &new]);
    assert_eq!(other.status.code(), Some(1), "{}", stderr(&other));
    assert_eq!(
        stdout(&other),
        "Plain\n  - HashData.HashAlg=sha3-384\n  + HashData.HashAlg=sha3-512\n  \
         - HashData.OutputLength=48\n  + HashData.OutputLength=64\n2 differences\n"
    );
    let value = json(&run(&["profiles", "diff", &old, &new, "--json"]).stdout);
    assert_eq!((&value["same"], &value["changes"][0]["new"]), (&false.into(), &"sha3-512".into()), "{value}");
    let more = GOOD.replace("Plain", "More").replace("Profiles:\n", "");
    let twice = write(folder.path(), "twice.yaml", &format!("{GOOD}{more}"));
    let value = json(&run(&["profiles", "diff", &old, &twice, "--json"]).stdout);
    let changes = value["changes"].as_array().unwrap();
    assert!(
        changes.iter().all(|change| change["profile"] == "More" && change.get("old").is_none()),
        "{value}"
    );
    let text = stdout(&run(&["profiles", "diff", &old, &twice]));
    assert!(text.starts_with("More  only in B\n  + "), "{text}");
    assert_eq!(run(&["profiles", "diff", &old, "/no/such"]).status.code(), Some(1));
}

#[test]
fn as_fips_validates_as_the_fips_build_does() {
    let folder = tempfile::tempdir().unwrap();
    let required = format!("Settings: {{ CryptoLibrary: aws-lc, Fips: required }}\n{GOOD}");
    let sound = write(folder.path(), "sound.yaml", &required);
    let output = run(&["profiles", "validate", "--as-fips", &sound]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let native = write(folder.path(), "native.yaml", &required.replace("aws-lc", "native"));
    let output = run(&["profiles", "validate", "--as-fips", &native]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("the library must be aws-lc"), "{}", stdout(&output));
    if !cfg!(feature = "fips") {
        let output = run(&["profiles", "validate", &sound]);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert!(stdout(&output).contains("no FIPS 140-3 module"), "{}", stdout(&output));
    }
}
