//! `bench matrix`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueHint, value_parser};

use super::{Driving, KeyType, Lane, Operation, duration, words::each_once};

/// `bench matrix`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Leaves in one folder: samples.jsonl (every run, as `bench --output json` prints it), summary.csv and summary.md (medians over
the repeats), charts (SVG) of throughput and latency for each operation, and machine.json. All cells are measured once before
any is measured again, so that a machine that grows slower grows slower for all of them.

Examples:
  cryptobroker bench matrix --quick
  cryptobroker bench matrix --operations hash-data,sign-certificate --issuers p-384,p-521 --concurrency 1,2,4,8,16
  cryptobroker bench matrix --operations hash-data --sizes 64,1024,16384 --lanes unary,pipeline --out results/sizes")]
pub(crate) struct Matrix {
    /// What is called
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "hash-data,sign-certificate")]
    pub(crate) operations: Vec<Operation>,
    /// Profiles of all operations [default: for each one a bundled profile that has it]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) profiles: Vec<String>,
    /// How many bytes are hashed, signed, verified, encrypted or decrypted
    #[arg(long, value_name = "BYTES", value_delimiter = ',', default_value = "64")]
    #[arg(value_parser = value_parser!(u32).range(..=1 << 20))]
    pub(crate) sizes: Vec<u32>,
    /// The kinds of the CA's key for sign-certificate
    #[arg(long, value_name = "KEYS", value_delimiter = ',', default_value = "p-384")]
    pub(crate) issuers: Vec<KeyType>,
    /// The kind of the key that is certified
    #[arg(long, value_name = "KEY", default_value = "p-256")]
    pub(crate) subject: KeyType,
    /// How many callers there are
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    #[arg(value_parser = value_parser!(u32).range(1..=65_536))]
    pub(crate) concurrency: Vec<u32>,
    /// How requests travel [default: unary, with --quick both]
    #[arg(long, value_name = "LANES", value_delimiter = ',')]
    pub(crate) lanes: Vec<Lane>,
    /// How often each cell is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..=1000))]
    pub(crate) repeats: u32,
    /// For how long requests of one run are begun
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration, conflicts_with = "requests")]
    pub(crate) duration: Duration,
    /// How many requests one run sends, in place of a duration
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// A look in about a minute: hash-data and sign-certificate at three steps of concurrency, three short runs of each
    #[arg(long, conflicts_with_all = ["operations", "concurrency", "repeats", "duration", "requests", "warm_up"])]
    pub(crate) quick: bool,
    /// The folder for the results, which must be new or empty [default: results/matrix-TIME, in UTC]
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) driver: Driving,
}

impl Matrix {
    /// Refuses a value that stands in its list twice: it would be measured twice under one name.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (option, outcome) in [
            ("--operations", each_once(&self.operations)),
            ("--profiles", each_once(&self.profiles)),
            ("--sizes", each_once(&self.sizes)),
            ("--issuers", each_once(&self.issuers)),
            ("--concurrency", each_once(&self.concurrency)),
            ("--lanes", each_once(&self.lanes)),
        ] {
            outcome.map_err(|mistake| format!("{option}: {mistake}"))?;
        }
        Ok(())
    }
}
