//! The server's process: reads the configuration, starts the log, serves, and returns the exit code.

#![forbid(unsafe_code)]

use std::{io::Write as _, process::ExitCode, time::Instant};

use broker_server::{
    backend::module,
    config::{Config, ConfigError},
    process::{self, FLUSH_TIMEOUT},
    server::{self, Ended, Server},
    telemetry::{
        logs::{self, LogOutput},
        output::{Outputs, UnwrittenRecords},
    },
    transport::DrainOutcome,
};

/// Wipes memory when it is freed, so that secrets do not stay in the heap.
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
    let logs_to_stderr = config.log.output == LogOutput::Stderr;
    let code = match logs::start(&config.log, &outputs) {
        Err(error) => fail(2, &error),
        Ok(()) => serve(config, &outputs).unwrap_or_else(|(code, error)| {
            tracing::error!(%error, "the server failed");
            if logs_to_stderr { ExitCode::from(code) } else { fail(code, error.as_ref()) }
        }),
    };
    outputs.flush(Instant::now() + FLUSH_TIMEOUT);
    code
}

type Failure = (u8, Box<dyn std::error::Error>);

fn serve(config: Config, outputs: &Outputs) -> Result<ExitCode, Failure> {
    if let Err(error) = process::use_small_pages() {
        tracing::debug!(%error, "large pages of the heap cannot be disabled");
    }
    process::seal(config.dev).map_err(|error| (1, error.into()))?;
    match process::raise_open_files() {
        Ok(limit) => tracing::debug!(limit, "the limit of open files is raised"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
    process::survive_file_size_limit().map_err(|error| (1, error.into()))?;
    // The handlers are installed before the sockets exist, so that an early signal is not missed.
    let stop = process::stop_signal(outputs.clone()).map_err(|error| (1, error.into()))?;
    let (shards, compute_threads, dev) = (config.shards, config.compute_threads, config.dev);
    let server = Server::bind(config, outputs).map_err(|error| (error.exit_code(), error.into()))?;
    let sockets: Vec<_> = server.sockets().iter().map(|path| path.to_string_lossy()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        sockets = sockets.join(","),
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
    if outcome == DrainOutcome::Drained && unwritten == UnwrittenRecords::default() {
        tracing::info!(key_uses, "drained");
        return Ok(ExitCode::SUCCESS);
    }
    let calls = if let DrainOutcome::DrainDeadlineExceeded { calls } = outcome { calls } else { 0 };
    tracing::error!(
        calls,
        key_uses,
        unwritten_key_uses = unwritten.key_uses,
        unwritten_refusals = unwritten.refusals,
        "the drain deadline passed: calls were aborted, or audit records were not written"
    );
    Ok(ExitCode::FAILURE)
}

/// Runs `--check`. Returns 0 where the server would start, otherwise the exit code that the start would have.
fn check(config: &Config) -> ExitCode {
    match server::check(config) {
        Ok(report) => {
            // A closed standard output says nothing about the configuration.
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
