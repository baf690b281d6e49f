//! `proof ceremony show`.

use broker_groth16::ceremony;
use clap::{Args, ValueHint};

use super::{
    super::super::run::{Context, Run},
    report,
};
use crate::{error::Failure, input, location::Location, output::Output};

/// Show what a proving key says about its setup; nothing is verified
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Contributors publish the hashes of their contributions; compare them with those that are shown. Only `proof ceremony verify`
shows that the key is the result of these contributions.

Example:
  cryptobroker proof ceremony show --zkey membership.zkey")]
pub(crate) struct Show {
    /// The proving key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    zkey: Location,
}

impl Run for Show {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let bytes = input::large(&self.zkey)?;
        let read = ceremony::read(&bytes);
        let found = read.map_err(|error| Failure::invalid(format!("--zkey {}: {error}", self.zkey)))?;
        if output.is_json() {
            return output.json(&report::json(&found));
        }
        report::print(&found, output)?;
        output.note("nothing is verified: `proof ceremony verify` does it");
        Ok(())
    }
}
