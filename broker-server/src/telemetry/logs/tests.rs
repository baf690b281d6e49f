#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use serde_json::Value;

use super::*;
use crate::telemetry::output::WriteState;

/// Calls `log` with a log in a file and returns what the file contains afterwards.
fn logged(options: LogOptions, log: impl FnOnce()) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let output = Outputs::default().open(&LogOutput::File(path.clone())).unwrap();
    tracing::dispatcher::with_default(&dispatch(&options, Arc::clone(&output)), log);
    // Lines are written in order, and only that of a record says when it is written.
    if let WriteState::Deferred(written) = output.key_use(Bytes::from_static(b"\nend\n")) {
        assert!(written.blocking_recv().unwrap());
    }
    fs::read_to_string(path).unwrap().strip_suffix("end\n").unwrap().to_owned()
}

fn json() -> LogOptions {
    LogOptions { format: LogFormat::Json, ..LogOptions::default() }
}

#[test]
fn names_the_output_that_cannot_be_opened() {
    let output = LogOutput::File("/nonexistent/log".into());
    let error = start(&LogOptions { output, ..LogOptions::default() }, &Outputs::default()).unwrap_err();
    assert!(error.to_string().starts_with("the log cannot be written to /nonexistent/log: "), "{error}");
}

#[test]
fn json_lines_have_typed_fields_at_the_top_level() {
    let text = logged(json(), || {
        let span = tracing::info_span!("library span", secret = 1);
        let _entered = span.enter();
        tracing::info!(count = 7_u64, offset = -7_i64, flag = true, text = "a\n\"b\"\u{7}", "an event");
        tracing::warn!(absent = None::<u64>, present = Some(8_u64), "another event");
    });
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    let first = &lines[0];
    assert_eq!((&first["count"], &first["offset"], &first["flag"]), (&7.into(), &(-7).into(), &true.into()));
    assert_eq!(first["text"], "a\n\"b\"\u{7}");
    assert_eq!((&first["level"], &first["message"]), (&"INFO".into(), &"an event".into()));
    let time = first["timestamp"].as_str().unwrap();
    assert!(
        time.parse::<jiff::Timestamp>().is_ok() && time.len() == "2026-01-02T03:04:05.678Z".len(),
        "{time}"
    );
    assert_eq!((&lines[1]["level"], &lines[1]["present"]), (&"WARN".into(), &8.into()));
    for line in &lines {
        let fields = line.as_object().unwrap();
        assert!(fields.values().all(|value| !value.is_object() && !value.is_array()), "{line}");
        assert!(!fields.contains_key("absent"), "{line}");
    }
}

#[test]
fn text_lines_escape_what_is_not_printable() {
    let text =
        logged(LogOptions::default(), || tracing::info!(profile = "a\n\u{1b}[2J\u{202e}b", "an event"));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn log_filter_decides_on_library_events() {
    let events = || {
        tracing::debug!(target: "h2::proto", "frame");
        tracing::warn!(target: "hyper", "retry");
        tracing::debug!("own");
    };
    assert_eq!(logged(json(), events), "");
    let own = LogOptions { level: LogLevel::Debug, ..json() };
    assert_eq!(logged(own, events).lines().count(), 1);
    let filtered = logged(LogOptions { filter: "h2=debug".parse().unwrap(), ..json() }, events);
    assert!(filtered.contains("frame") && filtered.lines().count() == 1, "{filtered}");
}

#[test]
fn times_are_utc_with_milliseconds() {
    let mut text = String::new();
    Clock.format_time(&mut Writer::new(&mut text)).unwrap();
    assert_eq!((text.len(), text.ends_with('Z')), ("2026-01-02T03:04:05.678Z".len(), true), "{text}");
}
