//! `proof circuits`.

use broker_client::{Circuit, ListCircuitsRequest, ListCircuitsResponse};
use clap::Args;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::{Value, json};

use super::{
    super::{
        notes,
        run::{Context, Run},
    },
    key,
};
use crate::{
    args::{DEFAULT_PROFILE, profile_names},
    error::Failure,
    json,
    output::{DIM, HEAD, Output, count, wrapped},
    runtime::block_on,
    terminal,
};

/// The number of hexadecimal digits of a fingerprint in the table.
const SHORT_FINGERPRINT: usize = 16;

/// A line below the heading only.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The circuits of a profile, or one of them with its inputs
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker proof circuits --profile Groth16-Dev
  cryptobroker proof circuits --profile Groth16-Dev --circuit payment")]
pub(crate) struct Circuits {
    /// The profile
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// Show this circuit, with its inputs
    #[arg(long, value_name = "NAME")]
    circuit: Option<String>,
}

impl Run for Circuits {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let request = ListCircuitsRequest::new().profile(&self.profile);
        let mut listed = block_on(async { Ok(context.endpoint.client()?.list_circuits(request).await?) })?;
        if let Some(name) = &self.circuit {
            listed.circuits.retain(|circuit| circuit.name == *name);
            if listed.circuits.is_empty() {
                return Err(Failure::invalid(format!(
                    "the profile {} has no circuit {name:?}",
                    self.profile
                )));
            }
        }
        if output.is_json() {
            return output.json(&to_json(&listed));
        }
        notes::note_deprecation(listed.deprecation.as_ref(), output);
        notes::print_details(&listed.id, Some(&listed.descriptor), output);
        match (&self.circuit, &*listed.circuits) {
            (Some(_), [circuit, ..]) => print_one(circuit, output),
            (_, circuits) => print_table(circuits, output),
        }
    }
}

fn print_table(circuits: &[Circuit], output: &mut Output) -> Result<(), Failure> {
    let mut table = table(["circuit", "curve", "constraints", "takes", "key", "setup"]);
    for circuit in circuits {
        let fingerprint = |fingerprint: String| fingerprint.chars().take(SHORT_FINGERPRINT).collect();
        let key = circuit.key.as_ref();
        table.add_row([
            circuit.name.clone(),
            circuit.curve.clone(),
            circuit.constraints.map_or_else(|| "?".to_owned(), |constraints| constraints.to_string()),
            takes(circuit).to_owned(),
            key.map_or_else(|| "not in memory".to_owned(), |key| fingerprint(key.fingerprint.to_string())),
            key.map(key::origin).unwrap_or_default(),
        ]);
    }
    print_lines(&table, output)
}

fn takes(circuit: &Circuit) -> &'static str {
    if circuit.takes_inputs { "inputs, witness" } else { "witness" }
}

fn print_one(circuit: &Circuit, output: &mut Output) -> Result<(), Failure> {
    let mut facts = vec![circuit.curve.clone()];
    facts.extend(circuit.version.map(|version| format!("version {version}")));
    facts.extend(circuit.constraints.map(|constraints| count(constraints, "constraint")));
    if circuit.built_in {
        facts.push("built in".to_owned());
    }
    output.line(format!("{HEAD}{}{HEAD:#}  {}", circuit.name, facts.join(", ")))?;
    for line in wrapped(circuit.statement.as_deref().unwrap_or_default(), 0) {
        if !line.is_empty() {
            output.line(format!("{DIM}{line}{DIM:#}"))?;
        }
    }
    let lines = [
        ("takes", Some(takes(circuit).to_owned())),
        (
            "checked",
            (!circuit.checks_witness).then(|| "no: witnesses cannot be checked without a .r1cs".to_owned()),
        ),
        (
            "key",
            Some(
                circuit
                    .key
                    .as_ref()
                    .map_or_else(|| "not in memory".to_owned(), |key| key.fingerprint.to_string()),
            ),
        ),
        ("setup", circuit.key.as_ref().map(key::origin)),
        ("ceremony", circuit.key.as_ref().and_then(|key| key.ceremony.clone())),
        ("to expect", Some(circuit.expected_signals.join(", ")).filter(|signals| !signals.is_empty())),
    ];
    for (name, text) in lines {
        if let Some(text) = text {
            for (number, line) in wrapped(&text, 10).into_iter().enumerate() {
                let name = if number == 0 { name } else { "" };
                output.line(format!("{HEAD}{name:9}{HEAD:#} {line}"))?;
            }
        }
    }
    if circuit.inputs.is_empty() {
        return Ok(());
    }
    let mut table = table(["input", "kind", "seen by", "meaning"]);
    for input in &circuit.inputs {
        let seen = if input.public { "everybody" } else { "the prover" };
        let meaning = match input.optional {
            true => format!("{} (may be left out)", input.description),
            false => input.description.clone(),
        };
        table.add_row([&*input.name, &*input.kind, seen, &*meaning]);
    }
    output.line("")?;
    print_lines(&table, output)
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    if let Some(columns) = terminal::stdout_columns() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    }
    table
}

fn print_lines(table: &Table, output: &mut Output) -> Result<(), Failure> {
    table.to_string().lines().try_for_each(|line| output.line(line.trim_end()))
}

fn to_json(listed: &ListCircuitsResponse) -> Value {
    let circuits = listed.circuits.iter().map(|circuit| {
        let inputs = circuit.inputs.iter().map(|input| {
            json!({
                "name": input.name,
                "kind": input.kind,
                "public": input.public,
                "optional": input.optional,
                "description": input.description,
            })
        });
        json!({
            "name": circuit.name,
            "curve": circuit.curve,
            "builtIn": circuit.built_in,
            "version": circuit.version,
            "statement": circuit.statement,
            "constraints": circuit.constraints,
            "inputs": inputs.collect::<Vec<_>>(),
            "takesInputs": circuit.takes_inputs,
            "checksWitness": circuit.checks_witness,
            "expectedSignals": circuit.expected_signals,
            "key": circuit.key.as_ref().map(key::json),
        })
    });
    let mut value = json::common(&listed.id, listed.deprecation.as_ref(), Some(&listed.descriptor));
    value.insert("circuits".into(), circuits.collect());
    Value::Object(value)
}
