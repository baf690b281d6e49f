//! The options of a run.

use std::{path::PathBuf, time::Duration};

use broker_load::{
    Circuit, ClientKind, Concurrency, Item, KeyType, Lane, LoadError, Mix, Plan, RunLength, Wire,
};
use clap::{Args, ValueHint, value_parser};

use crate::args::{duration, duration_or_zero, profile_names};

/// The default number of callers that share the requests of a rate.
const CALLERS_FOR_A_RATE: u32 = 64;
/// The default time for which requests are begun.
const DEFAULT_DURATION: Duration = Duration::from_secs(5);

/// The options of one run.
#[derive(Args, Clone, Debug, PartialEq)]
pub(super) struct RunArgs {
    /// The operation to call, or a mix with weights such as `hash-data=9,sign-data=1`
    #[arg(long, value_name = "NAME", default_value = "hash-data")]
    operation: Mix,
    /// The profile of all operations [default: for each one a bundled profile that has it]
    #[arg(short, long, value_name = "NAME", add = profile_names())]
    profile: Option<String>,
    /// How many bytes are hashed, signed, verified, encrypted or decrypted
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = value_parser!(u32).range(..=1 << 20))]
    size: u32,
    /// The kind of the CA's key for sign-certificate
    #[arg(long, value_name = "KEY", default_value = "p-384")]
    issuer: KeyType,
    /// The kind of the key that is certified
    #[arg(long, value_name = "KEY", default_value = "p-256")]
    subject: KeyType,
    /// The circuit for prove and verify; every request has random inputs of its own
    #[arg(long, value_name = "NAME", default_value = "multiply")]
    circuit: Circuit,
    /// Each request as a call of its own, or all of a connection down one stream
    #[arg(long, value_name = "LANE", default_value = "unary")]
    lane: Lane,
    /// How many callers there are [default: 1, with --rate 64]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=65_536))]
    concurrency: Option<u32>,
    /// One caller for each connection, which keeps N requests in flight; pipeline only
    #[arg(long, value_name = "N", conflicts_with = "concurrency", value_parser = value_parser!(u32).range(1..=65_536))]
    window: Option<u32>,
    /// Begin R requests each second [default: as many as there are answers]
    #[arg(long, value_name = "R", value_parser = value_parser!(u32).range(1..=10_000_000))]
    rate: Option<u32>,
    /// For how long requests are begun [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "requests")]
    duration: Option<Duration>,
    /// How many requests are sent, in place of a duration
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// Add one line for this run to a table, with a header where the file is new
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) csv: Option<PathBuf>,
    #[command(flatten)]
    driver: DriverArgs,
}

/// How requests are sent: the options that a single run and a matrix have in common.
#[derive(Args, Clone, Debug, PartialEq)]
pub(super) struct DriverArgs {
    /// The protocol: that of this broker, or of the older generations of the Open Crypto Broker
    #[arg(long, value_name = "WIRE", default_value = "v1")]
    pub(super) wire: Wire,
    /// Drive v1 as an application does, or by the generated stub as the other wires are driven
    #[arg(long, value_name = "CLIENT")]
    client: Option<ClientKind>,
    /// How many connections the callers share
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1024))]
    pub(super) connections: u32,
    /// How many threads the connections are spread over
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=256))]
    pub(super) threads: u32,
    /// Keep this program on these processors, such as `0` or `0,2`
    #[arg(long, value_name = "CPU", value_parser = parse_processors)]
    pub(super) pin: Option<Processors>,
    /// How long calls are made before anything is counted; 0 for not at all
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration_or_zero)]
    pub(super) warm_up: Duration,
}

/// Some of the machine's processors by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Processors(pub(super) Vec<usize>);

/// Parses `0`, or `0,2`.
fn parse_processors(text: &str) -> Result<Processors, String> {
    let numbers = text.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
    numbers
        .map(Processors)
        .map_err(|_| "write the number of a processor such as 0, or several such as 0,2".to_owned())
}

impl RunArgs {
    /// Returns the plan of the run.
    ///
    /// # Errors
    /// Fails where the options do not go together.
    pub(super) fn plan(&self) -> Result<Plan, LoadError> {
        let default_callers = if self.rate.is_some() { CALLERS_FOR_A_RATE } else { 1 };
        let callers = Concurrency::Callers(self.concurrency.unwrap_or(default_callers));
        let items = self.operation.shares().iter().map(|share| {
            let default = || share.operation.default_profile(self.issuer);
            Item {
                operation: share.operation,
                weight: share.weight,
                profile: self.profile.as_deref().unwrap_or_else(default).to_owned(),
                size: self.size,
                issuer: self.issuer,
                subject: self.subject,
                circuit: self.circuit,
            }
        });
        let plan = Plan {
            mix: self.operation.clone(),
            items: items.collect(),
            lane: self.lane,
            concurrency: self.window.map_or(callers, Concurrency::Window),
            rate: self.rate,
            length: match self.requests {
                Some(requests) => RunLength::Requests(requests),
                None => RunLength::Duration(self.duration.unwrap_or(DEFAULT_DURATION)),
            },
            wire: self.driver.wire,
            client: self.driver.client()?,
            connections: self.driver.connections,
            threads: self.driver.threads,
            pin: self.driver.pin.as_ref().map(|pin| pin.0.clone()),
            warm_up: self.driver.warm_up,
        };
        plan.checked()
    }
}

impl DriverArgs {
    /// Returns the client. By default v1 is driven by the client library; the older wires have only the stub.
    ///
    /// # Errors
    /// Fails where the client library is asked for on an older wire.
    pub(super) fn client(&self) -> Result<ClientKind, LoadError> {
        match (self.wire, self.client) {
            (_, Some(ClientKind::Stub)) => Ok(ClientKind::Stub),
            (Wire::V1, _) => Ok(ClientKind::Library),
            (_, None) => Ok(ClientKind::Stub),
            (wire, Some(ClientKind::Library)) => Err(LoadError::Usage(format!(
                "the client library has v1 only: leave out --client library, or use --wire v1 in place of --wire {wire}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_processor_numbers() {
        assert_eq!(parse_processors("0"), Ok(Processors(vec![0])));
        assert_eq!(parse_processors("1,3"), Ok(Processors(vec![1, 3])));
        for wrong in ["", "a", "1,", "-1", "0-2"] {
            assert!(parse_processors(wrong).is_err(), "{wrong}");
        }
    }
}
