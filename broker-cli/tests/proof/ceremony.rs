//! `proof ceremony` with files of snarkjs. No broker is called.

use std::{
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::support::{Broker, cryptobroker, json, on_terminal, stderr, stdout};

fn data(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../broker-groth16/tests/data")).join(name)
}

fn verify(r1cs: &Path, ptau: &Path, zkey: &Path, arguments: &[&str]) -> Command {
    let mut command = cryptobroker();
    command.args(["proof", "ceremony", "verify", "--r1cs"]).arg(r1cs);
    command.arg("--ptau").arg(ptau).arg("--zkey").arg(zkey).args(arguments);
    command
}

fn run(mut command: Command, code: i32) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    output
}

fn several(zkey: &str, arguments: &[&str]) -> Command {
    verify(&data("several.r1cs"), &data("several.ptau"), &data(zkey), arguments)
}

#[test]
fn a_ceremony_is_verified_and_its_contributions_are_shown() {
    let output = run(several("several.ceremony.zkey", &[]), 0);
    let text = stdout(&output);
    assert!(text.starts_with("verified\n"), "{text}");
    // The hashes are as snarkjs shows them.
    for expected in ["e6b963a2 7410c14f", "2d730ca5 781bcb16", "zwei", "8eec2720 8d58e7c5", "2^10 iterations"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let result = json(&run(several("several.ceremony.zkey", &["--json"]), 0).stdout);
    assert_eq!(
        (&result["valid"], &result["curve"], &result["noted"]),
        (&json!(true), &json!("bn254"), &json!(false))
    );
    let contributions = result["contributions"].as_array().unwrap();
    let names: Vec<&Value> = contributions.iter().map(|contribution| &contribution["name"]).collect();
    assert_eq!(names, ["first", "zwei", "beacon"]);
    assert_eq!(contributions[2]["beacon"]["logIterations"], 10);
    let steps = result["steps"].as_array().unwrap();
    assert!(steps.len() > 8 && steps.iter().all(|step| step["verdict"] == "passed"), "{steps:?}");

    let bls = verify(
        &data("several-bls.r1cs"),
        &data("several-bls.ptau"),
        &data("several-bls.ceremony.zkey"),
        &["--json"],
    );
    assert_eq!(json(&run(bls, 0).stdout)["curve"], "bls12-381");
}

#[test]
fn a_key_that_is_not_the_result_of_its_contributions_exits_with_4() {
    let unfinished = run(several("several.unfinished.zkey", &["--json"]), 4);
    let result = json(&unfinished.stdout);
    assert_eq!((&result["valid"], &result["reason"]), (&json!(false), &json!("key")));
    assert!(result["message"].as_str().unwrap().contains("forge"), "{result}");
    assert_eq!(result["steps"][0], json!({ "step": "key", "verdict": "failed" }));
    assert_eq!(result["steps"][1]["verdict"], "not-reached");

    let other = verify(&data("multiply.r1cs"), &data("several.ptau"), &data("several.ceremony.zkey"), &[]);
    let output = run(other, 4);
    assert!(stdout(&output).starts_with("not verified\n"), "{}", stdout(&output));
    assert!(stdout(&output).contains("different circuits"), "{}", stdout(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn malformed_files_exit_with_1_and_name_the_file_and_the_section() {
    let swapped =
        verify(&data("several.ptau"), &data("several.r1cs"), &data("several.ceremony.zkey"), &["--json"]);
    let error = json(&run(swapped, 1).stderr);
    assert!(error["error"]["message"].as_str().unwrap().starts_with("--r1cs "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.ptau");
    let ptau = std::fs::read(data("several.ptau")).unwrap();
    std::fs::write(&cut, &ptau[..ptau.len() - 1]).unwrap();
    let output = run(verify(&data("several.r1cs"), &cut, &data("several.ceremony.zkey"), &[]), 1);
    let text = stderr(&output);
    assert!(text.contains("--ptau ") && text.contains("cut.ptau: section 15 "), "{text}");
    let absent = verify(&data("several.r1cs"), &data("absent.ptau"), &data("several.ceremony.zkey"), &[]);
    assert!(stderr(&run(absent, 1)).contains("absent.ptau"));
    let twice = verify(Path::new("-"), Path::new("-"), &data("several.ceremony.zkey"), &[]);
    assert!(stderr(&run(twice, 2)).contains("standard input"));
}

#[test]
fn contributions_are_shown_without_a_verification() {
    let mut command = cryptobroker();
    command.args(["proof", "ceremony", "show", "--zkey"]).arg(data("several.ceremony.zkey"));
    let output = run(command, 0);
    assert!(stdout(&output).contains("contribution 2"), "{}", stdout(&output));
    assert!(stderr(&output).contains("nothing is verified"));
    let mut command = cryptobroker();
    command.args(["--json", "proof", "ceremony", "show", "--zkey"]).arg(data("several.unfinished.zkey"));
    assert_eq!(json(&run(command, 0).stdout)["contributions"], json!([]));
}

#[test]
fn the_result_is_noted_in_the_store_alone_if_the_ceremony_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let path = store.to_str().unwrap();
    // Nothing is created in place of a folder whose path is mistyped, and this is said before the work.
    let mistyped = run(several("several.ceremony.zkey", &["--key-store", path]), 1);
    let text = stderr(&mistyped);
    assert!(
        text.contains(path) && text.contains("does not exist") && text.contains("start the broker once"),
        "{text}"
    );
    assert!(!store.exists());
    private(&store);
    let marks = || std::fs::read_dir(store.join("verified")).map_or(0, Iterator::count);
    run(several("several.unfinished.zkey", &["--key-store", path]), 4);
    assert_eq!(marks(), 0);
    let result = json(&run(several("several.ceremony.zkey", &["--key-store", path, "--json"]), 0).stdout);
    assert_eq!(result["noted"], true);
    let name =
        ["zkey", "r1cs", "ptau"].map(|file| result["sha256"][file].as_str().unwrap()).join("-") + "-v1";
    assert!(store.join("verified").join(name).is_file());
    assert_eq!(marks(), 1);
}

/// Creates a folder that belongs to its user alone, as a broker creates its store.
fn private(folder: &Path) {
    std::fs::DirBuilder::new().mode(0o700).create(folder).unwrap();
}

/// The broker takes the key for verified, and says so in its answers.
#[test]
fn a_broker_with_the_store_takes_the_key_for_verified() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    private(&store);
    let noted = several("several.ceremony.zkey", &["--key-store", store.to_str().unwrap(), "--json"]);
    let result = json(&run(noted, 0).stdout);
    let hash = |file: &str| result["sha256"][file].as_str().unwrap().to_owned();
    let file = |name: &str, file: &str| {
        format!("{{ Path: {}, Sha256: \"{}\" }}", data(name).canonicalize().unwrap().display(), hash(file))
    };
    let broker = Broker::with_key_store(
        &format!(
            "\
Profiles:
  - Name: Verified
    API:
      Groth16:
        Curve: bn254
        RequireCeremony: verified
        Circuits:
          - Name: several
            Zkey: {}
            R1cs: {}
            Provenance:
              Class: ceremony-claimed
              MinContributions: 2
              PowersOfTau: {{ Name: final.ptau, Sha256: \"{}\" }}
",
            file("several.ceremony.zkey", "zkey"),
            file("several.r1cs", "r1cs"),
            hash("ptau"),
        ),
        Some(store),
    );
    let witness = data("several.wtns");
    let proved = broker.json(&[
        "proof",
        "prove",
        "--profile",
        "Verified",
        "--circuit",
        "several",
        "--witness",
        witness.to_str().unwrap(),
        "--proof-out",
        "proof.json",
        "--public-out",
        "public.json",
    ]);
    assert_eq!(proved["key"]["setupClass"], "ceremony-verified");
}

#[test]
fn a_terminal_gets_a_bar_that_is_removed() {
    let (shown, output) = on_terminal(several("several.ceremony.zkey", &[]), true, b"");
    assert!(output.status.success());
    assert!(shown.contains('%') && shown.contains("verified"), "{shown}");
}
