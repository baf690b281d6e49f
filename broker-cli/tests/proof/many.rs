//! `proof prove-many`.

use serde_json::Value;

use crate::support::{Broker, json, stderr};

const COMMAND: [&str; 8] =
    ["proof", "prove-many", "--profile", "Groth16-Dev", "--circuit", "multiply", "--inputs", "-"];

fn lines(stdout: &[u8]) -> Vec<Value> {
    let mut lines: Vec<Value> =
        stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(json).collect();
    lines.sort_by_key(|line| line["line"].as_u64());
    lines
}

#[test]
fn each_line_gets_a_proof_or_an_error() {
    let broker = Broker::start();
    let inputs = b"{\"a\": 3, \"b\": \"11\"}\n\n{\"a\": \"4\", \"b\": 5, \"c\": 21}\n{\"a\": 0, \"b\": [7]}";
    let output = broker.run_with(&COMMAND, inputs);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let lines = lines(&output.stdout);
    let [first, third, fourth] = &lines[..] else { panic!("{lines:?}") };
    for (line, number, product) in [(first, 1, "33"), (fourth, 4, "0")] {
        assert_eq!((line["line"].as_u64(), line["publicSignals"][0].as_str()), (Some(number), Some(product)));
        broker.write("proof.json", line["proof"].to_string());
        broker.write("public.json", line["publicSignals"].to_string());
        let verified = broker.json(&[
            "proof",
            "verify",
            "--profile",
            "Groth16-Dev",
            "--circuit",
            "multiply",
            "--proof",
            "proof.json",
            "--public",
            "public.json",
        ]);
        assert_eq!(verified["valid"], true);
    }
    assert_eq!((third["line"].as_u64(), &third["error"]["reason"]), (Some(3), &"WITNESS_UNSATISFIED".into()));
    assert!(stderr(&output).contains("2 proofs made, 1 input refused"), "{}", stderr(&output));

    let output = broker.run_with(&COMMAND, b"{\"a\": 3, \"b\": \"11\"}\n");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    assert_eq!(broker.run_with(&COMMAND, b"").status.code(), Some(0));
}

#[test]
fn a_malformed_line_ends_the_command_after_the_lines_before_it() {
    let broker = Broker::start();
    let output =
        broker.run_with(&COMMAND, b"{\"a\": 3, \"b\": 11}\n{\"a\": 4711.5}\n{\"a\": 3, \"b\": 11}\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output.stdout).len(), 1);
    let error = stderr(&output);
    assert!(error.contains("line 2: ") && !error.contains("4711"), "{error}");
    let mut command = COMMAND;
    command[5] = "multiplu";
    let output = broker.run_with(&command, b"{}\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(stderr(&output).contains("did you mean multiply?"), "{}", stderr(&output));
}
