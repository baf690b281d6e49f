//! `bench`: a load generator for any running broker, and what it measured.

mod answer;
mod cpu;
mod generator;
mod matrix;
mod measure;
mod pace;
mod plan;
mod report;
mod sample;
mod sender;
mod table;
mod tally;
mod watch;
mod work;

use self::{measure::Bench, plan::Plan, sample::Sample, watch::Watch};
use crate::{
    args::{self, BenchCommand},
    broker::Endpoint,
    error::Failure,
    output::Output,
    repeat::block_on,
};

/// One run, or a matrix of them.
pub(super) fn run(args: args::Bench, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    if args.is_mixed_up() {
        return Err(Failure::usage(
            "the options of `matrix` stand behind it: see `cryptobroker bench matrix --help`".to_owned(),
        ));
    }
    match args.command {
        None => once(&args.run, &endpoint, output),
        Some(BenchCommand::Matrix(args)) => matrix::run(&args, &endpoint, output),
    }
}

/// What was measured is printed in any case; a run with errors is a failure all the same.
fn once(args: &args::Run, endpoint: &Endpoint, output: &mut Output) -> Result<(), Failure> {
    let plan = Plan::new(args)?;
    if let Some(path) = &args.csv {
        table::check(path)?;
    }
    let watch = Watch::new(output);
    let sample = block_on(async {
        let mut bench = Bench::new(endpoint, plan.pin.as_deref()).await?;
        bench.run(plan, &watch).await
    })?;
    // A result that nobody can read any longer is no reason to lose its line in the table.
    let printed = report::print(&sample, output);
    if let Some(path) = &args.csv {
        table::append(&sample, path)?;
    }
    printed?;
    verdict(&sample)
}

/// Whether all went well.
fn verdict(sample: &Sample) -> Result<(), Failure> {
    if sample.interrupted {
        return Err(Failure::Interrupted);
    }
    if sample.errors.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = sample.errors.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let text = format!("{} ({} of {})", counts.join(", "), sample.failed(), sample.requests());
    Err(match &sample.first_error {
        Some(error) => {
            Failure::local("not every request was answered", format!("{text}; the first: {error}"))
        }
        None => Failure::local("not every request was answered", text),
    })
}
