//! `Provenance`.

use super::hexadecimal;
use crate::policy::{
    document::{read::Field, report::Report, url::http_url},
    profile::{PowersOfTau, Provenance, SetupClass},
};

/// The largest number of contributions that can be required. The limit catches typing errors.
const MAX_CONTRIBUTIONS: u32 = 1_000_000;

/// The longest name of a file with powers of tau in bytes.
const MAX_NAME: usize = 255;

/// The longest value of a beacon in bytes, which is also that of snarkjs' files.
const MAX_BEACON: usize = 255;

/// Reads `Provenance`.
pub(super) fn provenance(field: &Field<'_>, report: &mut Report) -> Option<Provenance> {
    let keys = ["Class", "Ceremony", "MinContributions", "PowersOfTau", "Beacon"];
    let section = field.field_map(&keys, report)?;
    let class = section.require("Class", report).and_then(|field| class(field, report));
    let ceremony = match section.field("Ceremony") {
        Some(field) => http_url(field, report).map(Some),
        None => Some(None),
    };
    let min_contributions = match section.field("MinContributions") {
        Some(field) => field.integer_in(1..=MAX_CONTRIBUTIONS, report).map(Some),
        None => Some(None),
    };
    let powers_of_tau = match section.field("PowersOfTau") {
        Some(field) => powers_of_tau(field, report).map(Some),
        None => Some(None),
    };
    let beacon = match section.field("Beacon") {
        Some(field) => hexadecimal::octets(field, MAX_BEACON, report).map(Some),
        None => Some(None),
    };
    if class == Some(SetupClass::SingleParty) {
        let of_ceremonies = ["Ceremony", "MinContributions", "Beacon"];
        for field in of_ceremonies.into_iter().filter_map(|key| section.field(key)) {
            let message = "is for keys from a ceremony; write `Class: ceremony-claimed`, or remove the key";
            field.key_error(message, report);
        }
    }
    Some(Provenance {
        class: class?,
        ceremony: ceremony?,
        min_contributions: min_contributions?,
        powers_of_tau: powers_of_tau?,
        beacon: beacon?,
        line: section.at.line,
    })
}

/// Reads the class that an operator may declare.
fn class(field: &Field<'_>, report: &mut Report) -> Option<SetupClass> {
    let verified = SetupClass::CeremonyVerified.name();
    if field.text(report)? == verified {
        let message = format!(
            "`{verified}` is computed from the files and never declared; write `{}`",
            SetupClass::CeremonyClaimed.name()
        );
        field.error(message, report);
        return None;
    }
    let declarable = [SetupClass::SingleParty, SetupClass::CeremonyClaimed];
    field.choice(&declarable.map(|class| (class.name(), class)), report)
}

fn powers_of_tau(field: &Field<'_>, report: &mut Report) -> Option<PowersOfTau> {
    let section = field.field_map(&["Name", "Sha256"], report)?;
    let name = section.require("Name", report).and_then(|field| field.printable_text(MAX_NAME, report));
    let sha256 = section.require("Sha256", report).and_then(|field| hexadecimal::sha256(field, report));
    Some(PowersOfTau { name: name?.to_owned(), sha256: sha256? })
}
