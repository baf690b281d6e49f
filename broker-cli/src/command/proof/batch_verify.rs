//! `proof batch-verify`.

use std::ffi::OsString;

use broker_client::{BatchVerifyRequest, BatchVerifyResponse};
use clap::Args;
use serde_json::json;

use super::{
    super::run::{Context, Run},
    expectation::{self, Expectation},
    format::ProofFormat,
    report::Report,
    target::{ExpectedKey, Target, patient},
    value_file,
};
use crate::{
    error::{Exit, Failure},
    input,
    location::Location,
    output::{BAD, GOOD, Output},
    progress,
    runtime::block_on,
};

/// Verify proofs of one circuit together; 0 when all are valid, 4 when one is not
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
What --expect says applies to every item; what an item's own file says, to that item.

Examples:
  cryptobroker proof batch-verify --profile Groth16-Dev --circuit multiply \\
    --item proof1.json,public1.json --item proof2.json,public2.json
  cryptobroker proof batch-verify --profile Groth16-Dev --circuit payment \\
    --expect recipient=text:alice --expect maxAge=3600 \\
    --item proof1.json,public1.json,order1.json --item proof2.json,public2.json,order2.json")]
pub(crate) struct BatchVerify {
    #[command(flatten)]
    target: Target,
    /// A proof, its public.json, and the file of your own values of its public signals, written like snarkjs' input.json
    #[arg(long = "item", value_name = "PROOF,PUBLIC[,EXPECT]", value_parser = Item::parse, required = true)]
    items: Vec<Item>,
    #[command(flatten)]
    expectation: Expectation,
    /// How the proofs are written
    #[arg(long, value_name = "FORMAT", default_value = "snarkjs")]
    format: ProofFormat,
    #[command(flatten)]
    key: ExpectedKey,
}

/// `--item`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    proof: Location,
    public: Location,
    expect: Option<Location>,
}

impl Item {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write PROOF,PUBLIC or PROOF,PUBLIC,EXPECT: names of files without commas";
        let parts: Vec<&str> = text.split(',').collect();
        let location = |text: &str| Location::from(OsString::from(text));
        if parts.contains(&"") {
            return Err(FORM);
        }
        match *parts {
            [proof, public] => Ok(Self { proof: location(proof), public: location(public), expect: None }),
            [proof, public, expect] => {
                let expect = Some(location(expect));
                Ok(Self { proof: location(proof), public: location(public), expect })
            }
            _ => Err(FORM),
        }
    }

    fn locations(&self) -> [(&'static str, Option<&Location>); 3] {
        [Some(&self.proof), Some(&self.public), self.expect.as_ref()].map(|location| ("--item", location))
    }
}

impl Run for BatchVerify {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let inputs = self.items.iter().flat_map(Item::locations).chain(self.expectation.locations());
        input::check_single_stdin(&inputs.collect::<Vec<_>>())?;
        let common = self.expectation.read()?;
        let mut items = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let mut expect = common.clone();
            if let Some(location) = &item.expect {
                expect.extend(value_file::read(location)?);
            }
            items.push(expectation::item(&item.proof, &item.public, self.format, expect)?);
        }
        let mut request = BatchVerifyRequest::new(&self.target.circuit, items).profile(&self.target.profile);
        if let Some(fingerprint) = self.key.fingerprint {
            request = request.expect_key(fingerprint);
        }
        let call = async { Ok(patient(context.endpoint).client()?.batch_verify(request).await?) };
        let what = format!("verifying {}", self.target.circuit);
        let verified = block_on(progress::with_spinner(&what, output, call))
            .map_err(|failure| failure.with_options(&OPTIONS))?;
        print(&self.items, &verified, output)
    }
}

/// The options of fields.
const OPTIONS: [(&str, &str); 6] = [
    ("circuit", "--circuit"),
    ("proof", "the first file of --item"),
    ("public_signals", "the second file of --item"),
    ("expect", "--expect, --expect-file or the third file of --item"),
    ("items", "--item"),
    ("expected_fingerprint", "--fingerprint"),
];

/// Prints the verdicts; the exit code says whether all proofs are valid.
fn print(items: &[Item], verified: &BatchVerifyResponse, output: &mut Output) -> Result<(), Failure> {
    let all = verified.valid.iter().all(|valid| *valid);
    let verdicts = || items.iter().zip(&verified.valid);
    if !output.is_json() {
        for (item, valid) in verdicts() {
            let (style, word) = if *valid { (GOOD, "valid") } else { (BAD, "invalid") };
            output.line(format!("{style}{word:7}{style:#} {}, {}", item.proof, item.public))?;
        }
    }
    let list = verdicts().map(|(item, valid)| {
        json!({ "proof": item.proof.to_string(), "public": item.public.to_string(), "valid": valid })
    });
    Report::new(&verified.id, verified.deprecation.as_ref(), &verified.descriptor)
        .member("valid", json!(all))
        .member("items", list.collect())
        .key(&verified.key)
        .print(true, output)?;
    if all { Ok(()) } else { Err(Failure::Reported(Exit::NotValid)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_two_or_three_files() {
        let file = |name: &str| Location::File(name.into());
        let two = Item { proof: file("p"), public: file("u"), expect: None };
        assert_eq!(Item::parse("p,u"), Ok(two.clone()));
        assert_eq!(Item::parse("p,u,e"), Ok(Item { expect: Some(file("e")), ..two.clone() }));
        assert_eq!(Item::parse("p,-"), Ok(Item { public: Location::Stdio, ..two }));
        for wrong in ["", "p", "p,", ",u", "p,u,", "p,u,e,x"] {
            assert!(Item::parse(wrong).is_err(), "{wrong}");
        }
    }
}
