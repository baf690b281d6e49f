//! Compares what a profile declares about a ceremony with the file of the key.

use broker_groth16::{ceremony::Ceremony, file::FileError};

use super::CircuitLoadError;
use crate::policy::profile::Provenance;

/// Checks `MinContributions` and `Beacon` against section 10 of the `.zkey`.
///
/// That the section is true is known only where the ceremony has been verified.
pub(super) fn check(
    circuit: &str,
    provenance: &Provenance,
    ceremony: Result<&Ceremony, &FileError>,
) -> Result<(), CircuitLoadError> {
    let differs = |key, found| {
        let circuit = circuit.to_owned();
        Err(CircuitLoadError::Provenance { circuit, key, line: provenance.line, found })
    };
    if provenance.min_contributions.is_none() && provenance.beacon.is_none() {
        return Ok(());
    }
    let key = if provenance.min_contributions.is_some() { "MinContributions" } else { "Beacon" };
    let ceremony = match ceremony {
        Ok(ceremony) => ceremony,
        Err(error) => return differs(key, format!("has no contributions that can be read: {error}")),
    };
    let contributors = ceremony.contributors();
    if let Some(minimum) = provenance.min_contributions
        && contributors < minimum as usize
    {
        return differs(
            "MinContributions",
            format!("lists {contributors} without the beacon, and {minimum} are declared"),
        );
    }
    let Some(declared) = &provenance.beacon else { return Ok(()) };
    match ceremony.final_beacon() {
        Some(beacon) if beacon.value == *declared => Ok(()),
        Some(beacon) => differs("Beacon", format!("ends with the beacon {}", hex::encode(&beacon.value))),
        None => differs("Beacon", "does not end with a beacon".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{fs, path::Path};

    use broker_groth16::{ceremony, key::SetupClass};

    use super::*;

    fn read(name: &str) -> Result<Ceremony, FileError> {
        let folder = Path::new("../broker-groth16/tests/data");
        ceremony::read(&fs::read(folder.join(name)).unwrap())
    }

    fn check_declared(
        name: &str,
        min_contributions: Option<u32>,
        beacon: Option<Vec<u8>>,
    ) -> Result<(), String> {
        let provenance = Provenance {
            class: SetupClass::CeremonyClaimed,
            ceremony: None,
            min_contributions,
            powers_of_tau: None,
            beacon,
            line: 7,
        };
        check("c", &provenance, read(name).as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn contributions_are_counted_without_the_beacon() {
        let beacon: Vec<u8> = (1..=31).collect();
        assert_eq!(check_declared("several.ceremony.zkey", Some(2), Some(beacon)), Ok(()));
        let error = check_declared("several.ceremony.zkey", Some(3), None).unwrap_err();
        assert!(
            error.contains("MinContributions") && error.contains("line 7") && error.contains("lists 2"),
            "{error}"
        );
        assert_eq!(check_declared("several.unfinished.zkey", None, None), Ok(()));
        assert!(check_declared("several.unfinished.zkey", Some(1), None).is_err());
    }

    #[test]
    fn the_ceremony_must_end_with_the_beacon_that_is_declared() {
        let error = check_declared("several.ceremony.zkey", None, Some(vec![1, 2])).unwrap_err();
        assert!(error.contains("Beacon") && error.contains("0102030405"), "{error}");
        let error = check_declared("several.first.zkey", Some(1), Some(vec![1])).unwrap_err();
        assert!(error.contains("does not end with a beacon"), "{error}");
    }
}
