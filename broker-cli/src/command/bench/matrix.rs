//! `bench matrix`: every cell is measured once before any is measured again, so that a machine that slows down
//! slows down for all of them; then the samples are summed up in one folder.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use broker_load::{
    Circuit, Generator, KeyType, Lane, LoadError, Operation, RunLength, Sample, Wire,
    matrix::{self, Cell, ResultsFolder, Row, Summary, median},
};
use clap::{Args, ValueHint, value_parser};
use comfy_table::{CellAlignment, Table};
use serde_json::{Map, Value, json};

use super::{
    generator::{generator, verdict},
    progress::BenchProgress,
    report::HEADING_RULE,
    run_args::DriverArgs,
};
use crate::{
    args::duration,
    broker::Endpoint,
    error::{Exit, Failure},
    json,
    output::{BAD, DIM, HEAD, Output},
    runtime::{Interruption, block_on},
};

/// The parameters of `--quick`.
const QUICK_REPEATS: u32 = 3;
const QUICK_OPERATIONS: [Operation; 2] = [Operation::HashData, Operation::SignCertificate];
const QUICK_CONCURRENCY: [u32; 3] = [1, 8, 64];
const QUICK_DURATION: Duration = Duration::from_millis(1200);
const QUICK_WARM_UP: Duration = Duration::from_millis(200);

/// Measure every combination of operations, parameters, concurrency and lanes into one folder
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Leaves in one folder: samples.jsonl (every run, as `bench --output json` prints it), summary.csv and summary.md (medians over
the repeats), charts (SVG) of throughput and latency for each operation, and machine.json. All cells are measured once before
any is measured again, so that a machine that slows down slows down for all of them.

Examples:
  cryptobroker bench matrix --quick
  cryptobroker bench matrix --operations hash-data,sign-certificate --issuers p-384,p-521 --concurrency 1,2,4,8,16
  cryptobroker bench matrix --operations prove,verify --circuits multiply,cube_root,payment --concurrency 1,2,4,8
  cryptobroker bench matrix --operations hash-data --sizes 64,1024,16384 --lanes unary,pipeline --out results/sizes")]
pub(super) struct Matrix {
    /// The operations to call
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "hash-data,sign-certificate")]
    operations: Vec<Operation>,
    /// Profiles of all operations [default: for each one a bundled profile that has it]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    profiles: Vec<String>,
    /// How many bytes are hashed, signed, verified, encrypted or decrypted
    #[arg(long, value_name = "BYTES", value_delimiter = ',', default_value = "64")]
    #[arg(value_parser = value_parser!(u32).range(..=1 << 20))]
    sizes: Vec<u32>,
    /// The kinds of the CA's key for sign-certificate
    #[arg(long, value_name = "KEYS", value_delimiter = ',', default_value = "p-384")]
    issuers: Vec<KeyType>,
    /// The kind of the key that is certified
    #[arg(long, value_name = "KEY", default_value = "p-256")]
    subject: KeyType,
    /// The circuits for prove and verify
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "multiply")]
    circuits: Vec<Circuit>,
    /// How many callers there are
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    #[arg(value_parser = value_parser!(u32).range(1..=65_536))]
    concurrency: Vec<u32>,
    /// How requests travel [default: unary, with --quick both]
    #[arg(long, value_name = "LANES", value_delimiter = ',')]
    lanes: Vec<Lane>,
    /// How often each cell is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..=1000))]
    repeats: u32,
    /// For how long requests of one run are begun
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration, conflicts_with = "requests")]
    duration: Duration,
    /// How many requests one run sends, in place of a duration
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// A look in about a minute: hash-data and sign-certificate at three steps of concurrency, three short runs of each
    #[arg(long, conflicts_with_all = ["operations", "concurrency", "repeats", "duration", "requests", "warm_up"])]
    quick: bool,
    /// The folder for the results, which must be new or empty [default: results/matrix-TIME, in UTC]
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    #[command(flatten)]
    driver: DriverArgs,
}

