//! `proof check`.

use broker_client::CheckWitnessRequest;
use clap::Args;
use serde_json::json;

use super::{
    super::run::{Context, Run},
    assignment::{Assignment, AssignmentOptions, note_exposed},
    prove::OPTIONS,
    report::Report,
    target::{Target, patient},
};
use crate::{error::Failure, output::Output, progress, runtime::block_on};

/// Check whether values satisfy a circuit, without a proof
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Values that do not satisfy the circuit are refused with exit code 1, and the message names the constraint.

Examples:
  cryptobroker proof check --profile Groth16-Dev --circuit multiply --input a=3 --input b=11 --input c=33
  cryptobroker proof check --profile Proofs --circuit membership --witness witness.wtns")]
pub(crate) struct Check {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    assignment: AssignmentOptions,
}

impl Run for Check {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let exposed = self.assignment.exposed();
        let request = CheckWitnessRequest::new(&self.target.circuit).profile(&self.target.profile);
        let request = match self.assignment.read()? {
            Assignment::Inputs(inputs) => {
                inputs.into_iter().fold(request, |request, (name, value)| request.input(name, value))
            }
            Assignment::Witness(witness) => request.witness(witness),
        };
        let checked = block_on(async {
            let client = patient(context.endpoint).client()?;
            note_exposed(exposed, &self.target, &client, output).await?;
            let what = format!("checking {}", self.target.circuit);
            progress::with_spinner(&what, output, async { Ok(client.check_witness(request).await?) }).await
        })
        .map_err(|failure| failure.with_options(&OPTIONS))?;
        Report::new(&checked.id, checked.deprecation.as_ref(), &checked.descriptor)
            .line("circuit", format!("{}: satisfied", self.target.circuit))
            .member("satisfied", json!(true))
            .key(&checked.key)
            .public_signals(&checked.public_signals)
            .print(false, output)
    }
}
