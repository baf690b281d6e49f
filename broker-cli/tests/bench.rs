//! `bench` through the real program: what it prints, what it refuses, and what becomes of a broker that goes away. No
//! figure of speed is judged here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    fs::OpenOptions,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    time::Instant,
};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Broker, Road, cryptobroker, entries, json, on_terminal, stderr, stdout};

/// A short run of this operation.
fn run(broker: &Broker, arguments: &[&str]) -> Value {
    let few: &[&str] = if arguments.contains(&"--requests") { &[] } else { &["--requests", "12"] };
    broker.json(&[&["bench", "--warm-up", "0"], few, arguments].concat())
}

fn refusal(broker: &Broker, arguments: &[&str]) -> String {
    let error = broker.error(2, &[&["bench"], arguments].concat());
    assert_eq!(error["code"], "USAGE", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

/// The contract of one line, field by field.
#[test]
fn one_object_says_everything() {
    let broker = Broker::start();
    let words = "bench --operation hash-data --profile Default --size 64 --lane unary --concurrency 64 \
                 --connections 1 --duration 1s --warm-up 100ms --output json";
    let output = broker.run(&words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    assert_eq!(stdout(&output).lines().count(), 1);
    let it = json(&output.stdout);

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
        assert_eq!(it[name], value, "{name}");
    }
    for absent in ["window", "rate_per_s", "pin", "issuer", "not_begun", "interrupted", "planned_requests"] {
        assert!(it.get(absent).is_none(), "{absent}");
    }
    let number = |path: &str| it.pointer(path).unwrap_or_else(|| panic!("{path}: {it}")).as_f64().unwrap();
    let latencies =
        ["min", "p50", "p90", "p99", "p99_9", "max"].map(|name| number(&format!("/latency_us/{name}")));
    assert!(latencies.is_sorted() && latencies[0] > 0.0, "{latencies:?}");
    assert!((latencies[0]..=latencies[5]).contains(&number("/latency_us/mean")));
    assert!(number("/duration_s") >= 1.0);
    assert_eq!(it["samples"], it["requests"]);
    let throughput = number("/requests") / number("/duration_s");
    assert!((number("/throughput_per_s") - throughput).abs() <= 0.1, "{throughput}: {it}");
    // The broker lives in this process, which is the one that the kernel names.
    assert!(number("/server_cpu_us_per_call") > 0.0 && number("/client_cpu_us_per_call") > 0.0);
}

#[test]
fn a_window_goes_down_the_pipeline() {
    let broker = Broker::start();
    let it = run(&broker, &["--lane", "pipeline", "--window", "1024", "--requests", "5000"]);
    assert_eq!(
        (&it["lane"], &it["window"], &it["requests"]),
        (&json!("pipeline"), &json!(1024), &json!(5000))
    );
    assert!(it.get("concurrency").is_none());
    let it = run(&broker, &["--lane", "pipeline", "--concurrency", "4"]);
    assert_eq!((&it["concurrency"], &it["requests"]), (&json!(4), &json!(12)));
}

/// The first answer of each is checked by the program itself, so a run is a proof of its own.
#[test]
fn every_operation_on_every_lane() {
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
    ] {
        for way in ["--client library", "--client stub", "--lane pipeline"] {
            let way: Vec<&str> = way.split(' ').collect();
            let it = run(&broker, &[&["--operation", operation, "--concurrency", "3"], &*way].concat());
            assert_eq!((&it["operation"], &it["samples"]), (&json!(operation), &json!(12)), "{way:?}");
        }
    }
    for client in ["library", "stub"] {
        let it = run(&broker, &["--operation", "health", "--client", client]);
        assert_eq!((&it["samples"], it.get("profile")), (&json!(12), None));
    }
}

#[test]
fn every_generation_of_the_protocol() {
    let broker = Broker::start();
    for wire in ["g0", "g2", "g3"] {
        for operation in ["hash-data", "sign-certificate", "health"] {
            let it = run(&broker, &["--wire", wire, "--operation", operation, "--concurrency", "2"]);
            assert_eq!(
                (&it["wire"], &it["client"], &it["samples"]),
                (&json!(wire), &json!("stub"), &json!(12))
            );
        }
    }
}

#[test]
fn certificates_under_every_ca_that_a_bundled_profile_takes() {
    let broker = Broker::start();
    for (issuer, profile) in [("p-521", "Default"), ("rsa-3072", "KSA-MODERATE-2020")] {
        let certificates = ["--operation", "sign-certificate", "--issuer", issuer, "--subject", "p-384"];
        let it = run(&broker, &certificates);
        assert_eq!((&it["issuer"], &it["profile"]), (&json!(issuer), &json!(profile)));
        assert_eq!(it["subject"], "p-384");
    }
    // Whatever the broker refuses is its own words, and nothing is printed as a result.
    let arguments = ["bench", "--operation", "sign-certificate", "--issuer", "p-256", "--requests", "1"];
    assert_eq!(broker.error(1, &arguments)["reason"], "ISSUER_KEY_NOT_ALLOWED");
}

/// Profiles differ in the length of keys and in who makes the nonce.
#[test]
fn encryption_under_every_profile_that_encrypts() {
    let broker = Broker::start();
    for profile in ["FIPS-140-3-128bit", "FIPS-140-3-192bit", "Hybrid-PQC-2026"] {
        for operation in ["encrypt-data", "decrypt-data"] {
            let it = run(&broker, &["--operation", operation, "--profile", profile, "--size", "1000"]);
            assert_eq!((&it["profile"], &it["size"]), (&json!(profile), &json!(1000)));
        }
    }
}

#[test]
fn a_mix_is_called_by_its_weights() {
    let broker = Broker::start();
    let mix = "hash-data=9,sign-data=2,health=1";
    let it = run(&broker, &["--operation", mix, "--requests", "1200", "--concurrency", "2"]);
    assert_eq!((&it["operation"], &it["samples"], it.get("profile")), (&json!(mix), &json!(1200), None));
    let counts: Vec<_> = it["operations"].as_array().unwrap().iter().map(|part| &part["samples"]).collect();
    assert_eq!(counts, [&json!(900), &json!(200), &json!(100)]);
    assert!(it["operations"][1]["latency_us"]["p99"].as_f64().unwrap() > 0.0);
}

#[test]
fn connections_and_threads_share_the_callers() {
    let broker = Broker::start();
    let shape = ["--connections", "4", "--threads", "2", "--concurrency", "7", "--requests", "1001"];
    let it = run(&broker, &shape);
    assert_eq!((&it["connections"], &it["threads"], &it["samples"]), (&json!(4), &json!(2), &json!(1001)));
    let it =
        run(&broker, &["--lane", "pipeline", "--connections", "2", "--window", "8", "--requests", "300"]);
    assert_eq!((&it["window"], &it["samples"]), (&json!(8), &json!(300)));
}

#[test]
fn a_rate_is_kept_or_the_rest_is_told() {
    let broker = Broker::start();
    let it = run(&broker, &["--rate", "400", "--requests", "100"]);
    assert_eq!((&it["rate_per_s"], &it["requests"]), (&json!(400), &json!(100)));
    assert_eq!(it["concurrency"], 64);
    // The last of a hundred requests is due after 99 quarters of a hundredth.
    assert!(it["duration_s"].as_f64().unwrap() >= 0.2475, "{it}");

    let words = "bench --operation keygen --rate 1000000 --duration 200ms --warm-up 0 --output json";
    let output = broker.run(&words.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let it = json(&output.stdout);
    assert_eq!(it["requests"].as_u64().unwrap() + it["not_begun"].as_u64().unwrap(), 200_000);
    assert!(it["not_begun"].as_u64().unwrap() > 0, "{it}");
    // Latency is counted from when a request was due, so the last ones have waited nearly all the time.
    assert!(it["latency_us"]["max"].as_f64().unwrap() > 100_000.0, "{it}");
}

#[test]
fn a_processor_can_be_chosen() {
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
fn a_table_grows_by_a_line_for_each_run() {
    let broker = Broker::start();
    run(&broker, &["--csv", "runs.csv"]);
    run(&broker, &["--csv", "runs.csv", "--operation", "hash-data=2,health=1"]);
    let text = String::from_utf8(broker.read("runs.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("operation,profile,size,") && lines[0].contains(",latency_us.p50,"));
    assert!(lines[1].starts_with("hash-data,Default,64,"), "{text}");
    assert!(lines[2].starts_with("\"hash-data=2,health=1\",,,"), "{text}");
    assert_eq!(lines[0].matches(',').count(), lines[1].matches(',').count());
}

/// What is there is no other table's, and stays as it was.
#[test]
fn a_table_that_is_there_is_looked_at_first() {
    let broker = Broker::start();
    run(&broker, &["--csv", "runs.csv"]);
    let runs = String::from_utf8(broker.read("runs.csv")).unwrap();
    let (header, row) = runs.split_once('\n').unwrap();

    // Lines that an editor left open, or ended in its own way.
    for text in [header.to_owned(), runs.trim_end().to_owned(), runs.replace('\n', "\r\n")] {
        broker.write("old.csv", &text);
        run(&broker, &["--csv", "old.csv"]);
        let now = String::from_utf8(broker.read("old.csv")).unwrap();
        assert!(now.starts_with(&text) && now.ends_with('\n'), "{now}");
        let lines: Vec<&str> = now.lines().collect();
        assert_eq!((lines.len(), lines[0]), (text.lines().count() + 1, header), "{now}");
        assert!(lines[1..].iter().all(|line| line.starts_with("hash-data,Default,64,")), "{now}");
    }

    let (_, less) = header.split_once(',').unwrap();
    for text in [row.to_owned(), format!("{header},more\n"), format!("{less}\n"), "\n".into(), "x".into()] {
        broker.write("other.csv", &text);
        let message = refusal(&broker, &["--csv", "other.csv"]);
        assert!(message.contains("--csv other.csv") && message.contains("name a new file"), "{message}");
        assert_eq!(broker.read("other.csv"), text.as_bytes());
    }
}

/// Before anything is measured, which would be lost: this run would take half an hour.
#[test]
fn a_table_that_cannot_be_written_is_refused_before_the_run() {
    let broker = Broker::start();
    for (path, why) in [("no/t", "No such file"), (".", "Is a directory")] {
        let error = broker.error(1, &["bench", "--duration", "30m", "--csv", path]);
        assert_eq!(error["code"], "IO", "{error}");
        assert!(error["message"].as_str().unwrap().contains(why), "{path}: {error}");
    }
    // A run that was not made leaves no table.
    assert_eq!(broker.error(1, &["bench", "--profile", "Nobody", "--csv", "new.csv"])["code"], "NOT_FOUND");
    assert!(!broker.path("new.csv").exists());
}

#[test]
fn a_table_may_be_a_pipe_and_outlives_a_full_standard_output() {
    let broker = Broker::start();
    let output = broker.run(&["bench", "--warm-up", "0", "--requests", "3", "--csv", "/dev/stdout"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("\noperation,profile,size,"), "{}", stdout(&output));

    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = broker.command(&["bench", "--warm-up", "0", "--requests", "3", "--csv", "runs.csv"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot write the result: No space left"), "{}", stderr(&output));
    assert_eq!(String::from_utf8(broker.read("runs.csv")).unwrap().lines().count(), 2);
}

#[test]
fn a_reader_gets_a_table() {
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
fn mistakes_say_what_would_be_right() {
    let broker = Broker::start();
    for (arguments, words) in [
        ("--window 8", "add --lane pipeline, or say --concurrency 8"),
        ("--window 8 --concurrency 8 --lane pipeline", "cannot be used with"),
        ("--window 0 --lane pipeline", "0 is not in 1..="),
        ("--concurrency 0", "0 is not in 1..="),
        ("--connections 0", "0 is not in 1..="),
        ("--threads 0", "0 is not in 1..="),
        ("--rate 0", "0 is not in 1..="),
        ("--requests 0", "0 is not in 1.."),
        ("--duration 0", "between 1ms and a day"),
        ("--requests 5 --duration 1s", "cannot be used with"),
        ("--operation hash-date", "there are hash-data, sign-certificate"),
        ("--operation hash-data=0", "from 1 to 1000"),
        ("--operation health --lane pipeline", "say --lane unary"),
        (
            "--wire g3 --operation sign-data",
            "--wire g3 has no sign-data; it has hash-data, sign-certificate and health",
        ),
        ("--wire g0 --lane pipeline", "only v1 has"),
        ("--wire g2 --client library", "speaks v1 only"),
        ("--client stub --lane pipeline", "leave --client stub away"),
        ("--threads 2", "--connections 2 or more"),
        ("--connections 2", "--concurrency 2 or more"),
        ("--size 1048577", "1048577 is not in"),
        ("--pin a", "the number of a processor"),
        ("--rate 5 matrix", "stand behind it"),
        ("--operation health,health", "`health` stands there twice"),
        ("matrix --operations hash-data,hash", "--operations: `hash-data` stands there twice"),
        ("matrix --profiles A,B,A", "--profiles: `A` stands there twice"),
        ("matrix --sizes 64 --sizes 64", "--sizes: `64` stands there twice"),
        ("matrix --issuers p-384,p-384", "--issuers: `p-384` stands there twice"),
        ("matrix --concurrency 1,1", "--concurrency: `1` stands there twice"),
        ("matrix --lanes unary,unary --quick", "--lanes: `unary` stands there twice"),
    ] {
        let message = refusal(&broker, &arguments.split(' ').collect::<Vec<_>>());
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

#[test]
fn without_a_broker_there_is_the_usual_error() {
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

/// The run ends early, says so, and prints what it has.
#[test]
fn a_broker_that_goes_away_is_counted() {
    for way in [&["--client", "library"], &["--client", "stub"], &["--lane", "pipeline"]] {
        let broker = Broker::start();
        let started = broker.path("runs.csv");
        let mut command =
            broker.command(&["bench", "--warm-up", "0", "--duration", "30m", "--output", "json"]);
        command.args(way).args(["--concurrency", "4", "--timeout", "5s"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The second connection is the one that carries the load.
        support::wait_for_load(&child);
        drop(broker);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{way:?}: {}", stderr(&output));
        let it = json(&output.stdout);
        assert!(it["errors"]["UNAVAILABLE"].as_u64().unwrap() > 0, "{way:?}: {it}");
        assert!(stderr(&output).contains("not every request was answered"));
        assert!(!started.exists());
    }
}

#[test]
fn an_interrupted_run_prints_what_it_has() {
    let broker = Broker::start();
    let mut command = broker.command(&["bench", "--warm-up", "0", "--duration", "30m", "--output", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    support::wait_for_load(&child);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let it = json(&output.stdout);
    assert_eq!(it["interrupted"], true);
    assert!(it["samples"].as_u64().unwrap() > 0);
}

fn interrupt(child: &Child) {
    send(child, Signal::INT);
}

fn send(child: &Child, signal: Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

/// Nobody waits for the answers of a broker that hangs: not long after a signal, and not at all after a second one or where
/// nothing is measured yet.
#[test]
fn a_run_is_interrupted_though_the_broker_hangs() {
    let broker = Broker::start();
    let road = Road::to(&broker);
    // If they were waited for, it would be for an hour.
    let hung = |way: &[&str], warm_up: &str, signals: &[Signal]| {
        let words = "bench --concurrency 4 --duration 30m --timeout 60m --output json";
        let mut command = road.command(&words.split(' ').collect::<Vec<_>>());
        command.args(["--warm-up", warm_up]).args(way).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        support::wait_for_load(&child);
        let _blocked = road.block();
        support::wait_for_silence(&child);
        let since = Instant::now();
        signals.iter().for_each(|signal| send(&child, *signal));
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{way:?}: {}", stderr(&output));
        assert_eq!(json(&output.stderr)["error"]["code"], "INTERRUPTED");
        (output, since.elapsed())
    };
    for way in [["--client", "library"], ["--client", "stub"], ["--lane", "pipeline"]] {
        let (patient, long) = hung(&way, "0", &[Signal::INT]);
        let (hasty, short) = hung(&way, "0", &[Signal::INT, Signal::TERM]);
        assert!(short < long, "{way:?}: {short:?}, {long:?}");
        for output in [patient, hasty] {
            let it = json(&output.stdout);
            assert_eq!(
                (&it["interrupted"], &it["errors"]),
                (&json!(true), &json!({"CANCELLED": 4})),
                "{way:?}"
            );
            assert!(it["samples"].as_u64().unwrap() > 0, "{way:?}: {it}");
        }
        let (cold, _) = hung(&way, "30m", &[Signal::INT]);
        assert_eq!(stdout(&cold), "", "{way:?}");
    }
}

#[test]
fn a_matrix_leaves_a_folder() {
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
    let order: Vec<_> =
        samples.iter().map(|it| (it["repeat"].as_u64().unwrap(), it["cell"].as_u64().unwrap())).collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(samples.iter().all(|it| it["samples"] == 6 && it["latency_us"]["p50"].is_number()));

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
    assert!(message.contains("holds something already"), "{message}");
}

#[test]
fn a_cell_that_fails_is_recorded_and_the_others_are_measured() {
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
    // The name of a profile ends no cell of the table.
    assert!(markdown.contains("| 64 B, No\\|body, unary | 1 |"), "{markdown}");
}

#[test]
fn an_interrupted_matrix_sums_up_what_it_has() {
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