impl Matrix {
    /// Measures all cells. What was measured is summed up in any case; a cell that failed makes the whole a failure.
    ///
    /// # Errors
    /// Fails where the options do not go together, where a cell fails, and where the results cannot be written.
    pub(super) fn run(&self, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
        self.check_duplicates().map_err(Failure::Usage)?;
        let cells = self.parameters()?.cells()?;
        let repeats = if self.quick { QUICK_REPEATS } else { self.repeats };
        block_on(async {
            let pin = self.driver.pin.as_ref().map(|pin| pin.0.as_slice());
            let mut generator = generator(endpoint, pin).await?;
            let mut folder = ResultsFolder::create(self.out.as_deref())?;
            let socket = generator.socket().to_owned();
            let machine = tokio::select! {
                () = generator.interrupted() => return Err(Failure::Interrupted),
                machine = describe_machine(Endpoint { socket: Some(socket), ..endpoint.clone() }) => machine,
            };
            folder.write("machine.json", &machine)?;
            let mut sweep = Sweep { cells: &cells, repeats, done: 0, failed: 0, began: Instant::now() };
            let outcome = sweep.run(&mut generator, &mut folder, output).await;
            let summary = Summary::new(&cells, folder.samples());
            folder.write("summary.csv", &summary.csv())?;
            folder.write("summary.md", &summary.markdown())?;
            for (name, chart) in matrix::charts(&summary)? {
                folder.write(&name, &chart)?;
            }
            if !output.is_json() {
                output.line(summary_text(&summary))?;
                output.line(format!(
                    "{HEAD}{}{HEAD:#}  {DIM}summary.md, charts, samples{DIM:#}",
                    folder.path().display()
                ))?;
            }
            outcome?;
            if sweep.failed > 0 {
                return Err(Failure::Reported(Exit::Failed));
            }
            Ok(())
        })
    }

    /// Returns the parameters that the options or `--quick` define.
    fn parameters(&self) -> Result<matrix::Matrix, LoadError> {
        let driver = &self.driver;
        let lanes = match (self.lanes.as_slice(), self.quick && driver.wire == Wire::V1) {
            ([], false) => vec![Lane::Unary],
            ([], true) => vec![Lane::Unary, Lane::Pipeline],
            (lanes, _) => lanes.to_vec(),
        };
        let parameters = matrix::Matrix {
            operations: self.operations.clone(),
            profiles: self.profiles.clone(),
            sizes: self.sizes.clone(),
            issuers: self.issuers.clone(),
            subject: self.subject,
            circuits: self.circuits.clone(),
            lanes,
            concurrency: self.concurrency.clone(),
            length: self.requests.map_or(RunLength::Duration(self.duration), RunLength::Requests),
            warm_up: driver.warm_up,
            wire: driver.wire,
            client: driver.client()?,
            connections: driver.connections,
            threads: driver.threads,
            pin: driver.pin.as_ref().map(|pin| pin.0.clone()),
        };
        Ok(match self.quick {
            false => parameters,
            true => matrix::Matrix {
                operations: QUICK_OPERATIONS.to_vec(),
                concurrency: QUICK_CONCURRENCY.to_vec(),
                length: RunLength::Duration(QUICK_DURATION),
                warm_up: QUICK_WARM_UP,
                ..parameters
            },
        })
    }

    /// Fails where a list has a value twice: it would be measured twice under one name.
    fn check_duplicates(&self) -> Result<(), String> {
        for (option, outcome) in [
            ("--operations", all_different(&self.operations)),
            ("--profiles", all_different(&self.profiles)),
            ("--sizes", all_different(&self.sizes)),
            ("--issuers", all_different(&self.issuers)),
            ("--circuits", all_different(&self.circuits)),
            ("--concurrency", all_different(&self.concurrency)),
            ("--lanes", all_different(&self.lanes)),
        ] {
            outcome.map_err(|mistake| format!("{option}: {mistake}"))?;
        }
        Ok(())
    }
}

