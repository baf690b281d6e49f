//! Measures the difference between the cryptography and a call for it: runs both suites, counts allocations, measures the key
//! figures of the server, and prints all of it side by side. `docs/performance.md` explains the report.

#![forbid(unsafe_code)]

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use broker_benches::{
    Failure,
    allocations::Counted,
    in_process::InProcess,
    kpi,
    report::{Report, page, tables, write_chart},
    scenario::Scenario,
    scenarios, server,
    suite::{END_TO_END, Mode, PURE, estimates_folder},
};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

/// Measures what a call costs besides its cryptography.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only scenarios with this in their id
    filter: Option<String>,
    /// About a minute: few and short samples, and nothing that takes long; the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// More than half an hour: criterion's hundred samples of everything
    #[arg(long)]
    full: bool,
    /// Measures nothing, and reports what the suites have left in target/criterion
    #[arg(long, conflicts_with_all = ["quick", "full"])]
    report_only: bool,
    /// Takes the times that the suites have left in target/criterion, and measures only the rest
    #[arg(long, conflicts_with = "report_only")]
    keep_times: bool,
    /// How the report is printed
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    /// Where the chart goes [default: target/criterion/overhead.svg]
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Writes this run into a page like docs/performance.md, and its chart beside it with the ending svg
    #[arg(long, value_name = "FILE", conflicts_with = "chart")]
    page: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

/// Criterion's options, the calls of each scenario whose allocations are counted, and the calls before memory is measured again.
struct Effort {
    criterion: &'static [&'static str],
    counted: &'static str,
    calls: u64,
}

