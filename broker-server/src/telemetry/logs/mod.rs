//! The log: `tracing` events as JSON or text lines.
//!
//! A thread that logs never waits: it hands the line to the output's own thread. A line that cannot be written is dropped
//! and counted. A panic is logged with its location in the source and without its message, which could hold anything.

mod filter;
#[cfg(test)]
mod tests;

use std::{fmt, io, sync::Arc};

use bytes::Bytes;
use tracing::Dispatch;
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt as _,
};

pub use self::filter::{LogFilter, LogFilterError};
/// Where the lines of the log go.
pub use super::output::Target as LogOutput;
use super::output::{Output, Outputs};

/// What is logged, how, and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// The least severe level at which the broker's own events are logged.
    pub level: LogLevel,
    /// Further directives: the events of libraries, and exceptions to `level`.
    pub filter: LogFilter,
    /// JSON or text.
    pub format: LogFormat,
    /// Where the lines go.
    pub output: LogOutput,
}

/// The severity of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the usual four
pub enum LogLevel {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// The format of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// Text for people.
    #[default]
    Text,
}

/// Why the log cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The output cannot be opened.
    #[error("the log cannot be written to {output}: {cause}")]
    Open {
        /// The output that was configured.
        output: String,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// The process has a global `tracing` subscriber already.
    #[error("the process has a log already")]
    AlreadyStarted,
}

/// Starts the log of the whole process, once, and has panics logged.
///
/// # Errors
/// [`LogError`] where the output cannot be opened, or the process has a log already.
pub fn start(options: &LogOptions, outputs: &Outputs) -> Result<(), LogError> {
    let output = outputs
        .open(&options.output)
        .map_err(|cause| LogError::Open { output: options.output.to_string(), cause })?;
    tracing::dispatcher::set_global_default(dispatch(options, output))
        .map_err(|_| LogError::AlreadyStarted)?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a bug: panicked");
    }));
    Ok(())
}

/// Returns the subscriber that filters and formats events and hands their lines to `output`.
fn dispatch(options: &LogOptions, output: Arc<Output>) -> Dispatch {
    let (targets, most_verbose) = options.filter.targets(options.level);
    let builder = tracing_subscriber::fmt()
        .with_max_level(most_verbose)
        .with_timer(Clock)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(Lines(output));
    match options.format {
        // All fields of the event stand at the top level, and spans, which only libraries have, are left out.
        LogFormat::Json => Dispatch::new(
            builder
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .finish()
                .with(targets),
        ),
        LogFormat::Text => Dispatch::new(builder.finish().with(targets)),
    }
}

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
    /// Takes a complete line: the formatter writes each line with one call.
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
