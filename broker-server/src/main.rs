//! The server's process: arguments, log, process, server, exit code.

#![forbid(unsafe_code)]

use std::{io::Write as _, process::ExitCode, time::Instant};

use broker_server::{
    backend::module,
    config::{Config, ConfigError},
    process::{self, FLUSH_TIMEOUT},
    server::{self, Ended, Server},
    telemetry::{
        logs::{self, LogOutput},
        output::{Outputs, Unwritten},
    },
    transport::Outcome,
};

/// Wipes memory as it is freed: what passed through the process does not stay in it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> ExitCode {
    let config = match Config::from_process() {
        Ok(config) => config,
        Err(ConfigError::Usage(answer)) => {
            let _ = answer.print();
            return if answer.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        Err(error) => return fail(2, &error),
    };
    if config.check {
        return check(&config);
    }
    let outputs = Outputs::default();
    let elsewhere = config.log.output != LogOutput::Stderr;
    let code = match logs::start(&config.log, &outputs) {
        Err(error) => fail(2, &error),
        Ok(()) => serve(config, &outputs).unwrap_or_else(|(code, error)| {
            tracing::error!(%error, "ended");
            if elsewhere { fail(code, error.as_ref()) } else { ExitCode::from(code) }
        }),
    };
    outputs.flush(Instant::now() + FLUSH_TIMEOUT);
    code
}

type Failure = (u8, Box<dyn std::error::Error>);

fn serve(config: Config, outputs: &Outputs) -> Result<ExitCode, Failure> {
    if let Err(error) = process::use_small_pages() {
        tracing::debug!(%error, "the heap may take large pages");
    }
    process::seal(config.dev).map_err(|error| (1, error.into()))?;
    match process::raise_open_files() {
        Ok(limit) => tracing::debug!(?limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
    process::survive_file_size_limit().map_err(|error| (1, error.into()))?;
    // Before the sockets exist: a signal that comes early must find its handler.
    let stop = process::stop_signal(outputs.clone()).map_err(|error| (1, error.into()))?;
    let (shards, compute_threads, dev) = (config.shards, config.compute_threads, config.dev);
    let server = Server::bind(config, outputs).map_err(|error| (error.exit_code(), error.into()))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        sockets = ?server.sockets(),
        catalogue = server.catalogue_digest(),
        crypto = module::description(),
        shards,
        compute_threads,
        dev,
        "serving"
    );
    let Ended { outcome, deadline, key_uses, unfinished_key_uses } =
        server.run(stop).map_err(|error| (1, error.into()))?;
    let mut unwritten = outputs.flush(deadline.max(Instant::now() + FLUSH_TIMEOUT));
    unwritten.key_uses += unfinished_key_uses;
    if outcome == Outcome::Drained && unwritten == Unwritten::default() {
        tracing::info!(key_uses, "drained");
        return Ok(ExitCode::SUCCESS);
    }
    let calls = if let Outcome::DrainDeadlineExceeded { calls } = outcome { calls } else { 0 };
    tracing::error!(
        calls,
        key_uses,
        unwritten_key_uses = unwritten.key_uses,
        unwritten_refusals = unwritten.refusals,
        "ended at the drain deadline: calls were cut, or audit records could not be written"
    );
    Ok(ExitCode::FAILURE)
}

/// `--check`: 0 when a start would find everything in order, else what the start would end with.
fn check(config: &Config) -> ExitCode {
    match server::check(config) {
        Ok(report) => {
            // Nobody reading the report is no fault of the configuration.
            let _ = write!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error.exit_code(), &error),
    }
}

fn fail(code: u8, error: &dyn std::error::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "cryptobroker-server: {error}");
    ExitCode::from(code)
}
