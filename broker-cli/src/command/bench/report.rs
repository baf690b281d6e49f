//! A run for people.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use hdrhistogram::Histogram;
use serde_json::Value;

use super::{
    plan::{Plan, Shape},
    sample::{QUANTILES, Sample, micros},
};
use crate::{
    args::Lane,
    error::Failure,
    output::{BAD, DIM, HEAD, NOTE, Output, columns, wrapped},
};

/// Ruled below the heading only, as narrow as it can be.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Prints it.
pub(super) fn print(sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&Value::Object(sample.to_json()));
    }
    let (mix, manner) = (sample.plan.mix.to_string(), manner(&sample.plan));
    if columns().is_none_or(|columns| columns >= mix.len() + 2 + manner.len()) {
        output.line(format!("{HEAD}{mix}{HEAD:#}  {DIM}{manner}{DIM:#}"))?;
    } else {
        output.line(format!("{HEAD}{mix}{HEAD:#}"))?;
        for line in wrapped(&manner, 2) {
            output.line(format!("  {DIM}{line}{DIM:#}"))?;
        }
    }
    output.line("")?;
    let line = |name: &str, value: String| format!("  {name:<12} {value}");
    let below = format!("\n{:15}", "");
    let answered =
        format!("{} answers in {:.2} s", grouped(sample.answered()), sample.elapsed().as_secs_f64());
    output.line(line(
        "throughput",
        format!("{}/s  {DIM}{answered}{DIM:#}", grouped(sample.throughput() as u64)),
    ))?;
    let server = sample.server_cpu().map_or_else(
        || {
            let why = "cannot be read: its process belongs to somebody else, or runs in another container";
            wrapped(why, 15).join(&below)
        },
        |time| format!("{time:.2} µs CPU per call"),
    );
    output.line(line("broker", server))?;
    if let Some(time) = sample.client_cpu() {
        output.line(line("this program", format!("{time:.2} µs CPU per call")))?;
    }
    for (name, count) in &sample.errors {
        output.line(line("errors", format!("{BAD}{}{BAD:#} {name}", grouped(*count))))?;
    }
    if let Some(missed @ 1..) = sample.not_begun() {
        let text = format!(
            "{} requests were due and never begun: the broker, or this machine, is slower than --rate",
            grouped(missed)
        );
        output.line(line("not begun", format!("{NOTE}{}{NOTE:#}", wrapped(&text, 15).join(&below))))?;
    }
    output.line("")?;
    for row in table(sample).lines() {
        output.line(format!("  {row}"))?;
    }
    Ok(())
}

/// How it was sent, in a few words.
fn manner(plan: &Plan) -> String {
    let who = match plan.shape {
        Shape::Callers(1) => "1 caller".to_owned(),
        Shape::Callers(callers) => format!("{callers} callers"),
        Shape::Window(window) => format!("a window of {window}"),
    };
    let connections = match plan.connections {
        1 => "1 connection".to_owned(),
        many => format!("{many} connections"),
    };
    let lane = match plan.lane {
        Lane::Unary => "unary",
        Lane::Pipeline => "pipeline",
    };
    let rate = plan.rate.map(|rate| format!(", {rate}/s due")).unwrap_or_default();
    format!("{} {lane}, {who} on {connections}{rate}, by the {}", plan.wire, plan.client)
}

/// The columns below which the table has fewer quantiles.
const WIDE: usize = 80;

/// Latencies in microseconds, of each operation of a mix too.
fn table(sample: &Sample) -> String {
    let mut table = Table::new();
    let names = quantiles().into_iter().map(|(name, _)| name.replace('_', "."));
    let head = ["latency, µs".to_owned(), "min".to_owned()].into_iter().chain(names);
    table.load_style(STYLE).set_header(head.chain(["max".to_owned()]));
    if sample.plan.items.len() > 1 {
        for (item, latencies) in sample.by_item() {
            table.add_row(row(&item.operation.to_string(), latencies));
        }
        table.add_row(row("all", sample.latencies()));
    } else {
        table.add_row(row(&sample.plan.mix.to_string(), sample.latencies()));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// The quantiles that the terminal has room for.
fn quantiles() -> Vec<(&'static str, f64)> {
    let wide = columns().is_none_or(|columns| columns >= WIDE);
    QUANTILES.into_iter().filter(|(name, _)| wide || matches!(*name, "p50" | "p99")).collect()
}

fn row(name: &str, latencies: &Histogram<u64>) -> Vec<String> {
    let show = |nanos: u64| match micros(nanos) {
        _ if latencies.is_empty() => "-".to_owned(),
        // There are three digits, and tenths of many thousands are none of them.
        micros if micros >= 10_000.0 => format!("{micros:.0}"),
        micros => format!("{micros:.1}"),
    };
    let mut cells = vec![name.to_owned(), show(latencies.min())];
    cells.extend(quantiles().into_iter().map(|(_, quantile)| show(latencies.value_at_quantile(quantile))));
    cells.push(show(latencies.max()));
    cells
}

/// Thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
