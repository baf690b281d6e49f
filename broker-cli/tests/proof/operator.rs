//! Circuits of circom with files of snarkjs.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Broker, json, stderr};

/// Returns the folder of the files. A profile takes no path with `..`.
fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../broker-groth16/tests/data")).canonicalize().unwrap()
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn sha256(name: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    hex::encode(digest(&SHA256, &data(name)))
}

/// Starts a broker with the circuits `bare`, of which only the key is known, and `whole`, whose constraints are known.
fn start() -> Broker {
    let file =
        |name: &str| format!("{{ Path: {}, Sha256: \"{}\" }}", folder().join(name).display(), sha256(name));
    let (zkey, r1cs) = (file("several.zkey"), file("several.r1cs"));
    Broker::with(&format!(
        "\
Profiles:
  - Name: Operator
    API:
      Groth16:
        Curve: bn254
        Circuits:
          - Name: bare
            Zkey: {zkey}
            Provenance: {{ Class: ceremony-claimed, Ceremony: \"https://ceremony.example\" }}
          - Name: whole
            Zkey: {zkey}
            R1cs: {r1cs}
"
    ))
}

fn words(text: &str) -> Vec<String> {
    let text = text.replace("DATA", folder().to_str().unwrap());
    text.split_whitespace().chain(["--profile", "Operator"]).map(str::to_owned).collect()
}

fn run_json(broker: &Broker, text: &str) -> Value {
    let words = words(text);
    broker.json(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn run_error(broker: &Broker, text: &str) -> Value {
    let words = words(text);
    broker.error(1, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn witness_is_proved_and_the_proof_of_snarkjs_is_verified() {
    let broker = start();
    for circuit in ["bare", "whole"] {
        let command = format!(
            "proof prove --circuit {circuit} --witness DATA/several.wtns --proof-out proof.json --public-out public.json"
        );
        let proved = run_json(&broker, &command);
        let class = if circuit == "bare" { "ceremony-claimed" } else { "single-party" };
        assert_eq!(
            (&proved["key"]["setupClass"], &proved["key"]["ephemeral"]),
            (&json!(class), &json!(false))
        );
        assert_eq!(json(&broker.read("public.json")), json(&data("several.public.json")));
        let theirs = format!(
            "proof verify --circuit {circuit} --proof DATA/several.proof.json --public DATA/several.public.json"
        );
        assert_eq!(run_json(&broker, &theirs)["valid"], true);
        let ours = format!("proof verify --circuit {circuit} --proof proof.json --public public.json");
        assert_eq!(run_json(&broker, &ours)["valid"], true);
    }
    let exported = run_json(&broker, "proof export --circuit bare --out vk.json");
    assert_eq!(exported["key"]["ceremony"], "https://ceremony.example");
    assert_eq!(broker.read("vk.json"), data("several.vk.json"));
    run_json(&broker, "proof export --circuit bare --format solidity --out v.sol");
}

#[test]
fn what_the_files_do_not_allow_is_refused() {
    let broker = start();
    let prove = "proof prove --proof-out proof.json";
    let input = run_error(&broker, &format!("{prove} --circuit bare --inputs DATA/several.input.json"));
    assert_eq!(input["reason"], "NO_WASM");
    let other = run_error(&broker, &format!("{prove} --circuit bare --witness DATA/multiply.wtns"));
    assert_eq!((&other["reason"], &other["field"]), (&json!("FIELD_MALFORMED"), &json!("witness")));
    let check = run_error(&broker, "proof check --circuit bare --witness DATA/several.wtns");
    assert_eq!(check["reason"], "NO_R1CS");
    assert_eq!(
        run_json(&broker, "proof check --circuit whole --witness DATA/several.wtns")["satisfied"],
        true
    );
    assert!(!broker.path("proof.json").exists());
}

#[test]
fn every_input_in_an_argument_is_noted_where_none_is_known_to_be_public() {
    let broker = start();
    let words = words("proof prove --circuit bare --input a=3,11 --input b=1 --proof-out proof.json");
    let output = broker.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(stderr(&output).contains("where the inputs a, b are secret"), "{}", stderr(&output));
}

#[test]
fn a_witness_that_exceeds_a_message_is_sent_in_parts() {
    let broker = start();
    // The broker refuses the length, which only the header of a stream states, before it reads the witness.
    broker.write("long.wtns", vec![0; 2 << 20]);
    let path = broker.path("long.wtns");
    let command = format!("proof prove --circuit bare --witness {} --proof-out proof.json", path.display());
    let error = run_error(&broker, &command);
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("witness_length"), &json!("INVALID_ARGUMENT")),
        "{error}"
    );
    assert!(!broker.path("proof.json").exists());
}
