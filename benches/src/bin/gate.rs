//! Counts the instructions of the hot paths under callgrind, and fails where a count is higher than that in
//! `instructions.json` by more than the tolerance. `--record` writes the counts there instead.

#![forbid(unsafe_code)]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use broker_benches::{
    Failure,
    instructions::{Compared, Counts, Machine, Record, Verdict, compare, tolerance},
};
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

/// The file with the recorded counts.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");
/// The program that runs the benchmarks under valgrind. It must have the version of the crate.
const RUNNER: &str = "gungraun-runner";
const RUNNER_VERSION: &str = "0.20.0";

/// The crates whose code is counted: the broker's own, and those that compute hashes and KEMs in Rust. They are optimised as for
/// a release, and in one codegen unit each, so that a change in one place does not change what is inlined in another. Without
/// that, Keccak was 62 % of a unary call and hid the rest. The other crates are those of a development build, optimised but
/// with assertions: without assertions, counts are at most 4 % lower, but the build takes five minutes longer.
const COUNTED: [&str; 8] =
    ["broker-proto", "broker-server", "broker-benches", "keccak", "ml-kem", "module-lattice", "sha2", "sha3"];

/// Compares the instruction counts of the hot paths with the record.
#[derive(Debug, Parser)]
struct Arguments {
    /// Writes the counts to benches/instructions.json instead of comparing them
    #[arg(long)]
    record: bool,
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    let now = Record { machine: machine()?, instructions: count()? };
    if arguments.record {
        fs::write(RECORD, serde_json::to_string_pretty(&now)? + "\n")?;
        println!("{} counts are in {RECORD}", now.instructions.len());
        return Ok(ExitCode::SUCCESS);
    }
    let text =
        fs::read(RECORD).map_err(|error| format!("{RECORD}: {error}; make one with `just bench-record`"))?;
    let before: Record = serde_json::from_slice(&text)?;
    let compared = compare(&before, &now);
    println!("{}\n", table(&compared));
    Ok(conclude(&before.machine, &now.machine, &compared))
}

/// Prints the conclusion of the table, and returns the exit code.
fn conclude(before: &Machine, now: &Machine, compared: &[Compared]) -> ExitCode {
    let tolerance = tolerance(before, now);
    let number_of = |verdict| compared.iter().filter(|one| one.verdict == verdict).count();
    let (skipped, failed) =
        (number_of(Verdict::Skipped), compared.iter().filter(|one| one.verdict.fails()).count());
    if before.compiler != now.compiler {
        println!(
            "Recorded with {}, built with {}: {tolerance} % are allowed.",
            before.compiler, now.compiler
        );
    }
    if skipped > 0 {
        println!(
            "!!! SKIPPED: {skipped} of {} were not compared. Recorded on {}, {}, with {}; this is {}, {}, with {}.",
            compared.len(),
            before.architecture,
            before.valgrind,
            before.features.join(" "),
            now.architecture,
            now.valgrind,
            now.features.join(" "),
        );
    }
    if number_of(Verdict::Better) > 0 {
        println!("Some counts are lower than recorded: `just bench-record` records them.");
    }
    if failed > 0 {
        println!(
            "{failed} of {} fail: more than {tolerance} % above the record, or not in both. If that is intended, \
             `just bench-record` (cargo run -p broker-benches --bin gate -- --record) records the new counts; commit \
             them with the reason.",
            compared.len()
        );
        return ExitCode::FAILURE;
    }
    println!(
        "{} of {} compared, none more than {tolerance} % above the record.",
        compared.len() - skipped,
        compared.len()
    );
    ExitCode::SUCCESS
}

