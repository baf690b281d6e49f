//! A table of runs for spreadsheets: a header and one line for each run (RFC 4180).

use serde_json::Value;

use crate::sample::Sample;

/// The columns by their names in JSON.
const COLUMNS: [&str; 28] = [
    "operation",
    "profile",
    "size",
    "issuer",
    "subject",
    "circuit",
    "wire",
    "client",
    "lane",
    "concurrency",
    "window",
    "connections",
    "threads",
    "rate_per_s",
    "pin",
    "warm_up_s",
    "duration_s",
    "requests",
    "failed",
    "not_begun",
    "throughput_per_s",
    "latency_us.p50",
    "latency_us.p90",
    "latency_us.p99",
    "latency_us.p99_9",
    "latency_us.max",
    "server_cpu_us_per_call",
    "client_cpu_us_per_call",
];

/// Returns the header of a table of runs, as a line.
pub fn header() -> String {
    line(COLUMNS.map(str::to_owned))
}

/// Returns the line of one run.
pub fn row(sample: &Sample) -> String {
    let mut run = sample.to_json();
    run.insert("failed".to_owned(), sample.failed().into());
    let run = Value::Object(run);
    line(COLUMNS.map(|name| cell(name.split('.').try_fold(&run, |value, part| value.get(part)))))
}

/// Returns a JSON value as a cell of the table; an absent one is empty.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// Joins cells to a line, with quotes around those that need them.
pub(crate) fn line(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    cells.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_cells_with_commas_and_quotes() {
        assert_eq!(
            line(["a".into(), "b=1,c=2".into(), "say \"no\"".into()]),
            "a,\"b=1,c=2\",\"say \"\"no\"\"\"\n"
        );
    }
}
