//! The result of a run as text.

use broker_load::{Concurrency, Histogram, Lane, Plan, QUANTILES, Sample, micros};
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde_json::Value;

use crate::{
    error::Failure,
    output::{BAD, DIM, HEAD, NOTE, Output, count, wrapped},
    terminal::stdout_columns,
};

/// A table with a line below its heading only.
pub(super) const HEADING_RULE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Prints the result of a run.
///
/// # Errors
/// Fails where standard output cannot be written.
pub(super) fn print(sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&Value::Object(sample.to_json()));
    }
    let (mix, summary) = (sample.plan.mix.to_string(), plan_summary(&sample.plan));
    if stdout_columns().is_none_or(|columns| columns >= mix.len() + 2 + summary.len()) {
        output.line(format!("{HEAD}{mix}{HEAD:#}  {DIM}{summary}{DIM:#}"))?;
    } else {
        output.line(format!("{HEAD}{mix}{HEAD:#}"))?;
        for line in wrapped(&summary, 2) {
            output.line(format!("  {DIM}{line}{DIM:#}"))?;
        }
    }
    output.line("")?;
    let line = |name: &str, value: String| format!("  {name:<12} {value}");
    let continuation = format!("\n{:15}", "");
    let answered =
        format!("{} in {:.2} s", grouped_count(sample.answered(), "answer"), sample.elapsed().as_secs_f64());
    output.line(line(
        "throughput",
        format!("{}/s  {DIM}{answered}{DIM:#}", grouped(sample.throughput() as u64)),
    ))?;
    let server = sample.server_cpu().map_or_else(
        || {
            let reason = "cannot be read: its process belongs to another user, or runs in another container";
            wrapped(reason, 15).join(&continuation)
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
    if let Some(not_begun @ 1..) = sample.not_begun() {
        let text = format!(
            "{} not begun when due: the broker or this machine is slower than --rate",
            grouped_count(not_begun, "request")
        );
        output
            .line(line("not begun", format!("{NOTE}{}{NOTE:#}", wrapped(&text, 15).join(&continuation))))?;
    }
    output.line("")?;
    for row in table(sample).lines() {
        output.line(format!("  {row}"))?;
    }
    let figures = sample.proof_figures();
    if !figures.is_empty() {
        output.line("")?;
        for row in figures_table(&figures).lines() {
            output.line(format!("  {row}"))?;
        }
    }
    Ok(())
}

/// Returns in a few words how requests were sent.
fn plan_summary(plan: &Plan) -> String {
    let callers = match plan.concurrency {
        Concurrency::Callers(1) => "1 caller".to_owned(),
        Concurrency::Callers(callers) => format!("{callers} callers"),
        Concurrency::Window(window) => format!("a window of {window}"),
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
    format!("{} {lane}, {callers} on {connections}{rate}, by the {}", plan.wire, plan.client)
}

/// The minimum width of a terminal for all quantiles.
const MIN_ALL_QUANTILES: usize = 80;

/// Returns the latencies in microseconds; of a mix also those of each operation.
fn table(sample: &Sample) -> String {
    let mut table = Table::new();
    let names = quantiles().into_iter().map(|(name, _)| name.replace('_', "."));
    let head = ["latency, µs".to_owned(), "min".to_owned()].into_iter().chain(names);
    table.load_style(HEADING_RULE).set_header(head.chain(["max".to_owned()]));
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

/// Returns where the time of proofs went, by the figures in their answers. Each is a median of its own, so that they do not
/// add up exactly.
fn figures_table(figures: &[(&str, u64)]) -> String {
    let mut table = Table::new();
    table.load_style(HEADING_RULE).set_header(["proof", "median, µs"]);
    for (name, nanos) in figures {
        table.add_row([name.replace('_', " "), shown(*nanos)]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// Returns the quantiles that fit on the terminal.
fn quantiles() -> Vec<(&'static str, f64)> {
    let is_wide = stdout_columns().is_none_or(|columns| columns >= MIN_ALL_QUANTILES);
    QUANTILES.into_iter().filter(|(name, _)| is_wide || matches!(*name, "p50" | "p99")).collect()
}

fn row(name: &str, latencies: &Histogram<u64>) -> Vec<String> {
    let show = |nanos: u64| if latencies.is_empty() { "-".to_owned() } else { shown(nanos) };
    let mut cells = vec![name.to_owned(), show(latencies.min())];
    cells.extend(quantiles().into_iter().map(|(_, quantile)| show(latencies.value_at_quantile(quantile))));
    cells.push(show(latencies.max()));
    cells
}

/// Returns nanoseconds as microseconds. The histogram has three significant digits.
fn shown(nanos: u64) -> String {
    match micros(nanos) {
        micros if micros >= 10_000.0 => format!("{micros:.0}"),
        micros => format!("{micros:.1}"),
    }
}

/// Returns a number with its noun and with commas between groups of thousands.
fn grouped_count(number: u64, noun: &str) -> String {
    count(number, noun).replacen(&number.to_string(), &grouped(number), 1)
}

/// Returns a number with commas between groups of thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
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
    fn numbers_have_commas_between_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!([1, 1000].map(|n| grouped_count(n, "answer")), ["1 answer", "1,000 answers"]);
    }
}