fn table(compared: &[Compared]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["instructions", "recorded", "now", "change", ""]);
    let number = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
    for one in compared {
        let percent = one.percent().map_or_else(|| "–".to_owned(), |percent| format!("{percent:+.2} %"));
        table.add_row([
            one.name.clone(),
            number(one.before),
            number(one.now),
            percent,
            one.verdict.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Builds and runs the benchmarks, and returns their counts. The runner prints one object for each.
fn count() -> Result<Counts, Failure> {
    let runner = runner()?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("counting instructions of the hot paths, which takes half a minute after the build");
    let settings = ["opt-level=3", "codegen-units=1", "debug-assertions=false", "overflow-checks=false"];
    let optimised = COUNTED
        .iter()
        .flat_map(|name| settings.map(|one| format!("--config=profile.dev.package.{name}.{one}")));
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--locked", "--profile", "dev", "-p", "broker-benches"])
        .args(optimised)
        // Cache statistics are not used, and their simulation would double the time.
        .args(["--bench", "instructions", "--", "--output-format=json", "--callgrind-args=--cache-sim=no"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("GUNGRAUN_RUNNER", runner)
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the benchmarks failed; their output is above".into());
    }
    let mut counts = Counts::new();
    for summary in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        let (name, count) = read(&summary?).ok_or("the runner's summary has an unknown form")?;
        if count == 0 {
            return Err(format!("{name}: no instruction was counted").into());
        }
        counts.insert(name, count);
    }
    if counts.is_empty() {
        return Err("the runner counted nothing".into());
    }
    Ok(counts)
}

/// Returns the function and id of a benchmark, and its instruction count.
fn read(summary: &Value) -> Option<(String, u64)> {
    let text = |key| summary.get(key).and_then(Value::as_str);
    let name = format!("{}::{}", text("function_name")?, text("id")?);
    let count = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new")?;
    Some((name, count.as_u64()?))
}

/// Returns the runner on the path, or the one that .ci/run installs.
fn runner() -> Result<PathBuf, Failure> {
    if find("valgrind").is_none() {
        return Err("there is no valgrind; install it, on Debian with `apt-get install valgrind`".into());
    }
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin").join(RUNNER);
    let found = find(RUNNER).or_else(|| ours.is_file().then_some(ours));
    found.ok_or_else(|| {
        format!("there is no {RUNNER}; install it with `cargo install {RUNNER} --version {RUNNER_VERSION} --locked`").into()
    })
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn machine() -> Result<Machine, Failure> {
    let version_of = |program: &str| -> Result<String, Failure> {
        let output = Command::new(program).arg("--version").output();
        let output = output.map_err(|error: io::Error| format!("{program}: {error}"))?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = cpu
        .lines()
        .find(|line| line.starts_with("flags") || line.starts_with("Features"))
        .unwrap_or_default();
    let flags: Vec<&str> = flags.split_whitespace().collect();
    // The features that valgrind passes on to a program. It never passes on AVX-512 and SHA.
    let visible = [
        "ssse3",
        "sse4_2",
        "pclmulqdq",
        "aes",
        "avx",
        "avx2",
        "bmi1",
        "bmi2",
        "adx",
        "rdrand",
        "sha2",
        "sha3",
    ];
    Ok(Machine {
        architecture: env::consts::ARCH.to_owned(),
        features: visible.into_iter().filter(|feature| flags.contains(feature)).map(str::to_owned).collect(),
        valgrind: version_of("valgrind")?,
        compiler: version_of("rustc")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_summary_of_the_runner() {
        // A summary of version 7 with the members that are read. `old` is the count of an earlier run, if there is one.
        let summary = |values: Value| {
            serde_json::json!({
                "function_name": "parse", "id": "certificate", "kind": "LibraryBenchmark", "version": "7",
                "profiles": [{"tool": "Callgrind", "data": {
                    "parts": [{"metrics": {"Ir": {"values": {"new": 0}}}, "tool_run": {"new": {"thread": 2}}}],
                    "total": {"metrics": {"Ir": {"values": values}}, "regressions": []}
                }}]
            })
        };
        let expected = Some(("parse::certificate".to_owned(), 500));
        assert_eq!(read(&summary(serde_json::json!({"new": 500}))), expected);
        assert_eq!(read(&summary(serde_json::json!({"new": 500, "old": 400}))), expected);
        assert_eq!(read(&summary(serde_json::json!({"old": 400}))), None);
        assert_eq!(read(&serde_json::json!({"function_name": "parse"})), None);
    }
}
