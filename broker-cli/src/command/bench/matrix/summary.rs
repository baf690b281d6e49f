//! Medians over the repeats of each cell.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde_json::Value;

use super::cell::Cell;
use crate::{args::Operation, command::bench::table};

/// Ruled below the heading only.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// All cells that were measured.
pub(super) struct Summary<'a>(pub(super) Vec<Row<'a>>);

/// One of them.
pub(super) struct Row<'a> {
    pub(super) cell: &'a Cell,
    runs: usize,
    failed: usize,
    errors: u64,
    pub(super) throughput: Option<Spread>,
    pub(super) p50: Option<Spread>,
    p90: Option<Spread>,
    pub(super) p99: Option<Spread>,
    max: Option<Spread>,
    server_cpu: Option<Spread>,
    client_cpu: Option<Spread>,
    facts: Value,
}

/// The median of the repeats, and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least: *values.first()?, most: *values.last()? })
    }
}

impl<'a> Summary<'a> {
    /// Of the samples so far; a cell that has none is left out.
    pub(super) fn new(cells: &'a [Cell], samples: &[Value]) -> Self {
        let rows = cells.iter().enumerate().filter_map(|(number, cell)| {
            let own: Vec<&Value> = samples.iter().filter(|sample| sample["cell"] == number).collect();
            let facts = Value::clone(own.first()?);
            let good: Vec<&Value> =
                own.iter().copied().filter(|sample| sample.pointer("/latency_us/p50").is_some()).collect();
            let spread = |path: &str| {
                Spread::of(good.iter().filter_map(|sample| sample.pointer(path)?.as_f64()).collect())
            };
            let errors = |sample: &&Value| -> u64 {
                let counts = sample["errors"].as_object();
                counts.map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
            };
            Some(Row {
                cell,
                runs: own.len(),
                failed: own.len() - good.len(),
                errors: own.iter().map(errors).sum(),
                throughput: spread("/throughput_per_s"),
                p50: spread("/latency_us/p50"),
                p90: spread("/latency_us/p90"),
                p99: spread("/latency_us/p99"),
                max: spread("/latency_us/max"),
                server_cpu: spread("/server_cpu_us_per_call"),
                client_cpu: spread("/client_cpu_us_per_call"),
                facts,
            })
        });
        Self(rows.collect())
    }

    /// The operations, each once.
    pub(super) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for row in &self.0 {
            if !operations.contains(&row.cell.operation) {
                operations.push(row.cell.operation);
            }
        }
        operations
    }

    /// `summary.csv`.
    pub(super) fn csv(&self) -> String {
        let facts = [
            "operation",
            "profile",
            "size",
            "issuer",
            "subject",
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
        let mut text = table::csv(facts.iter().chain(&measured).map(|name| (*name).to_owned()));
        for row in &self.0 {
            let own = facts.iter().map(|name| table::cell(row.facts.get(*name)));
            let counts = [row.runs.to_string(), row.failed.to_string(), row.errors.to_string()];
            let plain = |value: Option<f64>| value.map(|value| format!("{value:.3}")).unwrap_or_default();
            let values = [
                row.throughput.map(|it| it.median),
                row.throughput.map(|it| it.least),
                row.throughput.map(|it| it.most),
                row.p50.map(|it| it.median),
                row.p50.map(|it| it.least),
                row.p50.map(|it| it.most),
                row.p90.map(|it| it.median),
                row.p99.map(|it| it.median),
                row.max.map(|it| it.median),
                row.server_cpu.map(|it| it.median),
                row.client_cpu.map(|it| it.median),
            ];
            text.push_str(&table::csv(own.chain(counts).chain(values.map(plain))));
        }
        text
    }

    /// `summary.md`, with the charts.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::from(
            "# Results\n\nMedians over the repeats, in brackets the least and the most. Latencies in microseconds; CPU in \
             microseconds per call. `machine.json` says what was measured on.\n",
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
                let _ = writeln!(text, "| {} |", row.cells().join(" | "));
            }
        }
        text
    }

    /// The most important of it for a terminal: a table for each series, below its name, so that long names need no room
    /// beside the figures.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.0.as_slice();
        while let Some(first) = rest.first() {
            let name = first.name();
            let (series, after) = rest.split_at(rest.iter().take_while(|row| row.name() == name).count());
            rest = after;
            text.push_str(&name);
            for line in figures(series).lines() {
                text.push_str("\n ");
                text.push_str(line);
            }
            text.push_str("\n\n");
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn figures(rows: &[Row<'_>]) -> String {
    let mut table = Table::new();
    let head = ["callers", "requests/s", "p50 µs", "p99 µs", "broker µs", "errors"];
    table.load_style(STYLE).set_header(head);
    for row in rows {
        table.add_row([
            row.cell.concurrency.to_string(),
            number(row.throughput, 0),
            number(row.p50, 1),
            number(row.p99, 1),
            number(row.server_cpu, 2),
            row.troubles(),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

impl Row<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.cell.operation, self.cell.series)
    }

    fn cells(&self) -> [String; 10] {
        let wide = |it: Option<Spread>, digits: usize| match it {
            Some(it) => format!("{:.digits$} ({:.digits$}–{:.digits$})", it.median, it.least, it.most),
            None => number(None, digits),
        };
        [
            in_markdown(&self.cell.series),
            self.cell.concurrency.to_string(),
            wide(self.throughput, 0),
            wide(self.p50, 1),
            number(self.p90, 1),
            number(self.p99, 1),
            number(self.max, 1),
            number(self.server_cpu, 2),
            number(self.client_cpu, 2),
            self.troubles(),
        ]
    }

    fn troubles(&self) -> String {
        match self.failed {
            0 => self.errors.to_string(),
            failed => format!("{} ({failed} of {} runs failed)", self.errors, self.runs),
        }
    }
}

/// As a cell of a table: a profile is called as its document likes.
fn in_markdown(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// The median, or that there is none.
fn number(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(|| "-".to_owned(), |it| format!("{:.digits$}", it.median))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(Spread::of(Vec::new()), None);
        let spread = |values: &[f64]| Spread::of(values.to_vec()).map(|it| (it.least, it.median, it.most));
        assert_eq!(spread(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(spread(&[9.0, 1.0, 2.0]), Some((1.0, 2.0, 9.0)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some((1.0, 3.0, 9.0)));
    }
}
