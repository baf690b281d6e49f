//! The options that say which circuit, and which key of it.

use std::time::Duration;

use broker_client::Fingerprint;
use clap::Args;

use crate::{
    args::{DEFAULT_PROFILE, profile_names},
    broker::Endpoint,
};

/// The time limit of a call that may wait until a key is loaded or made. The profile limits the work itself.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// `--profile` and `--circuit`.
#[derive(Args, Clone, Debug)]
pub(super) struct Target {
    /// The profile that has the circuit
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    pub(super) profile: String,
    /// The circuit: `proof circuits` lists those of a profile
    #[arg(long, value_name = "NAME")]
    pub(super) circuit: String,
}

/// `--fingerprint`.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ExpectedKey {
    /// Fail if the circuit's key is another than that with this fingerprint
    #[arg(long, value_name = "HEX", value_parser = fingerprint)]
    pub(super) fingerprint: Option<Fingerprint>,
}

fn fingerprint(text: &str) -> Result<Fingerprint, &'static str> {
    text.parse().map_err(|_| "a fingerprint has 64 hexadecimal digits")
}

/// Returns the broker with time for keys that are large or not made yet, unless `--timeout` is given.
pub(super) fn patient(endpoint: Endpoint) -> Endpoint {
    Endpoint { timeout: endpoint.timeout.or(Some(TIMEOUT)), ..endpoint }
}
