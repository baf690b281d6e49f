//! `--csv`: a table to which each run adds a line.

use std::fs::OpenOptions;

use crate::{
    refusal, run,
    support::{Broker, stderr, stdout},
};

#[test]
fn csv_gets_a_line_for_each_run() {
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

/// A file that is not such a table is not changed.
#[test]
fn csv_with_another_header_is_rejected_before_the_run() {
    let broker = Broker::start();
    run(&broker, &["--csv", "runs.csv"]);
    let runs = String::from_utf8(broker.read("runs.csv")).unwrap();
    let (header, row) = runs.split_once('\n').unwrap();

    // An editor may leave the last line without an end, or use carriage returns.
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

/// The check comes before the run, which would take half an hour here.
#[test]
fn unwritable_csv_is_rejected_before_the_run() {
    let broker = Broker::start();
    for (path, why) in [("no/t", "No such file"), (".", "Is a directory")] {
        let error = broker.error(1, &["bench", "--duration", "30m", "--csv", path]);
        assert_eq!(error["code"], "IO", "{error}");
        assert!(error["message"].as_str().unwrap().contains(why), "{path}: {error}");
    }
    // A run that was not made writes no table.
    assert_eq!(broker.error(1, &["bench", "--profile", "Nobody", "--csv", "new.csv"])["code"], "NOT_FOUND");
    assert!(!broker.path("new.csv").exists());
}

#[test]
fn csv_may_be_a_pipe_and_is_written_when_standard_output_is_full() {
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
