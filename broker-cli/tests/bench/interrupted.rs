//! Runs whose broker stops, and runs that are interrupted.

use std::{
    process::{Child, Stdio},
    time::Instant,
};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{self, Broker, Proxy, json, stderr, stdout};

/// The run ends early, reports it, and prints its result.
#[test]
fn stopped_broker_is_counted_as_unavailable() {
    for way in [&["--client", "library"], &["--client", "stub"], &["--lane", "pipeline"]] {
        let broker = Broker::start();
        let started = broker.path("runs.csv");
        let mut command =
            broker.command(&["bench", "--warm-up", "0", "--duration", "30m", "--output", "json"]);
        command.args(way).args(["--concurrency", "4", "--timeout", "5s"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The second connection carries the load.
        support::wait_for_load(&child);
        drop(broker);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{way:?}: {}", stderr(&output));
        let sample = json(&output.stdout);
        assert!(sample["errors"]["UNAVAILABLE"].as_u64().unwrap() > 0, "{way:?}: {sample}");
        assert!(stderr(&output).contains("not every request was answered"));
        assert!(!started.exists());
    }
}

#[test]
fn interrupted_run_prints_its_result() {
    let broker = Broker::start();
    let mut command = broker.command(&["bench", "--warm-up", "0", "--duration", "30m", "--output", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    support::wait_for_load(&child);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let sample = json(&output.stdout);
    assert_eq!(sample["interrupted"], true);
    assert!(sample["samples"].as_u64().unwrap() > 0);
}

pub(crate) fn interrupt(child: &Child) {
    send(child, Signal::INT);
}

fn send(child: &Child, signal: Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

/// After a signal, a broker that hangs is waited for only briefly; after a second one, or before the measurement, not at all.
#[test]
fn interruption_ends_a_run_when_the_broker_hangs() {
    let broker = Broker::start();
    let proxy = Proxy::to(&broker);
    // The timeout of a call is an hour, so the test would hang if answers were waited for.
    let hung = |way: &[&str], warm_up: &str, signals: &[Signal]| {
        let words = "bench --concurrency 4 --duration 30m --timeout 60m --output json";
        let mut command = proxy.command(&words.split(' ').collect::<Vec<_>>());
        command.args(["--warm-up", warm_up]).args(way).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        support::wait_for_load(&child);
        let _blocked = proxy.block();
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
            let sample = json(&output.stdout);
            assert_eq!(
                (&sample["interrupted"], &sample["errors"]),
                (&json!(true), &json!({"CANCELLED": 4})),
                "{way:?}"
            );
            assert!(sample["samples"].as_u64().unwrap() > 0, "{way:?}: {sample}");
        }
        let (cold, _) = hung(&way, "30m", &[Signal::INT]);
        assert_eq!(stdout(&cold), "", "{way:?}");
    }
}
