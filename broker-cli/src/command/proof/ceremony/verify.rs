//! `proof ceremony verify`.

use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use broker_groth16::{
    ceremony::{self, Ceremony, CeremonyError, Files, Flaw, Progress, Step},
    interrupt::Never,
};
use broker_server::circuits::{self, CeremonyFiles};
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    super::super::run::{Context, Run},
    report,
};
use crate::{
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, DIM, GOOD, Output, wrapped},
    progress::StepBar,
};

/// Verify that a proving key is the result of its contributions; 0 when it is, 4 when it is not
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Verified is what `snarkjs zkey verify` verifies: that the key is the one that follows from the constraints and the powers of
tau, changed by the contributions that it lists and by nothing else. Keys that everybody can use to forge proofs, because no
contribution was made, are refused, too.
Not verified: that the powers of tau are those of a ceremony (compare the file's SHA-256 with the one that the ceremony has
published, or use `snarkjs powersoftau verify`), who the contributors are, and that one of them has kept no secret.
The files must be regular ones, or `-` for standard input, and are read into memory. The time grows with the circuit:
minutes for 100,000 constraints.
The exit code is 0 for a verified key, 4 for one that is not the result of its contributions, and 1 for files that cannot be
read or are malformed.

Examples:
  cryptobroker proof ceremony verify --r1cs membership.r1cs --ptau powersOfTau28_hez_final_14.ptau --zkey membership.zkey
  sudo -u broker cryptobroker proof ceremony verify --r1cs membership.r1cs --ptau final.ptau --zkey membership.zkey \\
    --key-store /var/lib/cryptobroker/keys")]
pub(crate) struct Verify {
    /// The constraints, as circom wrote them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    r1cs: Location,
    /// The powers of tau from which the key was made, prepared for the second phase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ptau: Location,
    /// The proving key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    zkey: Location,
    /// Note the result in the key store of a broker on this machine, as the broker's user: the key is then ceremony-verified
    /// under profiles that name these three files. The folder must exist
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    key_store: Option<PathBuf>,
}

impl Run for Verify {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let inputs = [("--r1cs", &self.r1cs), ("--ptau", &self.ptau), ("--zkey", &self.zkey)];
        input::check_single_stdin(&inputs.map(|(option, location)| (option, Some(location))))?;
        if let Some(folder) = &self.key_store {
            // What would fail after minutes fails now.
            circuits::check_existing_store(folder).map_err(|error| Failure::local("--key-store", error))?;
        }
        let (r1cs, ptau, zkey) =
            (input::large(&self.r1cs)?, input::large(&self.ptau)?, input::large(&self.zkey)?);
        let bar = StepBar::new(output);
        let files = Files { r1cs: &r1cs, ptau: &ptau, zkey: &zkey };
        let outcome = ceremony::verify(
            files,
            &mut circuits::randomness(),
            &Never,
            &mut |Progress { step, done, all }| bar.set(step.description(), done, all),
        );
        bar.finish();
        let hashes =
            || CeremonyFiles { zkey: sha256(&zkey), r1cs: sha256(&r1cs), powers_of_tau: sha256(&ptau) };
        match outcome {
            Ok(ceremony) => {
                let hashes = hashes();
                if let Some(folder) = &self.key_store {
                    circuits::note_verified(folder, &hashes)
                        .map_err(|error| Failure::local("--key-store", error))?;
                }
                self.print_verified(&ceremony, &hashes, output)
            }
            Err(CeremonyError::Flaw(flaw)) => print_flaw(flaw, output),
            Err(CeremonyError::Zkey(error)) => Err(malformed("--zkey", &self.zkey, &error)),
            Err(CeremonyError::R1cs(error)) => Err(malformed("--r1cs", &self.r1cs, &error)),
            Err(CeremonyError::Ptau(error)) => Err(malformed("--ptau", &self.ptau, &error)),
            Err(CeremonyError::Interrupted(_)) => Err(Failure::Interrupted),
            Err(error @ CeremonyError::SurplusPoint) => Err(malformed("--ptau", &self.ptau, &error)),
            Err(error) => Err(malformed("--zkey", &self.zkey, &error)),
        }
    }
}

