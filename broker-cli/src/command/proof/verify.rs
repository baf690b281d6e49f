//! `proof verify`.

use broker_client::{VerifyProofRequest, VerifyProofResponse};
use clap::{Args, ValueHint};
use serde_json::json;

use super::{
    super::run::{Context, Run},
    expectation::{self, Expectation},
    format::ProofFormat,
    report::Report,
    target::{ExpectedKey, Target, patient},
};
use crate::{
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, GOOD, Output},
    progress,
    runtime::block_on,
};

/// Verify a proof; 0 when it is valid, 4 when it is not
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The prover chose the public signals. Compare them with what you know, or state your own values with
--expect. From the public signals of `payment` only currentTime and nullifier are taken.

The exit code is 0 for a valid proof and 4 for one that is not.

Examples:
  cryptobroker proof verify --profile Groth16-Dev --circuit multiply --proof proof.json --public public.json
  cryptobroker proof verify --profile Groth16-Dev --circuit payment --proof proof.json --public public.json \\
    --expect minAmount=2500 --expect recipient=text:alice --expect maxAge=3600 --expect commitment=@commitment \\
    --expect \"context=text:order 4711\"")]
pub(crate) struct Verify {
    #[command(flatten)]
    target: Target,
    /// The proof; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    proof: Location,
    /// The values of the public signals: snarkjs' public.json; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public: Location,
    #[command(flatten)]
    expectation: Expectation,
    /// How the proof is written
    #[arg(long, value_name = "FORMAT", default_value = "snarkjs")]
    format: ProofFormat,
    #[command(flatten)]
    key: ExpectedKey,
    /// Verify with this key, where the profile has AllowCallerKey: snarkjs' verification_key.json, or arkworks' bytes; `-` is
    /// standard input [default: the circuit's key]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    verifying_key: Option<Location>,
}

impl Run for Verify {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let inputs = [
            ("--proof", Some(&self.proof)),
            ("--public", Some(&self.public)),
            ("--verifying-key", self.verifying_key.as_ref()),
        ];
        input::check_single_stdin(
            &inputs.into_iter().chain(self.expectation.locations()).collect::<Vec<_>>(),
        )?;
        let verifying_key = self.verifying_key.as_ref().map(input::bytes).transpose()?;
        let item = expectation::item(&self.proof, &self.public, self.format, self.expectation.read()?)?;
        let mut request = VerifyProofRequest::new(&self.target.circuit, item).profile(&self.target.profile);
        if let Some(fingerprint) = self.key.fingerprint {
            request = request.expect_key(fingerprint);
        }
        if let Some(key) = verifying_key {
            request = request.verifying_key(key);
        }
        let call = async { Ok(patient(context.endpoint).client()?.verify_proof(request).await?) };
        let what = format!("verifying {}", self.target.circuit);
        let verified = block_on(progress::with_spinner(&what, output, call))
            .map_err(|failure| failure.with_options(&OPTIONS))?;
        print(&verified, output)
    }
}

/// The options of fields.
const OPTIONS: [(&str, &str); 6] = [
    ("circuit", "--circuit"),
    ("proof", "--proof"),
    ("public_signals", "--public"),
    ("expect", "--expect or --expect-file"),
    ("expected_fingerprint", "--fingerprint"),
    ("verifying_key", "--verifying-key"),
];

/// Prints the verdict; the exit code repeats it.
fn print(verified: &VerifyProofResponse, output: &mut Output) -> Result<(), Failure> {
    if !output.is_json() {
        let (style, word) = if verified.valid { (GOOD, "valid") } else { (BAD, "invalid") };
        output.line(format!("{style}{word}{style:#}"))?;
    }
    let mut report = Report::new(&verified.id, verified.deprecation.as_ref(), &verified.descriptor)
        .member("valid", json!(verified.valid))
        .key(&verified.key);
    if verified.valid || output.is_json() {
        report = report.public_signals(&verified.public_signals);
    }
    report.print(true, output)?;
    if verified.valid { Ok(()) } else { Err(Failure::Reported(Exit::NotValid)) }
}
