//! `bench matrix`: a folder of runs.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    interrupted::interrupt,
    refusal,
    support::{Broker, json, stderr, stdout},
};

#[test]
fn matrix_writes_every_documented_file() {
    let broker = Broker::start();
    let words = "bench matrix --operations hash-data,sign-certificate,health --sizes 16,64 --issuers p-384,p-521 \
                 --concurrency 1,2 --lanes unary,pipeline --repeats 2 --requests 6 --warm-up 0 --connections 2 --out m";
    let text = broker.text(&words.split_whitespace().collect::<Vec<_>>());
    assert!(text.contains("callers") && text.contains("hash-data 64 B, Default, pipeline"), "{text}");
    // hash-data: 2 sizes, 2 lanes; certificates: 2 issuers, 2 lanes; health: unary. Each with 1 and 2 callers.
    let cells = (2 * 2 + 2 * 2 + 1) * 2;
    let samples = String::from_utf8(broker.read("m/samples.jsonl")).unwrap();
    let samples: Vec<Value> = samples.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(samples.len(), cells * 2);
    let order: Vec<_> = samples
        .iter()
        .map(|sample| (sample["repeat"].as_u64().unwrap(), sample["cell"].as_u64().unwrap()))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(samples.iter().all(|sample| sample["samples"] == 6 && sample["latency_us"]["p50"].is_number()));

    let csv = String::from_utf8(broker.read("m/summary.csv")).unwrap();
    assert_eq!(csv.lines().count(), cells + 1);
    let markdown = String::from_utf8(broker.read("m/summary.md")).unwrap();
    for operation in ["hash-data", "sign-certificate", "health"] {
        assert!(markdown.contains(&format!("## {operation}\n")));
        for chart in [format!("throughput-{operation}.svg"), format!("latency-{operation}.svg")] {
            assert!(markdown.contains(&format!("({chart})")));
            let svg = String::from_utf8(broker.read(&format!("m/{chart}"))).unwrap();
            assert!(
                svg.starts_with("<svg ") && svg.contains("callers at the same time") && svg.contains("unary")
            );
        }
    }
    let machine = json(&broker.read("m/machine.json"));
    for fact in ["/processors", "/kernel", "/socket", "/version", "/broker/catalogueDigest", "/measured_at"] {
        assert!(machine.pointer(fact).is_some(), "{fact}: {machine}");
    }
    let message = refusal(&broker, &["matrix", "--out", "m"]);
    assert!(message.contains("is not empty"), "{message}");
}

/// Circuits are varied for proofs alone.
#[test]
fn matrix_of_proofs_has_every_circuit() {
    let broker = Broker::start();
    let words = "bench matrix --operations prove,verify,hash-data --circuits multiply,cube_root --concurrency 1,2 --repeats 1 \
                 --requests 2 --warm-up 0 --out m";
    let text = broker.text(&words.split_whitespace().collect::<Vec<_>>());
    assert!(text.contains("prove cube_root, Groth16-Dev, unary"), "{text}");
    let csv = String::from_utf8(broker.read("m/summary.csv")).unwrap();
    let (header, rows) = csv.split_once('\n').unwrap();
    let column = header.split(',').position(|name| name == "circuit").unwrap();
    let circuits: Vec<&str> = rows.lines().map(|row| row.split(',').nth(column).unwrap()).collect();
    let proofs = ["multiply", "multiply", "cube_root", "cube_root"];
    assert_eq!(circuits, [&proofs[..], &proofs, &["", ""]].concat());
}

#[test]
fn failed_cell_is_recorded_and_others_are_measured() {
    let broker = Broker::start();
    let words = "bench matrix --operations hash-data --profiles No|body,Default --concurrency 1 --repeats 1 --requests 3 \
                 --warm-up 0 --out m --output json";
    let output = broker.run(&words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["samples"]), (2, &json!(3)));
    assert_eq!((&lines[0]["profile"], &lines[0]["error"]["code"]), (&json!("No|body"), &json!("NOT_FOUND")));
    assert!(lines[0].get("throughput_per_s").is_none());
    assert!(stderr(&output).contains("No|body"));
    let markdown = String::from_utf8(broker.read("m/summary.md")).unwrap();
    assert!(markdown.contains("1 of 1 runs failed"), "{markdown}");
    // A `|` in a profile's name is escaped in the table.
    assert!(markdown.contains("| 64 B, No\\|body, unary | 1 |"), "{markdown}");
}

#[test]
fn interrupted_matrix_sums_up_its_samples() {
    let broker = Broker::start();
    let words = "bench matrix --operations hash-data,health --concurrency 1,2 --repeats 1000 --requests 5 --warm-up 0 \
                 --out m --output json";
    let mut command = broker.command(&words.split_whitespace().collect::<Vec<_>>());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..4 {
        lines.next().unwrap().unwrap();
    }
    interrupt(&child);
    let rest = lines.count();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(4 + rest < 4000);
    let csv = String::from_utf8(broker.read("m/summary.csv")).unwrap();
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(broker.path("m/latency-health.svg").exists());
}
