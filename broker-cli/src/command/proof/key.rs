//! The key of a circuit, for readers and programs.

use broker_client::{CircuitKey, SetupClass};
use serde_json::{Value, json};

use crate::output::Output;

/// Returns the class of the key, with a mark if only this broker has it.
pub(super) fn origin(key: &CircuitKey) -> String {
    if key.ephemeral { format!("{}, EPHEMERAL", key.setup_class) } else { key.setup_class.to_string() }
}

/// Returns the key as it is in every result.
pub(super) fn json(key: &CircuitKey) -> Value {
    json!({
        "fingerprint": key.fingerprint.to_string(),
        "setupClass": key.setup_class.name(),
        "ephemeral": key.ephemeral,
        "ceremony": key.ceremony,
    })
}

/// Notes what a proof under the key is not worth.
pub(super) fn note_limits(key: &CircuitKey, output: &mut Output) {
    match key.setup_class {
        SetupClass::SingleParty => {
            output.note("the key is single-party: whoever made it can prove false statements");
        }
        SetupClass::CeremonyClaimed | SetupClass::CeremonyVerified => {}
        _ => output
            .note("nobody says who made the key, and whoever knows its setup can prove false statements"),
    }
    if key.ephemeral {
        output.note(
            "the key is ephemeral: no proof can be verified with it once this broker has ended, unless the key is exported",
        );
    }
}
