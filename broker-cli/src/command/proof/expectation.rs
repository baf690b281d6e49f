//! The verifier's own values of public signals.

use broker_client::{InputValue, ProofItem};
use clap::{Args, ValueHint};

use super::{assignment::check_names, format::ProofFormat, named_value::NamedValue, public_file, value_file};
use crate::{error::Failure, input, location::Location};

/// `--expect` and `--expect-file`.
#[derive(Args, Clone, Debug)]
pub(super) struct Expectation {
    /// Your own value of a public signal, written like an input of `proof prove`. `payment` needs minAmount, recipient,
    /// maxAge, commitment and context, and also takes now and skew
    #[arg(long, value_name = "NAME=VALUE", value_parser = NamedValue::parse)]
    expect: Vec<NamedValue>,
    /// Such values in a file, written like snarkjs' input.json; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    expect_file: Option<Location>,
}

impl Expectation {
    /// Returns the files that are read, with their options.
    pub(super) fn locations(&self) -> Vec<(&'static str, Option<&Location>)> {
        let values = self.expect.iter().map(|value| ("--expect", value.location()));
        values.chain([("--expect-file", self.expect_file.as_ref())]).collect()
    }

    /// Reads the values.
    ///
    /// # Errors
    /// Fails where a file cannot be read or is malformed.
    pub(super) fn read(self) -> Result<Vec<(String, InputValue)>, Failure> {
        let mut values =
            self.expect.into_iter().map(NamedValue::into_value).collect::<Result<Vec<_>, _>>()?;
        if let Some(location) = &self.expect_file {
            values.extend(value_file::read(location)?);
        }
        Ok(values)
    }
}

/// Reads a proof and its public signals.
///
/// # Errors
/// Fails where a file cannot be read or is malformed, or a signal is expected twice.
pub(super) fn item(
    proof: &Location,
    public: &Location,
    format: ProofFormat,
    expect: Vec<(String, InputValue)>,
) -> Result<ProofItem, Failure> {
    check_names("expected value", &expect)?;
    let item = ProofItem::new(input::bytes(proof)?).format(format.into());
    let item = item.public_signals(public_file::read(public)?);
    Ok(expect.into_iter().fold(item, |item, (name, value)| item.expect(name, value)))
}
