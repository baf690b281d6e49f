//! `bench` through the real program: results, refusals, and brokers that stop. No test judges speed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod interrupted;
mod matrix;
#[path = "../support/mod.rs"]
mod support;
mod table;

use serde_json::{Value, json};
use support::{Broker, cryptobroker, entries, json, on_terminal, stderr, stdout};

/// Makes a short run and returns its JSON.
fn run(broker: &Broker, arguments: &[&str]) -> Value {
    let few: &[&str] = if arguments.contains(&"--requests") { &[] } else { &["--requests", "12"] };
    broker.json(&[&["bench", "--warm-up", "0"], few, arguments].concat())
}

fn refusal(broker: &Broker, arguments: &[&str]) -> String {
    let error = broker.error(2, &[&["bench"], arguments].concat());
    assert_eq!(error["code"], "USAGE", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

/// Checks the contract of one line, member by member.
#[test]
fn json_object_has_every_documented_member() {
    let broker = Broker::start();
    let words = "bench --operation hash-data --profile Default --size 64 --lane unary --concurrency 64 \
                 --connections 1 --duration 1s --warm-up 100ms --output json";
    let output = broker.run(&words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    assert_eq!(stdout(&output).lines().count(), 1);
    let sample = json(&output.stdout);

    for (name, value) in [
        ("operation", json!("hash-data")),
        ("profile", json!("Default")),
        ("size", json!(64)),
        ("lane", json!("unary")),
        ("wire", json!("v1")),
        ("client", json!("library")),
        ("concurrency", json!(64)),
        ("connections", json!(1)),
        ("threads", json!(1)),
        ("planned_duration_s", json!(1.0)),
        ("warm_up_s", json!(0.1)),
        ("errors", json!({})),
    ] {
        assert_eq!(sample[name], value, "{name}");
    }
    for absent in ["window", "rate_per_s", "pin", "issuer", "not_begun", "interrupted", "planned_requests"] {
        assert!(sample.get(absent).is_none(), "{absent}");
    }
    let number =
        |path: &str| sample.pointer(path).unwrap_or_else(|| panic!("{path}: {sample}")).as_f64().unwrap();
    let latencies =
        ["min", "p50", "p90", "p99", "p99_9", "max"].map(|name| number(&format!("/latency_us/{name}")));
    assert!(latencies.is_sorted() && latencies[0] > 0.0, "{latencies:?}");
    assert!((latencies[0]..=latencies[5]).contains(&number("/latency_us/mean")));
    assert!(number("/duration_s") >= 1.0);
    assert_eq!(sample["samples"], sample["requests"]);
    let throughput = number("/requests") / number("/duration_s");
    assert!((number("/throughput_per_s") - throughput).abs() <= 0.1, "{throughput}: {sample}");
    // The broker runs in this process, whose CPU time can be read.
    assert!(number("/server_cpu_us_per_call") > 0.0 && number("/client_cpu_us_per_call") > 0.0);
}

#[test]
fn window_uses_the_pipeline() {
    let broker = Broker::start();
    let sample = run(&broker, &["--lane", "pipeline", "--window", "1024", "--requests", "5000"]);
    assert_eq!(
        (&sample["lane"], &sample["window"], &sample["requests"]),
        (&json!("pipeline"), &json!(1024), &json!(5000))
    );
    assert!(sample.get("concurrency").is_none());
    let sample = run(&broker, &["--lane", "pipeline", "--concurrency", "4"]);
    assert_eq!((&sample["concurrency"], &sample["requests"]), (&json!(4), &json!(12)));
}

/// The program verifies the first response of each operation, so a successful run is a proof.
#[test]
fn every_operation_runs_on_every_lane() {
    let broker = Broker::start();
    for operation in [
        "hash-data",
        "sign-certificate",
        "sign-data",
        "verify-data",
        "encrypt-data",
        "decrypt-data",
        "keygen",
        "kem-keygen",
        "kem-encapsulate",
        "kem-decapsulate",
        "prove",
        "verify",
    ] {
        for way in ["--client library", "--client stub", "--lane pipeline"] {
            let way: Vec<&str> = way.split(' ').collect();
            let sample = run(&broker, &[&["--operation", operation, "--concurrency", "3"], &*way].concat());
            assert_eq!(
                (&sample["operation"], &sample["samples"]),
                (&json!(operation), &json!(12)),
                "{way:?}"
            );
        }
    }
    for client in ["library", "stub"] {
        let sample = run(&broker, &["--operation", "health", "--client", client]);
        assert_eq!((&sample["samples"], sample.get("profile")), (&json!(12), None));
    }
}

/// The inputs are random, so the broker's check of each proof shows that they satisfy the circuit.
#[test]
fn proofs_of_every_circuit_run_and_have_figures() {
    let broker = Broker::start();
    for circuit in ["multiply", "cube_root", "payment"] {
        let few = ["--circuit", circuit, "--requests", "3"];
        let sample = run(&broker, &[&["--operation", "prove"], &few[..]].concat());
        assert_eq!(
            (&sample["circuit"], &sample["profile"], &sample["samples"]),
            (&json!(circuit), &json!("Groth16-Dev"), &json!(3))
        );
        let figures = sample["figures_us"].as_object().unwrap();
        for name in ["queue", "key_load", "witness", "check", "prove", "self_verify", "other", "overhead"] {
            assert!(figures[name].is_number(), "{name}: {sample}");
        }
        assert!(figures["prove"].as_f64() > Some(0.0) && figures["self_verify"].as_f64() > Some(0.0));
        let sample = run(&broker, &[&["--operation", "verify"], &few[..]].concat());
        assert_eq!((&sample["circuit"], &sample["samples"]), (&json!(circuit), &json!(3)));
        assert!(sample.get("figures_us").is_none());
    }
    let text = broker.text(&["bench", "--operation", "prove", "--warm-up", "0", "--requests", "2"]);
    assert!(text.contains("median, µs") && text.contains("self verify"), "{text}");
    // A refusal has the broker's own message, and no result is printed.
    for operation in ["prove", "verify"] {
        let arguments = ["bench", "--operation", operation, "--profile", "Default", "--requests", "1"];
        assert_eq!(broker.error(1, &arguments)["reason"], "OPERATION_NOT_ALLOWED");
    }
}

#[test]
fn every_generation_of_the_protocol_runs() {
    let broker = Broker::start();
    for wire in ["g0", "g2", "g3"] {
        for operation in ["hash-data", "sign-certificate", "health"] {
            let sample = run(&broker, &["--wire", wire, "--operation", operation, "--concurrency", "2"]);
            assert_eq!(
                (&sample["wire"], &sample["client"], &sample["samples"]),
                (&json!(wire), &json!("stub"), &json!(12))
            );
        }
    }
}

#[test]
fn issues_certificates_under_every_allowed_ca() {
    let broker = Broker::start();
    for (issuer, profile) in [("p-521", "Default"), ("rsa-3072", "KSA-MODERATE-2020")] {
        let certificates = ["--operation", "sign-certificate", "--issuer", issuer, "--subject", "p-384"];
        let sample = run(&broker, &certificates);
        assert_eq!((&sample["issuer"], &sample["profile"]), (&json!(issuer), &json!(profile)));
        assert_eq!(sample["subject"], "p-384");
    }
    // A refusal has the broker's own message, and no result is printed.
    let arguments = ["bench", "--operation", "sign-certificate", "--issuer", "p-256", "--requests", "1"];
    assert_eq!(broker.error(1, &arguments)["reason"], "ISSUER_KEY_NOT_ALLOWED");
}

/// Profiles differ in key lengths and in who makes the nonce.
#[test]
fn encrypts_under_every_profile_with_encryption() {
    let broker = Broker::start();
    for profile in ["FIPS-140-3-128bit", "FIPS-140-3-192bit", "Hybrid-PQC-2026"] {
        for operation in ["encrypt-data", "decrypt-data"] {
            let sample = run(&broker, &["--operation", operation, "--profile", profile, "--size", "1000"]);
            assert_eq!((&sample["profile"], &sample["size"]), (&json!(profile), &json!(1000)));
        }
    }
}

#[test]
fn mix_is_called_by_its_weights() {
    let broker = Broker::start();
    let mix = "hash-data=9,sign-data=2,health=1";
    let sample = run(&broker, &["--operation", mix, "--requests", "1200", "--concurrency", "2"]);
    assert_eq!(
        (&sample["operation"], &sample["samples"], sample.get("profile")),
        (&json!(mix), &json!(1200), None)
    );
    let counts: Vec<_> =
        sample["operations"].as_array().unwrap().iter().map(|part| &part["samples"]).collect();
    assert_eq!(counts, [&json!(900), &json!(200), &json!(100)]);
    assert!(sample["operations"][1]["latency_us"]["p99"].as_f64().unwrap() > 0.0);
}

#[test]
fn connections_and_threads_share_the_callers() {
    let broker = Broker::start();
    let shape = ["--connections", "4", "--threads", "2", "--concurrency", "7", "--requests", "1001"];
    let sample = run(&broker, &shape);
    assert_eq!(
        (&sample["connections"], &sample["threads"], &sample["samples"]),
        (&json!(4), &json!(2), &json!(1001))
    );
    let sample =
        run(&broker, &["--lane", "pipeline", "--connections", "2", "--window", "8", "--requests", "300"]);
    assert_eq!((&sample["window"], &sample["samples"]), (&json!(8), &json!(300)));
}

#[test]
fn rate_is_kept_or_not_begun_is_reported() {
    let broker = Broker::start();
    let sample = run(&broker, &["--rate", "400", "--requests", "100"]);
    assert_eq!((&sample["rate_per_s"], &sample["requests"]), (&json!(400), &json!(100)));
    assert_eq!(sample["concurrency"], 64);
    // The last of a hundred requests at 400/s is due after 99/400 s.
    assert!(sample["duration_s"].as_f64().unwrap() >= 0.2475, "{sample}");

    let words = "bench --operation keygen --rate 1000000 --duration 200ms --warm-up 0 --output json";
    let output = broker.run(&words.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let sample = json(&output.stdout);
    assert_eq!(sample["requests"].as_u64().unwrap() + sample["not_begun"].as_u64().unwrap(), 200_000);
    assert!(sample["not_begun"].as_u64().unwrap() > 0, "{sample}");
    // Latency counts from when a request was due, so the last ones have waited for most of the run.
    assert!(sample["latency_us"]["max"].as_f64().unwrap() > 100_000.0, "{sample}");
}

#[test]
fn pins_to_a_processor() {
    let broker = Broker::start();
    let allowed = rustix::thread::sched_getaffinity(None).unwrap();
    let first =
        (0..rustix::thread::CpuSet::MAX_CPU).find(|number| allowed.is_set(*number)).unwrap().to_string();
    assert_eq!(run(&broker, &["--pin", &first])["pin"], json!([first.parse::<u32>().unwrap()]));
    for wrong in ["1023", "99999"] {
        assert!(refusal(&broker, &["--pin", wrong]).contains("--pin"), "{wrong}");
    }
}

#[test]
fn prints_a_table_for_a_reader() {
    let broker = Broker::start();
    let text = broker.text(&["bench", "--warm-up", "0", "--requests", "2000", "--concurrency", "2"]);
    for words in ["2 callers on 1 connection", "throughput", "2,000 answers", "latency, µs", "p99.9"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let mut command = broker.command(&["bench", "--warm-up", "0", "--duration", "1s"]);
    command.args(["--color", "never"]);
    let (shown, output) = on_terminal(command, false, b"");
    assert!(shown.contains("requests") && shown.contains("/s"), "{shown}");
    assert!(stdout(&output).contains("throughput"));
}

#[test]
fn usage_errors_name_a_valid_alternative() {
    let broker = Broker::start();
    for (arguments, words) in [
        ("--window 8", "add --lane pipeline, or use --concurrency 8"),
        ("--window 8 --concurrency 8 --lane pipeline", "cannot be used with"),
        ("--window 0 --lane pipeline", "0 is not in 1..="),
        ("--concurrency 0", "0 is not in 1..="),
        ("--connections 0", "0 is not in 1..="),
        ("--threads 0", "0 is not in 1..="),
        ("--rate 0", "0 is not in 1..="),
        ("--requests 0", "0 is not in 1.."),
        ("--duration 0", "between 1ms and 365d"),
        ("--requests 5 --duration 1s", "cannot be used with"),
        ("--operation hash-date", "the operations are hash-data, sign-certificate"),
        ("--operation hash-data=0", "from 1 to 1000"),
        ("--operation health --lane pipeline", "use --lane unary"),
        (
            "--wire g3 --operation sign-data",
            "--wire g3 has no sign-data; it has hash-data, sign-certificate and health",
        ),
        ("--wire g0 --lane pipeline", "has no pipeline"),
        ("--wire g3 --operation prove", "--wire g3 has no prove"),
        ("--operation prove --circuit cube", "multiply, cube_root, payment"),
        ("--wire g2 --client library", "has v1 only"),
        ("--client stub --lane pipeline", "leave out --client stub"),
        ("--threads 2", "--connections 2 or more"),
        ("--connections 2", "--concurrency 2 or more"),
        ("--size 1048577", "1048577 is not in"),
        ("--pin a", "the number of a processor"),
        ("--rate 5 matrix", "must follow it"),
        ("--operation health,health", "`health` is given twice"),
        ("matrix --operations hash-data,hash", "--operations: `hash-data` is given twice"),
        ("matrix --profiles A,B,A", "--profiles: `A` is given twice"),
        ("matrix --sizes 64 --sizes 64", "--sizes: `64` is given twice"),
        ("matrix --issuers p-384,p-384", "--issuers: `p-384` is given twice"),
        ("matrix --circuits payment,payment", "--circuits: `payment` is given twice"),
        ("matrix --concurrency 1,1", "--concurrency: `1` is given twice"),
        ("matrix --lanes unary,unary --quick", "--lanes: `unary` is given twice"),
    ] {
        let message = refusal(&broker, &arguments.split(' ').collect::<Vec<_>>());
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

#[test]
fn unreachable_broker_exits_with_3() {
    let folder = tempfile::tempdir().unwrap();
    for wire in ["v1", "g0"] {
        for command in [&["bench", "--wire", wire] as &[&str], &["bench", "matrix", "--wire", wire]] {
            let mut program = cryptobroker();
            program.current_dir(folder.path()).args(command).args(["--socket", "nobody", "--output", "json"]);
            let output = program.output().unwrap();
            assert_eq!(output.status.code(), Some(3));
            assert!(output.stdout.is_empty());
            assert_eq!(json(&output.stderr)["error"]["code"], "UNAVAILABLE");
        }
    }
    assert_eq!(entries(folder.path()), 0);
}
