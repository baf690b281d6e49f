//! `bench` and `bench matrix`.

mod matrix;
mod mix;
mod words;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser as _, Subcommand, ValueHint, value_parser};

pub(crate) use self::{
    matrix::Matrix,
    mix::Mix,
    words::{Driver, KeyType, Lane, Operation, Wire},
};
use super::{Cli, Command, complete::profile_names, values::duration};

/// `bench`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
A caller sends, waits for its answer and sends again. --concurrency says how many do so at the same time; --window says how
many requests one caller keeps under way down the pipeline; --rate says when each request is due, and its latency counts
from then on, so that a broker that falls behind cannot hide it.

Examples:
  cryptobroker bench --operation hash-data --size 64 --concurrency 64 --duration 5s
  cryptobroker bench --operation hash-data --lane pipeline --window 1024 --json
  cryptobroker bench --operation hash-data=9,sign-data=1 --rate 2000 --concurrency 32
  cryptobroker bench --operation sign-certificate --issuer p-521 --csv runs.csv
  cryptobroker bench --operation hash-data --wire g3 --socket /run/other-broker.sock
  cryptobroker bench matrix --quick")]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    #[command(flatten)]
    pub(crate) run: Run,
}

/// What else `bench` does.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BenchCommand {
    /// Measure every combination of operations, parameters, concurrency and lanes into one folder
    Matrix(Matrix),
}

impl Bench {
    /// Whether options of a single run stand before the command. clap's own rule would refuse the global ones there, too.
    pub(crate) fn is_mixed_up(&self) -> bool {
        let none = Cli::try_parse_from(["cryptobroker", "bench"]);
        let plain = matches!(none, Ok(Cli { command: Command::Bench(bench), .. }) if bench.run == self.run);
        self.command.is_some() && !plain
    }
}

/// One run.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// What is called, or a mix with weights such as `hash-data=9,sign-data=1`
    #[arg(long, value_name = "NAME", default_value = "hash-data", value_parser = mix::parse)]
    pub(crate) operation: Mix,
    /// The profile of all operations [default: for each one a bundled profile that has it]
    #[arg(short, long, value_name = "NAME", add = profile_names())]
    pub(crate) profile: Option<String>,
    /// How many bytes are hashed, signed, verified, encrypted or decrypted
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = value_parser!(u32).range(..=1 << 20))]
    pub(crate) size: u32,
    /// The kind of the CA's key for sign-certificate
    #[arg(long, value_name = "KEY", default_value = "p-384")]
    pub(crate) issuer: KeyType,
    /// The kind of the key that is certified
    #[arg(long, value_name = "KEY", default_value = "p-256")]
    pub(crate) subject: KeyType,
    /// Each request as a call of its own, or all of a connection down one stream
    #[arg(long, value_name = "LANE", default_value = "unary")]
    pub(crate) lane: Lane,
    /// How many callers there are [default: 1, with --rate 64]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=65_536))]
    pub(crate) concurrency: Option<u32>,
    /// One caller for each connection, who keeps N requests under way; down the pipeline only
    #[arg(long, value_name = "N", conflicts_with = "concurrency", value_parser = value_parser!(u32).range(1..=65_536))]
    pub(crate) window: Option<u32>,
    /// Begin R requests each second [default: as many as there are answers]
    #[arg(long, value_name = "R", value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub(crate) rate: Option<u32>,
    /// For how long requests are begun [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "requests")]
    pub(crate) duration: Option<Duration>,
    /// How many requests are sent, in place of a duration
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// Add one line for this run to a table, with a header where the file is new
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) driver: Driving,
}

/// What drives: the same for one run and for all of a matrix.
#[derive(Args, Clone, Debug, PartialEq)]
pub(crate) struct Driving {
    /// The protocol: that of this broker, or of the older generations of the Open Crypto Broker
    #[arg(long, value_name = "WIRE", default_value = "v1")]
    pub(crate) wire: Wire,
    /// Drive v1 as an application does, or by the generated stub as the other wires are driven
    #[arg(long, value_name = "CLIENT")]
    pub(crate) client: Option<Driver>,
    /// How many connections the callers share
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1024))]
    pub(crate) connections: u32,
    /// How many threads the connections are spread over
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=256))]
    pub(crate) threads: u32,
    /// Keep this program on these processors, such as `0` or `0,2`
    #[arg(long, value_name = "CPU", value_parser = words::pin)]
    pub(crate) pin: Option<words::Pin>,
    /// How long it runs before anything is counted; 0 for not at all
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = words::pause)]
    pub(crate) warm_up: Duration,
}
