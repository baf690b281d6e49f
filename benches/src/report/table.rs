//! The report as text.

use comfy_table::{CellAlignment, Table, presets};

use super::measurements::{Report, Row};
use crate::{allocations::Counted, published, suite::Mode};

/// The text of a cell that was not measured.
pub(super) const MISSING: &str = "–";

/// Returns the tables, with a heading for each.
pub fn tables(report: &Report) -> String {
    let machine = &report.machine;
    let load = machine.load.map_or_else(|| MISSING.to_owned(), |load| format!("{load:.1}"));
    let mut text = format!(
        "Crypto Broker {} on {}, {} cores, Linux {}, {}, load {load}\n\n\
         Microseconds per call: the median of criterion's samples ({MISSING}: not measured; Go: {})\n\n{}\n\n\
         What a call costs\n\n{}\n",
        machine.version,
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine.crypto,
        published::SOURCE,
        latency(&report.rows),
        cost(&report.rows),
    );
    if let Some(kpi) = &report.kpi {
        let mebibytes =
            |bytes: Option<u64>| number(bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)), " MiB");
        text += &format!(
            "\nstart to first answered health check, median of 10   {:.1} ms\n\
             resident memory, idle                                {}\n\
             resident memory after {:<12}                  {}\n",
            kpi.start_ms,
            mebibytes(kpi.resident_idle),
            format!("{} calls", kpi.calls),
            mebibytes(kpi.resident_after),
        );
    }
    text
}

fn latency(rows: &[Row]) -> Table {
    let mut table = table(&[
        "id",
        "pure",
        "end to end",
        "difference",
        "ratio",
        "pinned",
        "ten at once",
        "pipeline",
        "Go: pure",
        "Go: one",
        "Go: ten",
    ]);
    for row in rows {
        let one = row.end_to_end.get(&Mode::One);
        let median = |mode| row.end_to_end.get(&mode).map(|one| one.estimate.median_ns / 1e3);
        table.add_row([
            row.id.clone(),
            number(row.pure.map(|pure| pure.median_ns / 1e3), ""),
            number(median(Mode::One), ""),
            number(one.and_then(|one| one.difference_us), ""),
            number(one.and_then(|one| one.ratio), "×"),
            number(median(Mode::Pinned), ""),
            number(median(Mode::Ten), ""),
            number(median(Mode::Pipeline), ""),
            number(row.go.pure_us, ""),
            number(row.go.one_us, ""),
            number(row.go.ten_us, ""),
        ]);
    }
    aligned(table)
}

fn cost(rows: &[Row]) -> Table {
    let mut table = table(&[
        "id",
        "calls/s, one",
        "ten",
        "pipeline",
        "server CPU µs, one",
        "pinned",
        "ten",
        "pipeline",
        "server allocations",
        "bytes",
        "client allocations",
        "bytes",
    ]);
    for row in rows {
        let rate = |mode| row.end_to_end.get(&mode).map(|done| done.per_second);
        let cpu = |mode| number(row.end_to_end.get(&mode).and_then(|done| done.server_cpu_us), "");
        let count = |of: fn(&Counted) -> f64| {
            let unary = row.allocations.iter().find(|counted| counted.lane == "unary");
            unary.map_or_else(|| MISSING.to_owned(), |counted| format!("{:.0}", of(counted)))
        };
        table.add_row([
            row.id.clone(),
            number(rate(Mode::One), ""),
            number(rate(Mode::Ten), ""),
            number(rate(Mode::Pipeline), ""),
            cpu(Mode::One),
            cpu(Mode::Pinned),
            cpu(Mode::Ten),
            cpu(Mode::Pipeline),
            count(|counted| counted.server.count),
            count(|counted| counted.server.bytes),
            count(|counted| counted.client.count),
            count(|counted| counted.client.bytes),
        ]);
    }
    aligned(table)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table
}

/// Aligns the columns of numbers to the right.
fn aligned(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Returns a number with three significant digits, or [`MISSING`] where it was not measured.
pub(super) fn number(value: Option<f64>, unit: &str) -> String {
    let Some(value) = value else { return MISSING.to_owned() };
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$}{unit}")
}
