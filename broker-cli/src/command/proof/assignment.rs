//! The values of a proof: inputs by name, or a witness.

use std::collections::BTreeSet;

use broker_client::{Client, InputValue, ListCircuitsRequest};
use clap::{Args, ValueHint};
use zeroize::Zeroizing;

use super::{named_value::NamedValue, target::Target, value_file};
use crate::{error::Failure, input, location::Location, output::Output};

/// `--input`, `--inputs` and `--witness`.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(super) struct AssignmentOptions {
    /// An input: a number, numbers with commas between them, `text:TEXT`, `hex:HEX`, or `@FILE` for a value in a file. Other
    /// processes can see arguments, so private values belong in files
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = NamedValue::parse)]
    inputs: Vec<NamedValue>,
    /// Inputs in a file: snarkjs' input.json; `-` is standard input
    #[arg(long = "inputs", value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<Location>,
    /// All signals in a file: a .wtns of circom or snarkjs; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["inputs", "file"])]
    witness: Option<Location>,
}

/// The values that the options give.
pub(super) enum Assignment {
    /// Inputs by name.
    Inputs(Vec<(String, InputValue)>),
    /// The content of a `.wtns` file.
    Witness(Zeroizing<Vec<u8>>),
}

impl AssignmentOptions {
    /// Returns the files that are read.
    pub(super) fn locations(&self) -> Vec<Option<&Location>> {
        let inputs = self.inputs.iter().map(NamedValue::location);
        inputs.chain([self.file.as_ref(), self.witness.as_ref()]).collect()
    }

    /// Returns the names of the inputs whose values are arguments.
    pub(super) fn exposed(&self) -> Vec<String> {
        let exposed = self.inputs.iter().filter(|input| input.location().is_none());
        exposed.map(|input| input.name.clone()).collect()
    }

    /// Reads the values.
    ///
    /// # Errors
    /// Fails where a file cannot be read or is malformed, or an input is given twice.
    pub(super) fn read(self) -> Result<Assignment, Failure> {
        let inputs = self.inputs.iter().map(|input| ("--input", input.location()));
        let files = [("--inputs", self.file.as_ref()), ("--witness", self.witness.as_ref())];
        input::check_single_stdin(&inputs.chain(files).collect::<Vec<_>>())?;
        if let Some(location) = &self.witness {
            return Ok(Assignment::Witness(input::secret(location)?));
        }
        let mut values =
            self.inputs.into_iter().map(NamedValue::into_value).collect::<Result<Vec<_>, _>>()?;
        if let Some(location) = &self.file {
            values.extend(value_file::read(location)?);
        }
        check_names("input", &values)?;
        Ok(Assignment::Inputs(values))
    }
}

/// Fails where two values have the same name.
///
/// # Errors
/// Names the first such name.
pub(super) fn check_names(what: &str, values: &[(String, InputValue)]) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    match values.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(Failure::usage(format!("the {what} {name:?} is given twice"))),
        None => Ok(()),
    }
}

/// Notes which private values other processes have seen.
///
/// # Errors
/// Fails where the circuits of the profile cannot be listed.
pub(super) async fn note_exposed(
    mut exposed: Vec<String>,
    target: &Target,
    client: &Client,
    output: &mut Output,
) -> Result<(), Failure> {
    // Nobody would read the note.
    if exposed.is_empty() || output.is_json() || output.is_quiet() {
        return Ok(());
    }
    let listed = client.list_circuits(ListCircuitsRequest::new().profile(&target.profile)).await?;
    // A circuit or an input that does not exist is refused in a moment.
    let Some(circuit) = listed.circuits.iter().find(|circuit| circuit.name == target.circuit) else {
        return Ok(());
    };
    // Which inputs of an operator's circuit are public is not known.
    if !circuit.inputs.is_empty() {
        exposed.retain(|name| circuit.inputs.iter().any(|input| input.name == *name && !input.public));
    }
    match &*exposed {
        [] => {}
        [name, ..] => output.note(format!(
            "other processes can see arguments: where {} secret, write {name}=@FILE, or a file for --inputs",
            match &*exposed {
                [name] => format!("the input {name} is"),
                names => format!("the inputs {} are", names.join(", ")),
            }
        )),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Options {
        #[command(flatten)]
        assignment: AssignmentOptions,
    }

    fn parse(words: &str) -> Result<AssignmentOptions, clap::error::ErrorKind> {
        let options = Options::try_parse_from(["test"].into_iter().chain(words.split_whitespace()));
        options.map(|options| options.assignment).map_err(|error| error.kind())
    }

    #[test]
    fn takes_inputs_or_a_witness() {
        use clap::error::ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
        assert_eq!(parse("").unwrap_err(), MissingRequiredArgument);
        assert_eq!(parse("--input a=1 --witness w").unwrap_err(), ArgumentConflict);
        assert_eq!(parse("--inputs i --witness w").unwrap_err(), ArgumentConflict);
        assert_eq!(parse("--input a").unwrap_err(), ValueValidation);
        assert!(parse("--witness w").is_ok() && parse("--inputs -").is_ok());
        let both = parse("--input a=1 --input b=@f --inputs i").unwrap();
        assert_eq!(["a"], *both.exposed());
        assert_eq!(2, both.locations().into_iter().flatten().count());
    }

    #[test]
    fn no_input_is_given_twice_and_standard_input_is_read_once() {
        let failure = |words| parse(words).unwrap().read().map(|_| ()).unwrap_err().to_string();
        assert_eq!("the input \"a\" is given twice", failure("--input a=1 --input b=2 --input a=1"));
        assert!(failure("--input a=@- --inputs -").starts_with("--input and --inputs cannot both be `-`"));
        assert!(failure("--input a=@- --input b=@-").starts_with("--input and --input cannot both be `-`"));
    }
}
