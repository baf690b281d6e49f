//! Medians over the repeats of each cell.

use std::fmt::Write as _;

use serde_json::Value;

use super::cell::Cell;
use crate::{csv, operation::Operation};

/// The cells that were measured.
#[derive(Debug)]
pub struct Summary<'a>(Vec<Row<'a>>);

/// A cell with the medians over its runs; `None` where no run was answered.
#[derive(Debug)]
pub struct Row<'a> {
    /// The cell.
    pub cell: &'a Cell,
    runs: usize,
    failed: usize,
    errors: u64,
    /// Requests answered each second.
    pub throughput: Option<Spread>,
    /// The median latency in microseconds.
    pub p50: Option<Spread>,
    p90: Option<Spread>,
    /// The 99th percentile of the latency in microseconds.
    pub p99: Option<Spread>,
    max: Option<Spread>,
    /// The broker's processor time for each call in microseconds.
    pub server_cpu: Option<Spread>,
    client_cpu: Option<Spread>,
    parameters: Value,
}

/// The median of the repeats with the minimum and the maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The minimum.
    pub min: f64,
    /// The maximum.
    pub max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), min: *values.first()?, max: *values.last()? })
    }
}

impl<'a> Summary<'a> {
    /// Sums up the samples so far. A cell without a sample is left out.
    pub fn new(cells: &'a [Cell], samples: &[Value]) -> Self {
        let rows = cells.iter().enumerate().filter_map(|(index, cell)| {
            let own: Vec<&Value> = samples.iter().filter(|sample| sample["cell"] == index).collect();
            let parameters = Value::clone(own.first()?);
            let answered: Vec<&Value> =
                own.iter().copied().filter(|sample| sample.pointer("/latency_us/p50").is_some()).collect();
            let spread = |path: &str| {
                Spread::of(answered.iter().filter_map(|sample| sample.pointer(path)?.as_f64()).collect())
            };
            let errors = |sample: &&Value| -> u64 {
                let counts = sample["errors"].as_object();
                counts.map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
            };
            Some(Row {
                cell,
                runs: own.len(),
                failed: own.len() - answered.len(),
                errors: own.iter().map(errors).sum(),
                throughput: spread("/throughput_per_s"),
                p50: spread("/latency_us/p50"),
                p90: spread("/latency_us/p90"),
                p99: spread("/latency_us/p99"),
                max: spread("/latency_us/max"),
                server_cpu: spread("/server_cpu_us_per_call"),
                client_cpu: spread("/client_cpu_us_per_call"),
                parameters,
            })
        });
        Self(rows.collect())
    }

    /// Returns the rows in the order of the cells.
    pub fn rows(&self) -> &[Row<'a>] {
        &self.0
    }

    /// Returns the operations, each once.
    pub fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for row in &self.0 {
            if !operations.contains(&row.cell.operation) {
                operations.push(row.cell.operation);
            }
        }
        operations
    }

    /// Returns the content of `summary.csv`.
    pub fn csv(&self) -> String {
        let parameters = [
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
            "connections",
            "threads",
        ];
        let measured = [
            "runs",
            "runs_failed",
            "errors",
            "throughput_per_s",
            "throughput_min",
            "throughput_max",
            "p50_us",
            "p50_min",
            "p50_max",
            "p90_us",
            "p99_us",
            "max_us",
            "server_cpu_us_per_call",
            "client_cpu_us_per_call",
        ];
        let mut text = csv::line(parameters.iter().chain(&measured).map(|name| (*name).to_owned()));
        for row in &self.0 {
            let own = parameters.iter().map(|name| csv::cell(row.parameters.get(*name)));
            let counts = [row.runs.to_string(), row.failed.to_string(), row.errors.to_string()];
            let middle = |spread: Option<Spread>| spread.map(|spread| spread.median);
            let values = [
                middle(row.throughput),
                row.throughput.map(|spread| spread.min),
                row.throughput.map(|spread| spread.max),
                middle(row.p50),
                row.p50.map(|spread| spread.min),
                row.p50.map(|spread| spread.max),
                middle(row.p90),
                middle(row.p99),
                middle(row.max),
                middle(row.server_cpu),
                middle(row.client_cpu),
            ];
            let plain = |value: Option<f64>| value.map(|value| format!("{value:.3}")).unwrap_or_default();
            text.push_str(&csv::line(own.chain(counts).chain(values.map(plain))));
        }
        text
    }

    /// Returns the content of `summary.md`, which refers to the charts.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Results\n\nMedians over the repeats, with the minimum and the maximum in brackets. Latencies in microseconds; \
             CPU in microseconds per call. `machine.json` describes the machine.\n",
        );
        for operation in self.operations() {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n## {operation}\n\n![Throughput](throughput-{operation}.svg)\n\n![Latency](latency-{operation}.svg)\n\n"
            );
            text.push_str(
                "| | callers | requests/s | p50 | p90 | p99 | max | broker CPU | client CPU | errors |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            );
            for row in self.0.iter().filter(|row| row.cell.operation == operation) {
                let _ = writeln!(text, "| {} |", row.markdown_cells().join(" | "));
            }
        }
        text
    }
}

impl Row<'_> {
    /// Returns operation and series, which rows that differ in nothing but concurrency have in common.
    pub fn name(&self) -> String {
        format!("{} {}", self.cell.operation, self.cell.series)
    }

    /// Returns the number of errors, and how many runs failed where some did.
    pub fn errors(&self) -> String {
        match self.failed {
            0 => self.errors.to_string(),
            failed => format!("{} ({failed} of {} runs failed)", self.errors, self.runs),
        }
    }

    fn markdown_cells(&self) -> [String; 10] {
        let with_range = |spread: Option<Spread>, digits: usize| match spread {
            Some(Spread { median, min, max }) => {
                format!("{median:.digits$} ({min:.digits$}–{max:.digits$})")
            }
            None => median(None, digits),
        };
        [
            escape_markdown(&self.cell.series),
            self.cell.concurrency.to_string(),
            with_range(self.throughput, 0),
            with_range(self.p50, 1),
            median(self.p90, 1),
            median(self.p99, 1),
            median(self.max, 1),
            median(self.server_cpu, 2),
            median(self.client_cpu, 2),
            self.errors(),
        ]
    }
}

/// Escapes a text for a cell of a table: a document may call a profile anything.
fn escape_markdown(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// Returns the median with this many digits after the decimal point, or `-` where nothing was measured.
pub fn median(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(|| "-".to_owned(), |spread| format!("{:.digits$}", spread.median))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_has_median_minimum_and_maximum() {
        assert_eq!(Spread::of(Vec::new()), None);
        let spread = |values: &[f64]| {
            Spread::of(values.to_vec()).map(|spread| (spread.min, spread.median, spread.max))
        };
        assert_eq!(spread(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(spread(&[9.0, 1.0, 2.0]), Some((1.0, 2.0, 9.0)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some((1.0, 3.0, 9.0)));
    }
}
