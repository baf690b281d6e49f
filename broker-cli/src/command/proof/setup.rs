//! `proof setup`.

use broker_client::SetupRequest;
use clap::Args;
use serde_json::json;

use super::{
    super::run::{Context, Run},
    report::Report,
    target::{Target, patient},
};
use crate::{error::Failure, output::Output, progress, runtime::block_on};

/// Make the key of a built-in circuit, if there is none
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The broker then knew the randomness from which false proofs can be made: the key is single-party. A key
that exists is never replaced.

Example:
  cryptobroker proof setup --profile Groth16-Dev --circuit payment")]
pub(crate) struct Setup {
    #[command(flatten)]
    target: Target,
}

impl Run for Setup {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let Target { profile, circuit } = self.target;
        let what = format!("making the key of {circuit}");
        let request = SetupRequest::new(&circuit).profile(profile);
        let call = async { Ok(patient(context.endpoint).client()?.setup_circuit(request).await?) };
        let made = block_on(progress::with_spinner(&what, output, call))
            .map_err(|failure| failure.with_options(&[("circuit", "--circuit")]))?;
        let how = if made.created { "made now" } else { "there was one" };
        Report::new(&made.id, made.deprecation.as_ref(), &made.descriptor)
            .line("circuit", format!("{circuit}: {how}"))
            .member("created", json!(made.created))
            .key(&made.key)
            .print(false, output)
    }
}
