//! `bench`: measures a running broker with the load generator.

mod csv_file;
mod generator;
mod matrix;
mod progress;
mod report;
mod run_args;

use clap::{Args, FromArgMatches as _, Subcommand};

use self::{generator::generator, matrix::Matrix, progress::BenchProgress, run_args::RunArgs};
use super::run::{Context, Run};
use crate::{broker::Endpoint, error::Failure, output::Output, runtime::block_on};

/// Put load on a broker and measure latency, throughput and what a call costs
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
A caller sends, waits for its answer and sends again. --concurrency is the number of callers; --window is the number of
requests that one caller keeps in flight in the pipeline; --rate says when each request is due, and its latency counts from
then, so that a broker that falls behind cannot hide it.

Examples:
  cryptobroker bench --operation hash-data --size 64 --concurrency 64 --duration 5s
  cryptobroker bench --operation hash-data --lane pipeline --window 1024 --json
  cryptobroker bench --operation hash-data=9,sign-data=1 --rate 2000 --concurrency 32
  cryptobroker bench --operation sign-certificate --issuer p-521 --csv runs.csv
  cryptobroker bench --operation prove --circuit payment --concurrency 2
  cryptobroker bench --operation hash-data --wire g3 --socket /run/other-broker.sock
  cryptobroker bench matrix --quick")]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: Option<BenchCommand>,
    #[command(flatten)]
    run: RunArgs,
}

/// The subcommands of `bench`.
#[derive(Clone, Debug, Subcommand)]
enum BenchCommand {
    Matrix(Matrix),
}

impl Run for Bench {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        match self.command {
            None => run_once(&self.run, &context.endpoint, output),
            // clap's own rule against options before the subcommand would refuse the global ones, too.
            Some(_) if !is_default(&self.run) => Err(Failure::usage(
                "the options of `matrix` must follow it: see `cryptobroker bench matrix --help`".to_owned(),
            )),
            Some(BenchCommand::Matrix(matrix)) => matrix.run(&context.endpoint, output),
        }
    }
}

/// Reports whether no option of a single run was given.
fn is_default(run: &RunArgs) -> bool {
    let command = RunArgs::augment_args(clap::Command::new("bench"));
    let matches = command.try_get_matches_from(["bench"]);
    matches.and_then(|matches| RunArgs::from_arg_matches(&matches)).is_ok_and(|default| default == *run)
}

/// Runs once. The result is printed in any case; a run with errors is a failure all the same.
fn run_once(args: &RunArgs, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    let plan = args.plan()?;
    if let Some(path) = &args.csv {
        csv_file::check(path)?;
    }
    let progress = BenchProgress::new(output);
    let sample = block_on(async {
        let mut generator = generator(endpoint, plan.pin.as_deref()).await?;
        Ok(generator.run(plan, &progress).await?)
    })?;
    // The line is added to the table even where the result cannot be printed.
    let printed = report::print(&sample, output);
    if let Some(path) = &args.csv {
        csv_file::append(&sample, path)?;
    }
    printed?;
    generator::verdict(&sample)
}
