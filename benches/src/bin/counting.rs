//! Counts allocations of each call, in the server and in the client, which are separate processes.
//!
//! The server is built from the library with the allocator of the real one (it wipes freed memory) around one that counts.
//! Counting takes time, so no times are measured.

#![forbid(unsafe_code)]

use std::{
    alloc::System,
    env,
    io::{BufRead as _, BufReader, Lines, Write as _},
    process::{ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    thread,
};

use broker_benches::{
    Failure,
    allocations::{Allocations, Counted},
    in_process::InProcess,
    scenario::Scenario,
    scenarios,
    server::{self, Server},
    wire,
};
use broker_client::Client;
use broker_server::config::{Config, Environment};
use clap::{Parser, Subcommand, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static ALLOCATOR: ZeroAlloc<&StatsAlloc<System>> = ZeroAlloc(&INSTRUMENTED_SYSTEM);

/// The number of calls before counting begins: they grow buffers to their size and initialise what is made once.
const WARM_UP: u32 = 50;

/// Counts allocations per call, in the server and in the client.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only scenarios with this in their id
    filter: Option<String>,
    /// How many calls of each scenario are counted
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// How the counts are printed
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Table,
    /// One object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Run the server whose allocations are counted; it answers each line of its input with the counts so far
    #[command(hide = true)]
    Serve {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
}

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    match arguments.role {
        Some(Role::Serve { options }) => serve(options),
        None => count(&arguments),
    }
}

/// Returns the allocations of this process so far.
fn so_far() -> Allocations {
    let stats = INSTRUMENTED_SYSTEM.stats();
    #[allow(clippy::cast_precision_loss, reason = "no run allocates 2^53 times")]
    let [count, bytes] = [stats.allocations + stats.reallocations, stats.bytes_allocated].map(|n| n as f64);
    Allocations { count, bytes }
}

fn serve(options: Vec<String>) -> Result<ExitCode, Failure> {
    let program = String::from("cryptobroker-server");
    let config = Config::parse_from(std::iter::once(program).chain(options), &Environment::new())?;
    let outputs = broker_server::telemetry::output::Outputs::default();
    broker_server::telemetry::logs::start(&config.log, &outputs)?;
    let server = broker_server::server::Server::bind(config, &outputs)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    thread::spawn(move || {
        // No allocation happens after the first request for counts.
        let (mut input, mut line) = (std::io::stdin().lock(), String::with_capacity(16));
        while input.read_line(&mut line).is_ok_and(|length| length > 0) {
            let Allocations { count, bytes } = so_far();
            if writeln!(std::io::stdout(), "{count} {bytes}").is_err() {
                break;
            }
            line.clear();
        }
        let _ended_already = stop.send(());
    });
    server.run(async {
        let _ = stopped.await;
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The counted server, and the pipes by which its counts are requested.
struct Counter {
    server: Server,
    requests: ChildStdin,
    responses: Lines<BufReader<ChildStdout>>,
}

impl Counter {
    fn start() -> Result<Self, Failure> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["serve", "--"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = Server::start_with(&mut command)?;
        let child = server.child();
        let requests = child.stdin.take().ok_or("the server has no standard input")?;
        let responses = child.stdout.take().ok_or("the server has no standard output")?;
        Ok(Self { server, requests, responses: BufReader::new(responses).lines() })
    }

    fn so_far(&mut self) -> Result<Allocations, Failure> {
        self.requests.write_all(b"\n")?;
        let line = self.responses.next().ok_or("the server has ended")??;
        let (count, bytes) = line.split_once(' ').ok_or("the server's counts are malformed")?;
        Ok(Allocations { count: count.parse()?, bytes: bytes.parse()? })
    }
}

fn count(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut scenarios = scenarios::all(&InProcess::new(Some(server::keys_folder()?))?)?;
    scenarios.retain(|scenario| {
        let is_chosen = match &arguments.filter {
            Some(filter) => scenario.id.contains(filter.as_str()),
            None => !scenario.is_slow(),
        };
        is_chosen && scenario.is_call()
    });
    if scenarios.is_empty() {
        return Err("no scenario has that in its id".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut counter = Counter::start()?;
    let client = runtime.block_on(wire::connect(&counter.server.socket()))?;
    let lanes = [("unary", client.clone()), ("pipeline", client.pipeline())];
    let mut all = Vec::new();
    for scenario in &scenarios {
        for (lane, client) in lanes.iter().filter(|(lane, _)| *lane == "unary" || scenario.is_pipelined()) {
            let (server, client) = runtime.block_on(one(&mut counter, client, scenario, arguments.calls))?;
            let counted = Counted { id: scenario.id.clone(), lane: (*lane).to_owned(), server, client };
            match arguments.output {
                Format::Json => println!("{}", serde_json::to_string(&counted)?),
                Format::Table => all.push(counted),
            }
        }
    }
    if let Format::Table = arguments.output {
        println!("{}", table(&all));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the allocations of one call in the server and in the client.
async fn one(
    counter: &mut Counter,
    client: &Client,
    scenario: &Scenario,
    calls: u32,
) -> Result<(Allocations, Allocations), Failure> {
    repeat(client, scenario, WARM_UP.min(calls)).await?;
    let server = counter.so_far()?;
    let own = so_far();
    repeat(client, scenario, calls).await?;
    let own = so_far() - own;
    let server = counter.so_far()? - server;
    Ok((server / f64::from(calls), own / f64::from(calls)))
}

async fn repeat(client: &Client, scenario: &Scenario, calls: u32) -> Result<(), Failure> {
    for _ in 0..calls {
        wire::call(client, scenario).await.map_err(|error| format!("{}: {error}", scenario.id))?;
    }
    Ok(())
}

fn table(all: &[Counted]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["per call", "lane", "server", "bytes", "client", "bytes"]);
    for Counted { id, lane, server, client } in all {
        let number = |number: f64| format!("{number:.1}");
        let whole = |number: f64| format!("{number:.0}");
        table.add_row([
            id.clone(),
            lane.clone(),
            number(server.count),
            whole(server.bytes),
            number(client.count),
            whole(client.bytes),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