fn all_different<T: PartialEq + fmt::Display>(values: &[T]) -> Result<(), String> {
    for (index, value) in values.iter().enumerate() {
        if values.iter().take(index).any(|earlier| earlier == value) {
            return Err(format!("`{value}` is given twice"));
        }
    }
    Ok(())
}

/// Returns the content of `machine.json`, with what the broker says about itself.
async fn describe_machine(endpoint: Endpoint) -> String {
    let mut machine = endpoint.socket.as_deref().map(matrix::facts).unwrap_or_default();
    // A broker of an older generation has no such call.
    if let Ok(client) = endpoint.client()
        && let Ok(info) = client.info().await
    {
        machine.insert("broker".to_owned(), json::info(&info));
    }
    format!("{:#}\n", Value::Object(machine))
}

/// All repeats of all cells.
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
        generator: &mut Generator<Interruption>,
        folder: &mut ResultsFolder,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let progress = BenchProgress::new(output);
        for repeat in 1..=self.repeats {
            for (index, cell) in self.cells.iter().enumerate() {
                progress.begin_run(self.heading(cell));
                let outcome = generator.run(cell.plan.clone(), &progress).await;
                // An incomplete run cannot be compared with any other.
                if matches!(&outcome, Ok(sample) if sample.interrupted) {
                    return Err(Failure::Interrupted);
                }
                let (mut line, failure) = to_line(cell, outcome)?;
                line.insert("cell".to_owned(), json!(index));
                line.insert("repeat".to_owned(), json!(repeat));
                let line = Value::Object(line);
                folder.add(&line)?;
                if output.is_json() {
                    output.json(&line)?;
                    output.flush()?;
                }
                if let Some(failure) = failure {
                    self.failed += 1;
                    progress.clear();
                    output.line_on_stderr(format!("{BAD}{}{BAD:#}: {failure}", cell.name()));
                }
                self.done += 1;
            }
        }
        Ok(())
    }

    /// Returns which run it is, and how long the rest will take.
    fn heading(&self, cell: &Cell) -> String {
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

/// The members that only a run that took place has.
const MEASURED: [&str; 6] = ["duration_s", "requests", "throughput_per_s", "latency_us", "samples", "errors"];

/// A line of `samples.jsonl`.
type Line = Map<String, Value>;

/// Returns the line of a run, and why it counts as failed. An interruption has no line.
fn to_line(cell: &Cell, outcome: Result<Sample, LoadError>) -> Result<(Line, Option<Failure>), Failure> {
    match outcome {
        Ok(sample) => Ok((sample.to_json(), verdict(&sample).err())),
        Err(LoadError::Interrupted) => Err(Failure::Interrupted),
        Err(error) => {
            let failure = Failure::from(error);
            let mut line = Sample::new(Arc::new(cell.plan.clone()))?.to_json();
            line.retain(|name, _| !MEASURED.contains(&name.as_str()));
            if let Value::Object(error) = failure.to_json() {
                line.extend(error);
            }
            Ok((line, Some(failure)))
        }
    }
}

/// Returns the main figures for a terminal: a table for each series, below its name, so that long names need no space beside
/// the figures.
fn summary_text(summary: &Summary<'_>) -> String {
    let mut text = String::new();
    let mut rest = summary.rows();
    while let Some(first) = rest.first() {
        let name = first.name();
        let (series, after) = rest.split_at(rest.iter().take_while(|row| row.name() == name).count());
        rest = after;
        text.push_str(&name);
        for line in series_table(series).lines() {
            text.push_str("\n ");
            text.push_str(line);
        }
        text.push_str("\n\n");
    }
    text.truncate(text.trim_end().len());
    text
}

fn series_table(rows: &[Row<'_>]) -> String {
    let mut table = Table::new();
    let head = ["callers", "requests/s", "p50 µs", "p99 µs", "broker µs", "errors"];
    table.load_style(HEADING_RULE).set_header(head);
    for row in rows {
        table.add_row([
            row.cell.concurrency.to_string(),
            median(row.throughput, 0),
            median(row.p50, 1),
            median(row.p99, 1),
            median(row.server_cpu, 2),
            row.errors(),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