impl Verify {
    fn print_verified(
        &self,
        ceremony: &Ceremony,
        hashes: &CeremonyFiles,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let files = [("zkey", hashes.zkey), ("r1cs", hashes.r1cs), ("ptau", hashes.powers_of_tau)];
        if output.is_json() {
            let mut value = json!({ "valid": true, "steps": steps(None), "noted": self.key_store.is_some() });
            if let (Some(map), Value::Object(ceremony)) = (value.as_object_mut(), report::json(ceremony)) {
                map.extend(ceremony);
                let files = files.iter().map(|(name, hash)| ((*name).to_owned(), json!(hex::encode(hash))));
                map.insert("sha256".into(), Value::Object(files.collect()));
            }
            return output.json(&value);
        }
        output.line(format!("{GOOD}verified{GOOD:#}"))?;
        if output.is_quiet() {
            return Ok(());
        }
        for step in Step::ALL {
            print_step(step, Verdict::Passed, output)?;
        }
        output.line("")?;
        report::print(ceremony, output)?;
        for (name, hash) in files {
            report::fact(&format!("{name} SHA-256"), &hex::encode(hash), output)?;
        }
        if let Some(folder) = &self.key_store {
            report::fact("noted in", &folder.display().to_string(), output)?;
        }
        output.line(format!(
            "{DIM}not verified: the ceremony of the powers of tau; who the contributors are{DIM:#}"
        ))
    }
}

/// The verdict on a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    NotReached,
}

impl Verdict {
    /// Returns the verdict on a step where `failed` is the one that failed, if any.
    fn new(step: Step, failed: Option<Step>) -> Self {
        match failed {
            None => Self::Passed,
            Some(failed) if step < failed => Self::Passed,
            Some(failed) if step == failed => Self::Failed,
            Some(_) => Self::NotReached,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
        }
    }
}

fn steps(failed: Option<Step>) -> Value {
    let steps = Step::ALL
        .iter()
        .map(|step| json!({ "step": step.name(), "verdict": Verdict::new(*step, failed).name() }));
    steps.collect()
}

fn print_step(step: Step, verdict: Verdict, output: &mut Output) -> Result<(), Failure> {
    let (style, mark) = match verdict {
        Verdict::Passed => (GOOD, "✓"),
        Verdict::Failed => (BAD, "✗"),
        Verdict::NotReached => (DIM, "–"),
    };
    let columns = report::NAME_COLUMNS;
    for (number, line) in wrapped(step.description(), columns + 3).into_iter().enumerate() {
        let (mark, name) = if number == 0 { (mark, step.name()) } else { (" ", "") };
        output.line(format!("{style}{mark}{style:#} {name:columns$} {line}"))?;
    }
    Ok(())
}

/// Prints that the key is not the result of its contributions; the exit code repeats it.
fn print_flaw(flaw: Flaw, output: &mut Output) -> Result<(), Failure> {
    let failed = flaw.step();
    if output.is_json() {
        let steps = steps(Some(failed));
        output.json(
            &json!({ "valid": false, "reason": failed.name(), "message": flaw.to_string(), "steps": steps }),
        )?;
        return Err(Failure::Reported(Exit::NotValid));
    }
    output.line(format!("{BAD}not verified{BAD:#}"))?;
    for line in wrapped(&flaw.to_string(), 2) {
        output.line(format!("  {line}"))?;
    }
    if !output.is_quiet() {
        for step in Step::ALL {
            print_step(step, Verdict::new(step, Some(failed)), output)?;
        }
    }
    Err(Failure::Reported(Exit::NotValid))
}

fn malformed(option: &str, location: &Location, error: &dyn std::fmt::Display) -> Failure {
    Failure::invalid(format!("{option} {location}: {error}"))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let hash = digest(&SHA256, bytes);
    // SHA-256 has 32 bytes.
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}
