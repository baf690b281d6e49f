//! The options that every command takes.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::values;

/// The options that every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// The broker's socket: a path, unix:PATH or unix:///PATH [env: CRYPTO_BROKER_SOCKET, its first entry] [default: the broker's two default sockets]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) socket: Option<PathBuf>,
    /// How long one call may take: `500ms`, `10s`, `1h30m`, `90d`; a bare number is seconds [default: 10s; 1h where the key
    /// of a circuit is used; no limit for data that is sent in parts]
    #[arg(long, global = true, value_name = "TIME", value_parser = values::duration)]
    #[arg(help_heading = "Global options")]
    pub(crate) timeout: Option<Duration>,
    /// What results and errors look like
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Global options"
    )]
    output: Format,
    /// The same as --output json
    #[arg(long, global = true, conflicts_with = "output", help_heading = "Global options")]
    json: bool,
    /// Also print to standard error the profile and the algorithm of a result, and the id of its request
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// Print results and errors only: no notes, no progress, no list of the files that were written
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// When to use colour; `auto` means on a terminal, or where CLICOLOR_FORCE is set, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(crate) color: Color,
}

impl Global {
    /// Returns what results and errors look like.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }
}

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For reading.
    Human,
    /// One JSON value per line, with the wire's names in camelCase.
    Json,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
