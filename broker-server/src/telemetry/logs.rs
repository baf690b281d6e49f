//! The log: `tracing` events as JSON or text lines.
//!
//! A thread that logs never waits: the line is handed to the output's own thread. A line that cannot be written is lost,
//! and counted. A panic is logged by its place in the source, without its message, which could hold anything.

use std::{fmt, io, sync::Arc};

use bytes::Bytes;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Where lines go.
pub use super::output::Target as LogOutput;
use super::output::{Output, Outputs};

/// What is logged, how and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The least severe level that is logged.
    pub level: LogLevel,
    /// JSON or text.
    pub format: LogFormat,
    /// Where to.
    pub output: LogOutput,
}

/// How severe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the usual four
pub enum LogLevel {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// For reading.
    #[default]
    Text,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The output cannot be opened.
    #[error("the log cannot be written to {output}: {cause}")]
    Open {
        /// Where it was to go.
        output: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The process logs elsewhere already.
    #[error("the process has a log already")]
    Taken,
}

/// Starts logging for the whole process, once, and makes panics part of the log.
///
/// # Errors
/// [`LogError`] where the output cannot be opened, or the process logs already.
pub fn start(options: &LogOptions, outputs: &Outputs) -> Result<(), LogError> {
    let output = outputs
        .open(&options.output)
        .map_err(|cause| LogError::Open { output: options.output.to_string(), cause })?;
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(options.level))
        .with_timer(Clock)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(Lines(output));
    match options.format {
        LogFormat::Json => {
            builder.json().flatten_event(true).finish().with(targets(options.level)).try_init()
        }
        LogFormat::Text => builder.finish().with(targets(options.level)).try_init(),
    }
    .map_err(|_| LogError::Taken)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: panicked");
    }));
    Ok(())
}

/// Whose events are logged at this level. Those of libraries are for developers alone: the HTTP/2 library warns once for each
/// wrong frame of a peer, so that a client could fill the disk with them, or keep records waiting behind them.
fn targets(level: LogLevel) -> Targets {
    match level {
        LogLevel::Debug => Targets::new().with_default(LevelFilter::DEBUG),
        _ => Targets::new().with_targets(OWN.map(|own| (own, LevelFilter::from(level)))),
    }
}

/// The crates whose events are the broker's own.
const OWN: [&str; 2] = ["broker_server", "cryptobroker_server"];

/// Hands each line to the output.
struct Lines(Arc<Output>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(&self.0)
    }
}

struct LineWriter<'a>(&'a Output);

impl io::Write for LineWriter<'_> {
    /// Takes a whole line: the formatter writes each with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.log(Bytes::from([b"\n", line].concat()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warn => Self::WARN,
            LogLevel::Error => Self::ERROR,
        }
    }
}

struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&super::rfc3339(jiff::Timestamp::now()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_output_that_cannot_be_opened_is_named() {
        let output = LogOutput::File("/nonexistent/log".into());
        let error = start(&LogOptions { output, ..LogOptions::default() }, &Outputs::default()).unwrap_err();
        assert!(error.to_string().starts_with("the log cannot be written to /nonexistent/log: "), "{error}");
    }

    #[test]
    fn events_of_libraries_are_logged_for_developers_alone() {
        use tracing::Level;
        let own = module_path!();
        for level in [LogLevel::Error, LogLevel::Warn, LogLevel::Info] {
            let targets = targets(level);
            assert!(targets.would_enable(own, &Level::ERROR));
            assert!(targets.would_enable("cryptobroker_server", &Level::ERROR));
            assert_eq!(targets.would_enable(own, &Level::INFO), level == LogLevel::Info);
            assert!(!targets.would_enable("h2::proto::ping_pong", &Level::WARN));
        }
        assert!(targets(LogLevel::Debug).would_enable("h2::proto::ping_pong", &Level::WARN));
    }

    #[test]
    fn times_have_milliseconds_and_a_z() {
        let mut text = String::new();
        Clock.format_time(&mut Writer::new(&mut text)).unwrap();
        assert_eq!((text.len(), text.ends_with('Z')), ("2026-01-02T03:04:05.678Z".len(), true), "{text}");
    }
}
