//! The log: `tracing` events as JSON or text lines.
//!
//! Each line is written when it happens, with one write; a line that cannot be written (a full disk) is lost and
//! nothing else. A panic is logged by its place in the source, without its message, which could hold anything.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    sync::Mutex,
};

use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{format::Writer, time::FormatTime},
    util::SubscriberInitExt as _,
};

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

/// Where lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogOutput {
    /// Standard output.
    Stdout,
    /// Standard error.
    #[default]
    Stderr,
    /// A file, appended to; made with mode 0600 where it is missing.
    File(PathBuf),
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
pub fn start(options: &LogOptions) -> Result<(), LogError> {
    let file = open(&options.output)
        .map_err(|cause| LogError::Open { output: options.output.to_string(), cause })?;
    let builder = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(options.level))
        .with_timer(Clock)
        .with_ansi(false)
        // Its way of reporting a failed write is a print that panics where standard error is gone, too.
        .log_internal_errors(false)
        .with_writer(Mutex::new(file));
    match options.format {
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
        LogFormat::Text => builder.finish().try_init(),
    }
    .map_err(|_| LogError::Taken)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: panicked");
    }));
    Ok(())
}

/// Our own descriptor, unbuffered: std's handle for standard output would keep a line that failed and retry it.
fn open(output: &LogOutput) -> io::Result<File> {
    match output {
        LogOutput::Stdout => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
        LogOutput::Stderr => Ok(io::stderr().as_fd().try_clone_to_owned()?.into()),
        LogOutput::File(path) => OpenOptions::new().append(true).create(true).mode(0o600).open(path),
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

impl fmt::Display for LogOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
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
        let error = start(&LogOptions { output, ..LogOptions::default() }).unwrap_err();
        assert!(error.to_string().starts_with("the log cannot be written to /nonexistent/log: "), "{error}");
    }

    #[test]
    fn times_have_milliseconds_and_a_z() {
        let mut text = String::new();
        Clock.format_time(&mut Writer::new(&mut text)).unwrap();
        assert_eq!((text.len(), text.ends_with('Z')), ("2026-01-02T03:04:05.678Z".len(), true), "{text}");
    }
}
