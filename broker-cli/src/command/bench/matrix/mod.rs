//! `bench matrix`: every cell is measured once, then every cell again, so that whatever changes meanwhile changes for
//! all of them; then everything is summed up in one folder.

mod cell;
mod folder;
mod machine;
mod plot;
mod summary;

use std::{sync::Arc, time::Instant};

use serde_json::{Map, Value, json};

use self::{cell::Cell, folder::Folder, summary::Summary};
use super::{measure::Bench, sample::Sample, verdict, watch::Watch};
use crate::{
    args,
    broker::Endpoint,
    error::{Exit, Failure},
    output::{BAD, DIM, HEAD, Output},
    repeat::block_on,
};

/// What was measured is summed up in any case; a cell that failed makes the whole a failure.
pub(super) fn run(args: &args::Matrix, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    args.check().map_err(Failure::Usage)?;
    let cells = cell::all(args)?;
    let repeats = if args.quick { cell::QUICK_REPEATS } else { args.repeats };
    block_on(async {
        let pin = args.driver.pin.as_ref().map(|pin| pin.0.as_slice());
        let mut bench = Bench::new(endpoint, pin).await?;
        let mut folder = Folder::new(args.out.as_deref())?;
        let machine = tokio::select! {
            () = bench.interruption.arrived() => return Err(Failure::Interrupted),
            machine = machine::describe(&bench.socket, endpoint) => machine,
        };
        folder.write("machine.json", &machine)?;
        let mut sweep = Sweep { cells: &cells, repeats, done: 0, failed: 0, began: Instant::now() };
        let outcome = sweep.run(&mut bench, &mut folder, output).await;
        let summary = Summary::new(&cells, folder.samples());
        folder.write("summary.csv", &summary.csv())?;
        folder.write("summary.md", &summary.markdown())?;
        for (name, chart) in plot::charts(&summary)? {
            folder.write(&name, &chart)?;
        }
        if !output.is_json() {
            output.line(summary.text())?;
            output.line(format!(
                "{HEAD}{}{HEAD:#}  {DIM}summary.md, charts, samples{DIM:#}",
                folder.path().display()
            ))?;
        }
        outcome?;
        if sweep.failed > 0 {
            return Err(Failure::Said(Exit::Failed));
        }
        Ok(())
    })
}

/// One way through all cells, as often as they are repeated.
struct Sweep<'a> {
    cells: &'a [Cell],
    repeats: u32,
    done: u32,
    failed: u32,
    began: Instant,
}

impl Sweep<'_> {
    async fn run(
        &mut self,
        bench: &mut Bench,
        folder: &mut Folder,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let watch = Watch::new(output);
        for repeat in 1..=self.repeats {
            for (number, cell) in self.cells.iter().enumerate() {
                watch.head(self.head(cell));
                let outcome = bench.run(cell.plan.clone(), &watch).await;
                if matches!(&outcome, Ok(sample) if sample.interrupted) {
                    // Half a run is comparable with nothing.
                    return Err(Failure::Interrupted);
                }
                let (mut line, failure) = told(cell, outcome)?;
                line.insert("cell".to_owned(), json!(number));
                line.insert("repeat".to_owned(), json!(repeat));
                let line = Value::Object(line);
                folder.add(&line)?;
                if output.is_json() {
                    output.json(&line)?;
                    output.flush()?;
                }
                if let Some(failure) = failure {
                    self.failed += 1;
                    watch.clear();
                    output.aside(format!("{BAD}{}{BAD:#}: {failure}", cell.name()));
                }
                self.done += 1;
            }
        }
        Ok(())
    }

    /// Where we are, and how long it still takes.
    fn head(&self, cell: &Cell) -> String {
        let all = u32::try_from(self.cells.len()).unwrap_or(u32::MAX).saturating_mul(self.repeats);
        let left = match self.done {
            0 => String::new(),
            done => {
                let left = self.began.elapsed().as_secs_f64() / f64::from(done) * f64::from(all - done);
                format!("  {}:{:02} left", left as u64 / 60, left as u64 % 60)
            }
        };
        format!("{}/{all}{left}  {}  ", self.done + 1, cell.name())
    }
}

/// What only a run that took place has.
const MEASURED: [&str; 6] = ["duration_s", "requests", "throughput_per_s", "latency_us", "samples", "errors"];

/// A line of `samples.jsonl`.
type Line = Map<String, Value>;

/// A run as such a line, and why it counts as failed. An interruption is no line.
fn told(cell: &Cell, outcome: Result<Sample, Failure>) -> Result<(Line, Option<Failure>), Failure> {
    match outcome {
        Ok(sample) => Ok((sample.to_json(), verdict(&sample).err())),
        Err(Failure::Interrupted) => Err(Failure::Interrupted),
        Err(failure) => {
            let mut line = Sample::new(Arc::new(cell.plan.clone()))?.to_json();
            line.retain(|name, _| !MEASURED.contains(&name.as_str()));
            if let Value::Object(error) = failure.to_json() {
                line.extend(error);
            }
            Ok((line, Some(failure)))
        }
    }
}
