//! What the demo did, step by step, with the time of each.

use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::{
    error::Failure,
    output::{BAD, DIM, GOOD, HEAD, NOTE, Output, columns, wrapped},
};

const DONE: &str = "✓";

/// Is not ruled between rows: the steps are the picture.
const STYLE: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// What a reader may try now.
const NEXT: [(&str, &str); 5] = [
    ("cryptobroker-server", "start a broker that stays"),
    ("cryptobroker hash --text \"Hello, broker\"", "ask it for a hash"),
    ("cryptobroker kem keygen --help", "see how keys are made and kept"),
    ("cryptobroker profiles show Default", "see what a profile allows"),
    (
        "cryptobroker profiles explain --subject-key-type rsa-1024",
        "see what it would refuse, and by which rule",
    ),
];

/// The steps so far.
pub(super) struct Report {
    steps: Vec<Step>,
    refusal: Option<Failure>,
    spinner: Option<ProgressBar>,
}

struct Step {
    name: String,
    result: String,
    time: Duration,
    refused: bool,
}

/// A step that has begun.
pub(super) struct Clock {
    name: String,
    start: Instant,
}

impl Report {
    /// With a spinner where somebody watches.
    pub(super) fn new(watched: bool) -> Self {
        let spinner = watched.then(|| {
            let spinner = ProgressBar::new_spinner();
            spinner.enable_steady_tick(Duration::from_millis(80));
            spinner
        });
        Self { steps: Vec::new(), refusal: None, spinner }
    }

    /// Starts the clock.
    pub(super) fn begin(&mut self, name: &str) -> Clock {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(name.to_owned());
        }
        Clock { name: name.to_owned(), start: Instant::now() }
    }

    /// Stops it: the step is done.
    pub(super) fn end(&mut self, clock: Clock, result: &str) {
        self.push(clock, result, false);
    }

    /// Stops it: the step was refused, which it was meant to be.
    pub(super) fn refused(&mut self, clock: Clock, result: &str) {
        self.push(clock, result, true);
    }

    /// The refusal that is printed in full.
    pub(super) fn show(&mut self, refusal: Failure) {
        self.refusal = Some(refusal);
    }

    /// A step that waits for nobody.
    pub(super) fn step<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(T, String), Failure>,
    ) -> Result<T, Failure> {
        let clock = self.begin(name);
        let (value, result) = work()?;
        self.end(clock, &result);
        Ok(value)
    }

    fn push(&mut self, clock: Clock, result: &str, refused: bool) {
        let time = clock.start.elapsed();
        self.steps.push(Step { name: clock.name, result: result.to_owned(), time, refused });
    }

    /// The table, the refusal as a user would read it, and what to try next; or all of it as JSON.
    pub(super) fn print(self, output: &mut Output) -> Result<(), Failure> {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        if output.is_json() {
            return output.json(&self.to_json());
        }
        output.line(format!("\n{HEAD}Crypto Broker, in a minute{HEAD:#}\n"))?;
        for line in self.table().lines() {
            // The marks are coloured afterwards, so that the widths are counted without colours.
            output.line(line.replace(DONE, &format!("{GOOD}{DONE}{GOOD:#}")))?;
        }
        if let Some(refusal) = &self.refusal {
            output.line(format!("\n{HEAD}A refusal reads like this{HEAD:#}"))?;
            for (number, line) in wrapped(&refusal.to_string(), 9).into_iter().enumerate() {
                let head = if number == 0 { "error:" } else { "" };
                output.line(format!("  {BAD}{head:6}{BAD:#} {line}"))?;
            }
            for next in refusal.next() {
                for (number, line) in wrapped(&next, 6).into_iter().enumerate() {
                    let head = if number == 0 { "→" } else { "" };
                    output.line(format!("    {NOTE}{head:1}{NOTE:#} {line}"))?;
                }
            }
        }
        output.line(format!("\n{HEAD}Try next{HEAD:#}"))?;
        let width = NEXT.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let widest = NEXT.iter().map(|(_, why)| width + 4 + why.len()).max().unwrap_or(0);
        let beside = columns().is_none_or(|columns| columns >= widest);
        for (command, why) in NEXT {
            if beside {
                output.line(format!("  {command:width$}  {DIM}{why}{DIM:#}"))?;
            } else {
                output.line(format!("  {command}\n    {DIM}{why}{DIM:#}"))?;
            }
        }
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(STYLE).set_header(["", "step", "result", "time"]);
        for step in &self.steps {
            // A refusal that was meant to be is a step that worked.
            table.add_row([DONE, &step.name, &step.result, &time(step.time)]);
        }
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if let Some(columns) = columns() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
        }
        table.to_string()
    }

    fn to_json(&self) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "step": step.name,
                    "result": step.result,
                    "ok": true,
                    "refused": step.refused,
                    "microseconds": u64::try_from(step.time.as_micros()).unwrap_or(u64::MAX),
                })
            })
            .collect();
        let mut value = json!({ "ok": true, "steps": steps });
        if let (Some(refusal), Some(value)) = (&self.refusal, value.as_object_mut()) {
            value.insert("refusal".into(), refusal.to_json());
        }
        value
    }
}

/// Microseconds below a millisecond, milliseconds above.
fn time(time: Duration) -> String {
    let micros = time.as_micros();
    if micros < 1000 {
        format!("{micros} µs")
    } else {
        format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time(Duration::from_micros(999)), "999 µs");
        assert_eq!(time(Duration::from_micros(1_250)), "1.2 ms");
        assert_eq!(time(Duration::from_millis(31)), "31.0 ms");
    }
}
