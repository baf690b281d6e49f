//! `proof prove` and `proof check`: where values come from, and what is written.

use std::process::Command;

use serde_json::json;

use crate::{
    PROFILES,
    support::{Broker, entries, json, stderr, stdout},
    with_proof, words,
};

const PROVE: &str = "proof prove --circuit multiply --proof-out proof.json --public-out public.json";

fn prove(values: &str) -> String {
    format!("{PROVE} {values}")
}

#[test]
fn writes_the_proof_and_the_public_signals_as_snarkjs_does() {
    let broker = Broker::with(PROFILES);
    let text = broker.text(&words(&prove("--input a=3 --input b=11")));
    assert_eq!(broker.read("public.json"), b"[\n \"33\"\n]");
    let proof = json(&broker.read("proof.json"));
    assert_eq!((&proof["protocol"], &proof["curve"]), (&json!("groth16"), &json!("bn128")));
    assert_eq!(proof["pi_b"].as_array().unwrap().len(), 3);
    for expected in ["proof.json", "public.json (9 bytes)", "single-party, EPHEMERAL", "c             33"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn result_in_json_has_key_signals_and_figures() {
    let broker = Broker::with(PROFILES);
    let made = broker.json(&words(&prove("--input a=3 --input b=11")));
    assert_eq!(made["proof"], json!({ "file": "proof.json", "bytes": broker.read("proof.json").len() }));
    assert_eq!(made["public"], json!({ "file": "public.json", "bytes": 9 }));
    assert_eq!(made["publicSignals"], json!([{ "name": "c", "value": "33" }]));
    assert_eq!(
        made["descriptor"],
        json!({"profile": "Proofs", "operation": "Prove", "algorithm": "groth16-bn254"})
    );
    let key = &made["key"];
    assert_eq!((&key["setupClass"], &key["ephemeral"]), (&json!("single-party"), &json!(true)));
    assert_eq!(key["fingerprint"].as_str().unwrap().len(), 64);
    assert!(!made["prover"].as_str().unwrap().is_empty());
    let figures = &made["figures"];
    assert!(figures["reservedBytes"].is_u64());
    for part in ["queue", "keyLoad", "witness", "check", "prove", "selfVerify", "other"] {
        assert!(figures["microseconds"][part].is_u64(), "{part}");
    }
    assert!(figures["microseconds"]["prove"].as_u64().unwrap() > 0);
}

#[test]
fn values_come_from_arguments_files_and_standard_input() {
    let broker = Broker::with(PROFILES);
    broker.write("a.txt", "0x3\n");
    broker.write("input.json", r#"{"a": "3", "b": 11}"#);
    broker.write("b.json", r#"{"b": "11"}"#);
    for values in [
        "--input a=3 --input b=11",
        "--input a=@a.txt --input b=0xb --input c=33",
        "--inputs input.json",
        "--input a=3 --inputs b.json",
    ] {
        broker.json(&words(&prove(values)));
        assert_eq!(broker.read("public.json"), b"[\n \"33\"\n]", "{values}");
    }
    for (values, input) in [("--inputs -", r#"{"a": 3, "b": ["11"]}"#), ("--input a=@- --input b=11", "3")] {
        let output = broker.run_with(&words(&prove(values)), input.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{values}: {}", stderr(&output));
    }
}

#[test]
fn private_values_in_arguments_are_noted() {
    let broker = with_proof();
    broker.write("three", "3");
    let note = |values: &str, more: &[&str]| {
        let command = prove(values);
        let output = broker.run(&[&words(&command), more].concat());
        assert_eq!(output.status.code(), Some(0), "{values}: {}", stderr(&output));
        let text = stderr(&output);
        text.lines().find(|line| line.contains("other processes")).map(str::to_owned)
    };
    let one = note("--input a=@three --input b=11 --input c=33", &[]).unwrap();
    assert!(one.contains("where the input b is secret, write b=@FILE"), "{one}");
    let two = note("--input a=3 --input b=11", &[]).unwrap();
    assert!(two.contains("where the inputs a, b are secret"), "{two}");
    assert_eq!(note("--input c=33 --inputs input.json", &[]), None);
    assert_eq!(note("--input a=3 --input b=11", &["--quiet"]), None);
}

#[test]
fn nothing_that_is_printed_has_a_private_value() {
    let broker = Broker::with(PROFILES);
    // The product has none of the digits of its factors.
    let (a, b, c) = ("918273645546372819", "2", "1836547291092745638");
    let values = format!("--input a={a} --input b={b}");
    for command in [prove(&values), format!("proof check --circuit multiply {values}")] {
        for more in [&["--verbose"][..], &["--json"]] {
            let output = broker.run(&[&words(&command), more].concat());
            let text = stdout(&output) + &stderr(&output);
            assert!(text.contains(c) && !text.contains(a), "{text}");
        }
        // Neither does a refusal.
        let output = broker.run(&[&words(&command), &["--input", "c=1"][..]].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(!(stdout(&output) + &stderr(&output)).contains(a), "{}", stderr(&output));
    }
}

#[test]
fn check_says_that_values_satisfy_the_circuit() {
    let broker = Broker::with(PROFILES);
    let checked = broker.json(&words("proof check --circuit cube_root --input x=3 --input y=27"));
    assert_eq!(checked["satisfied"], true);
    assert_eq!(checked["publicSignals"], json!([{ "name": "y", "value": "27" }]));
    let text = broker.text(&words("proof check --circuit cube_root --input x=3"));
    assert!(text.contains("cube_root: satisfied") && text.contains("27"), "{text}");
    let error = broker.error(1, &words("proof check --circuit cube_root --input x=3 --input y=28"));
    assert_eq!(error["reason"], "WITNESS_UNSATISFIED");
}

#[test]
fn either_both_files_are_written_or_none() {
    let broker = Broker::with(PROFILES);
    broker.write("proof.json", "old");
    let before = entries(broker.folder.path());
    for (public, code) in [("missing/public.json", 1), ("/dev/full", 1), ("./proof.json", 2)] {
        let command =
            "proof prove --circuit multiply --input a=3 --input b=11 --proof-out proof.json --public-out";
        let mut words = words(command);
        words.insert(words.iter().position(|word| *word == "--public-out").unwrap() + 1, public);
        let output = broker.run(&words);
        assert_eq!(output.status.code(), Some(code), "{public}: {}", stderr(&output));
        assert_eq!(
            (&*broker.read("proof.json"), entries(broker.folder.path())),
            (&b"old"[..], before),
            "{public}"
        );
    }
    // An input is not replaced.
    broker.write("input.json", r#"{"a": "3", "b": 11}"#);
    let error =
        broker.error(2, &words("proof prove --circuit multiply --inputs input.json --proof-out input.json"));
    assert_eq!(error["code"], "USAGE");
}

#[test]
fn proof_goes_to_standard_output_and_its_description_to_standard_error() {
    let broker = Broker::with(PROFILES);
    let output = broker.run(&words("proof prove --circuit multiply --input a=3 --input b=11 --proof-out -"));
    assert_eq!(json(&output.stdout)["protocol"], "groth16");
    assert!(stderr(&output).contains("single-party"), "{}", stderr(&output));
    let output =
        broker.run(&words("proof prove --circuit multiply --input a=3 --input b=11 --proof-out - --json"));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn arguments_are_not_read_as_values_where_they_are_files() {
    // `cat` of a process substitution: a pipe is a file, too.
    let broker = Broker::with(PROFILES);
    let command = broker.command(&words(&prove("--input b=11 --input a=@/dev/stdin")));
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo 3 | \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
    let output = shell.current_dir(broker.folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(broker.read("public.json"), b"[\n \"33\"\n]");
}