const QUICK: Effort = Effort {
    criterion: &["--warm-up-time=0.05", "--measurement-time=0.1", "--sample-size=10", "--nresamples=1000"],
    counted: "40",
    calls: 20_000,
};
const FULL: Effort = Effort {
    criterion: &["--warm-up-time=1", "--measurement-time=3", "--sample-size=100"],
    counted: "1000",
    calls: 1_000_000,
};

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let mut scenarios = scenarios::all(&InProcess::new(Some(server::keys_folder()?))?)?;
    scenarios.retain(|scenario| {
        let named = arguments.filter.as_ref().is_none_or(|filter| scenario.id.contains(filter.as_str()));
        named
            && (arguments.full || arguments.report_only || arguments.filter.is_some() || !scenario.is_slow())
    });
    if scenarios.is_empty() {
        return Err(
            "no scenario has that in its id; `cargo bench -p broker-benches -- --list` shows them".into()
        );
    }
    let (counted, kpi) = if arguments.report_only {
        (Vec::new(), None)
    } else {
        let effort = if arguments.full { &FULL } else { &QUICK };
        let run = Run::begin(&scenarios, arguments.filter.as_deref())?;
        if !arguments.keep_times {
            let pure = scenarios.iter().filter(|one| one.has_cryptography()).count();
            let calls =
                Mode::ALL.iter().flat_map(|mode| scenarios.iter().filter(|one| mode.has(one))).count();
            run.suite(PURE, effort, pure)?;
            run.suite(END_TO_END, effort, calls)?;
        }
        let counted = run.count(effort)?;
        (counted, Some(run.kpi(effort)?))
    };
    let report = Report::gather(&scenarios, &counted, kpi)?;
    let chart = match (arguments.chart, &arguments.page) {
        (Some(path), _) => path,
        (None, Some(page)) => page.with_extension("svg"),
        (None, None) => estimates_folder()?.join("overhead.svg"),
    };
    write_chart(&report, &chart)?;
    if let Some(path) = arguments.page {
        let name = chart.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        fs::write(&path, page(&text, &report, &name)?)?;
    }
    match arguments.output {
        Format::Table => println!("{}\nchart: {}", tables(&report), chart.display()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

/// One measurement, with cargo to build what it needs.
struct Run<'a> {
    scenarios: &'a [Scenario],
    filter: Option<&'a str>,
    cargo: OsString,
    profile: String,
    binary: PathBuf,
}

impl<'a> Run<'a> {
    /// Builds everything, so that nothing is built during a measurement.
    fn begin(scenarios: &'a [Scenario], filter: Option<&'a str>) -> Result<Self, Failure> {
        let profile = server::build_profile()?;
        if profile == "dev" {
            return Err(
                "a debug build says nothing about speed; use `cargo run --release -p broker-benches --bin \
                        overhead`"
                    .into(),
            );
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let bar = spinner("building the server and the suites");
        let run = Self { scenarios, filter, cargo, profile, binary: server::binary()? };
        run.cargo(&["build", "-p", "broker-benches", "--bin", "counting"], &[], |_| ())?;
        run.cargo(
            &["bench", "-p", "broker-benches", "--bench", PURE, "--bench", END_TO_END, "--no-run"],
            &[],
            |_| (),
        )?;
        bar.finish_and_clear();
        Ok(run)
    }

    /// Runs one of criterion's suites with the scenarios of this run.
    fn suite(&self, name: &str, effort: &Effort, length: usize) -> Result<(), Failure> {
        let ids: Vec<&str> = self.scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
        // A regular expression. No id has a special character.
        let filter = format!("^({})$", ids.join("|"));
        let options: Vec<&str> = effort.criterion.iter().copied().chain([filter.as_str()]).collect();
        let bar = bar(name, length);
        let outcome = self.cargo(&["bench", "-p", "broker-benches", "--bench", name], &options, |line| {
            // Criterion prints this once for each benchmark.
            if line.contains("time: ") {
                bar.inc(1);
            }
        });
        bar.finish_and_clear();
        outcome
    }

    fn count(&self, effort: &Effort) -> Result<Vec<Counted>, Failure> {
        let calls = self.scenarios.iter().filter(|scenario| scenario.is_call());
        let lanes = calls.map(|scenario| 1 + usize::from(scenario.is_pipelined())).sum();
        let bar = bar("counting allocations", lanes);
        let mut lines = Vec::new();
        let options: Vec<&str> =
            ["--output", "json", "--calls", effort.counted].into_iter().chain(self.filter).collect();
        let outcome = self.cargo(&["run", "-p", "broker-benches", "--bin", "counting"], &options, |line| {
            lines.push(line.to_owned());
            bar.inc(1);
        });
        bar.finish_and_clear();
        outcome?;
        Ok(lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?)
    }

    fn kpi(&self, effort: &Effort) -> Result<kpi::Kpi, Failure> {
        let bar = spinner("starting servers, measuring their memory");
        let hash = scenarios::without_proofs(&InProcess::new(None)?)?
            .into_iter()
            .find(|scenario| scenario.id == kpi::SCENARIO)
            .ok_or("the scenario for the load is missing")?;
        let outcome = kpi::measure(&self.binary, &Arc::new(hash), effort.calls);
        bar.finish_and_clear();
        outcome
    }

    /// Runs cargo with `arguments`, and the program that it starts with `options`. Each line of output is passed to `on_line`;
    /// standard error is shown only where it fails.
    fn cargo(
        &self,
        arguments: &[&str],
        options: &[&str],
        mut on_line: impl FnMut(&str),
    ) -> Result<(), Failure> {
        let mut errors: File = tempfile::tempfile()?;
        let mut child = Command::new(&self.cargo)
            .args(arguments)
            .args(["--quiet", "--locked", "--profile", &self.profile])
            .args(if options.is_empty() { &[][..] } else { &["--"] })
            .args(options)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env(server::BINARY_VARIABLE, &self.binary)
            .stdout(Stdio::piped())
            .stderr(errors.try_clone()?)
            .spawn()
            .map_err(|error| format!("cargo: {error}"))?;
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).lines() {
                on_line(&line?);
            }
        }
        if child.wait()?.success() {
            return Ok(());
        }
        let mut text = String::new();
        errors.seek(SeekFrom::Start(0))?;
        errors.read_to_string(&mut text)?;
        Err(format!("cargo {} failed:\n{text}", arguments.join(" ")).into())
    }
}

/// Returns a progress bar on standard error, which is hidden where that is not a terminal.
fn bar(name: &str, length: usize) -> ProgressBar {
    styled(ProgressBar::new(length as u64), "{msg:24} {wide_bar} {pos}/{len}  {elapsed}")
        .with_message(name.to_owned())
}

fn spinner(name: &str) -> ProgressBar {
    let spinner =
        styled(ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}").with_message(name.to_owned());
    spinner.enable_steady_tick(std::time::Duration::from_millis(200));
    spinner
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        // The templates are constants; a bar without its style works too.
        Err(_) => bar,
    }
}
