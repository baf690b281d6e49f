//! The steps of the demo with their results and times.

use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::{
    error::Failure,
    output::{BAD, DIM, GOOD, HEAD, NOTE, Output, wrapped},
    terminal,
};

/// The template of the spinner, with the step that runs.
const SPINNER: &str = "{spinner} {wide_msg}";
const DONE: &str = "✓";

/// Lines below the heading and below the table only.
const STYLE: TableStyle = TableStyle::new()
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Commands to try next, with their purpose.
const NEXT_COMMANDS: [(&str, &str); 5] = [
    ("cryptobroker-server", "start a permanent broker"),
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
    /// Returns an empty report, with a spinner where one is wanted.
    pub(super) fn new(has_spinner: bool) -> Self {
        let spinner = has_spinner.then(|| {
            let spinner = ProgressBar::with_draw_target(None, terminal::progress_target());
            // The template is a constant, and a test parses it.
            if let Ok(style) = ProgressStyle::with_template(SPINNER) {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(Duration::from_millis(80));
            spinner
        });
        Self { steps: Vec::new(), refusal: None, spinner }
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, name: &str) -> Clock {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(name.to_owned());
        }
        Clock { name: name.to_owned(), start: Instant::now() }
    }

    /// Ends a step.
    pub(super) fn end(&mut self, clock: Clock, result: &str) {
        self.push(clock, result, false);
    }

    /// Ends a step that was refused, as it was meant to be.
    pub(super) fn end_refused(&mut self, clock: Clock, result: &str) {
        self.push(clock, result, true);
    }

    /// Sets the refusal that is printed in full.
    pub(super) fn set_refusal(&mut self, refusal: Failure) {
        self.refusal = Some(refusal);
    }

    /// Runs a synchronous step.
    ///
    /// # Errors
    /// Fails as `work` does.
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

    /// Prints the table, the refusal as a user would read it, and what to try next; or all of it as JSON.
    ///
    /// # Errors
    /// Fails where standard output cannot be written.
    pub(super) fn print(self, output: &mut Output) -> Result<(), Failure> {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        if output.is_json() {
            return output.json(&self.to_json());
        }
        output.line(format!("\n{HEAD}Crypto Broker, in a minute{HEAD:#}\n"))?;
        for line in self.table().lines() {
            // The marks are coloured afterwards: the table counts the codes of colours as columns.
            output.line(line.replace(DONE, &format!("{GOOD}{DONE}{GOOD:#}")))?;
        }
        if let Some(refusal) = &self.refusal {
            output.line(format!("\n{HEAD}A refusal reads like this{HEAD:#}"))?;
            for (number, line) in wrapped(&refusal.to_string(), 9).into_iter().enumerate() {
                let head = if number == 0 { "error:" } else { "" };
                output.line(format!("  {BAD}{head:6}{BAD:#} {line}"))?;
            }
            for hint in refusal.hints() {
                for (number, line) in wrapped(&hint, 6).into_iter().enumerate() {
                    let head = if number == 0 { "→" } else { "" };
                    output.line(format!("    {NOTE}{head:1}{NOTE:#} {line}"))?;
                }
            }
        }
        output.line(format!("\n{HEAD}Try next{HEAD:#}"))?;
        let width = NEXT_COMMANDS.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
        let widest = NEXT_COMMANDS.iter().map(|(_, purpose)| width + 4 + purpose.len()).max().unwrap_or(0);
        let is_wide = terminal::stdout_columns().is_none_or(|columns| columns >= widest);
        for (command, purpose) in NEXT_COMMANDS {
            if is_wide {
                output.line(format!("  {command:width$}  {DIM}{purpose}{DIM:#}"))?;
            } else {
                output.line(format!("  {command}\n    {DIM}{purpose}{DIM:#}"))?;
            }
        }
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(STYLE).set_header(["", "step", "result", "time"]);
        for step in &self.steps {
            // An expected refusal is a successful step.
            table.add_row([DONE, &step.name, &step.result, &time(step.time)]);
        }
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if let Some(columns) = terminal::stdout_columns() {
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

/// Returns microseconds below a millisecond, and milliseconds above.
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
    fn the_template_parses() {
        assert!(ProgressStyle::with_template(SPINNER).is_ok());
    }

    #[test]
    fn times_have_a_fitting_unit() {
        assert_eq!(time(Duration::from_micros(999)), "999 µs");
        assert_eq!(time(Duration::from_micros(1_250)), "1.2 ms");
        assert_eq!(time(Duration::from_millis(31)), "31.0 ms");
    }
}
