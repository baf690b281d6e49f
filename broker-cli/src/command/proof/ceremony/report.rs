//! A ceremony, for readers and programs.

use broker_groth16::ceremony::{Ceremony, Contribution};
use serde_json::{Value, json};

use crate::{
    error::Failure,
    escape::printable,
    output::{HEAD, Output, wrapped},
};

/// The width of the names of facts.
pub(super) const NAME_COLUMNS: usize = 15;

/// Prints the hash of the circuit and the contributions.
pub(super) fn print(ceremony: &Ceremony, output: &mut Output) -> Result<(), Failure> {
    fact("curve", ceremony.curve.as_str(), output)?;
    fact("circuit hash", &grouped(&ceremony.circuit_hash), output)?;
    for (contribution, number) in ceremony.contributions.iter().zip(1..) {
        let name = contribution.name.as_deref().map(printable).unwrap_or_default();
        let mut text = format!("{}  {name}", kind(contribution));
        if let Some(beacon) = &contribution.beacon {
            text.push_str(&format!(
                "  {}, 2^{} iterations",
                hex::encode(&beacon.value),
                beacon.log_iterations
            ));
        }
        fact(&format!("contribution {number}"), text.trim_end(), output)?;
        fact("", &grouped(&contribution.hash), output)?;
    }
    Ok(())
}

/// Prints a fact with its name.
pub(super) fn fact(name: &str, text: &str, output: &mut Output) -> Result<(), Failure> {
    for (number, line) in wrapped(text, NAME_COLUMNS + 1).into_iter().enumerate() {
        let name = if number == 0 { name } else { "" };
        output.line(format!("{HEAD}{name:NAME_COLUMNS$}{HEAD:#} {line}"))?;
    }
    Ok(())
}

/// Returns a hash in words of 32 bits, as snarkjs shows it, so that both can be compared.
fn grouped(hash: &[u8]) -> String {
    hash.chunks(4).map(hex::encode).collect::<Vec<_>>().join(" ")
}

fn kind(contribution: &Contribution) -> &'static str {
    if contribution.beacon.is_some() { "beacon" } else { "contribution" }
}

/// Returns the ceremony as it is in results.
pub(super) fn json(ceremony: &Ceremony) -> Value {
    let contributions = ceremony.contributions.iter().map(|contribution| {
        let beacon = contribution.beacon.as_ref().map(
            |beacon| json!({ "value": hex::encode(&beacon.value), "logIterations": beacon.log_iterations }),
        );
        json!({
            "type": kind(contribution),
            "name": contribution.name,
            "hash": hex::encode(contribution.hash),
            "beacon": beacon,
        })
    });
    json!({
        "curve": ceremony.curve.as_str(),
        "circuitHash": hex::encode(ceremony.circuit_hash),
        "contributions": contributions.collect::<Vec<_>>(),
    })
}
