//! `proof prove`.

use std::time::Duration;

use broker_client::{Client, ProofFigures, ProveRequest, ProveResponse, ProveStreamRequest};
use clap::{Args, ValueHint};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    super::run::{Context, Run},
    assignment::{Assignment, AssignmentOptions, note_exposed},
    format::ProofFormat,
    public_file,
    report::Report,
    target::{ExpectedKey, Target, patient},
};
use crate::{
    data::MAX_MESSAGE, error::Failure, location::Location, output::Output, output_files::OutputFiles,
    progress, runtime::block_on,
};

/// Prove a statement
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Other processes can see arguments: write private values into files.

Examples:
  cryptobroker proof prove --profile Groth16-Dev --circuit multiply --input a=3 --input b=11 \\
    --proof-out proof.json --public-out public.json
  cryptobroker proof prove --profile Groth16-Dev --circuit payment --inputs input.json \\
    --proof-out proof.json --public-out public.json
  cryptobroker proof prove --profile Proofs --circuit membership --witness witness.wtns \\
    --proof-out proof.json --public-out public.json")]
pub(crate) struct Prove {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    assignment: AssignmentOptions,
    /// Write the proof to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    proof_out: Location,
    /// Write the values of the public signals to this file, replacing it: snarkjs' public.json; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_out: Option<Location>,
    /// How the proof is written
    #[arg(long, value_name = "FORMAT", default_value = "snarkjs")]
    format: ProofFormat,
    #[command(flatten)]
    key: ExpectedKey,
}

impl Run for Prove {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let mut files = OutputFiles::new(false).public("--proof-out", "proof", self.proof_out);
        if let Some(location) = self.public_out {
            files = files.public("--public-out", "public", location);
        }
        files.check(&self.assignment.locations(), output)?;
        let exposed = self.assignment.exposed();
        let call = Call {
            target: &self.target,
            format: self.format,
            key: self.key,
            timeout: context.endpoint.timeout,
        };
        let assignment = self.assignment.read()?;
        let proved = block_on(async {
            let client = patient(context.endpoint).client()?;
            note_exposed(exposed, &self.target, &client, output).await?;
            call.send(assignment, &client, output).await
        })
        .map_err(|failure| failure.with_options(&OPTIONS))?;
        let public = public_file::write(&proved.public_signals);
        let contents = [&*proved.proof, &*public];
        files.write(&contents, output, |output| report(&proved, &files, &contents, output))
    }
}

/// What all ways of sending have in common.
struct Call<'a> {
    target: &'a Target,
    format: ProofFormat,
    key: ExpectedKey,
    timeout: Option<Duration>,
}

impl Call<'_> {
    /// Sends inputs, and a witness that fits, in one message; a longer witness in parts.
    async fn send(
        &self,
        assignment: Assignment,
        client: &Client,
        output: &Output,
    ) -> Result<ProveResponse, Failure> {
        let Target { profile, circuit } = self.target;
        let request = ProveRequest::new(circuit).profile(profile);
        let request = match assignment {
            Assignment::Inputs(inputs) => {
                inputs.into_iter().fold(request, |request, (name, value)| request.input(name, value))
            }
            Assignment::Witness(witness) if witness.len() > MAX_MESSAGE => {
                return self.send_stream(witness, client, output).await;
            }
            Assignment::Witness(witness) => request.witness(witness),
        };
        let mut request = request.format(self.format.into());
        if let Some(fingerprint) = self.key.fingerprint {
            request = request.expect_key(fingerprint);
        }
        let what = format!("proving {circuit}");
        progress::with_spinner(&what, output, async { Ok(client.prove(request).await?) }).await
    }

    async fn send_stream(
        &self,
        witness: Zeroizing<Vec<u8>>,
        client: &Client,
        output: &Output,
    ) -> Result<ProveResponse, Failure> {
        let Target { profile, circuit } = self.target;
        let request = ProveStreamRequest::of_witness(circuit, &witness).profile(profile);
        let mut request = request.format(self.format.into());
        if let Some(fingerprint) = self.key.fingerprint {
            request = request.expect_key(fingerprint);
        }
        if let Some(timeout) = self.timeout {
            request = request.timeout(timeout);
        }
        let send = async |witness| client.prove_reader(request, witness).await;
        progress::send_bytes_with_bar(witness, output, send).await
    }
}

/// The options of fields.
pub(super) const OPTIONS: [(&str, &str); 6] = [
    ("circuit", "--circuit"),
    ("inputs", "--input or --inputs"),
    ("witness", "--witness"),
    ("witness_length", "--witness"),
    ("witness_sha256", "--witness"),
    ("expected_fingerprint", "--fingerprint"),
];

fn report(
    proved: &ProveResponse,
    files: &OutputFiles,
    contents: &[&[u8]],
    output: &mut Output,
) -> Result<(), Failure> {
    let figures = &proved.figures;
    let time: Duration = parts(figures).map(|(_, time)| time).iter().sum();
    Report::new(&proved.id, proved.deprecation.as_ref(), &proved.descriptor)
        .files(files, contents)
        .key(&proved.key)
        .line("prover", format!("{}: {:.1} ms, in all {:.1} ms", proved.prover, ms(figures.prove), ms(time)))
        .public_signals(&proved.public_signals)
        .member("prover", json!(proved.prover))
        .member("figures", to_json(figures))
        .print(files.use_stdout(), output)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns where the time went.
fn parts(figures: &ProofFigures) -> [(&'static str, Duration); 8] {
    [
        ("queue", figures.queue),
        ("keyLoad", figures.key_load),
        ("upload", figures.upload),
        ("witness", figures.witness),
        ("check", figures.check),
        ("prove", figures.prove),
        ("selfVerify", figures.self_verify),
        ("other", figures.other),
    ]
}

fn to_json(figures: &ProofFigures) -> Value {
    let microseconds = parts(figures)
        .into_iter()
        .map(|(name, time)| (name.to_owned(), json!(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))));
    json!({
        "microseconds": microseconds.collect::<serde_json::Map<_, _>>(),
        "reservedBytes": figures.reserved_bytes,
    })
}
