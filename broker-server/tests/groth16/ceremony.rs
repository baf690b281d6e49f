//! Keys with a ceremony: what the profile declares is compared with the file, and what has been verified is known from the
//! store.

use std::{fs, path::Path};

use broker_proto::v1;
use broker_server::circuits::{CeremonyFiles, note_verified};
use sha2::{Digest as _, Sha256};
use tonic::{Code, Status};

use crate::{
    service::{Service, field, reason},
    support::private_folder,
};

const ZKEY: &str = "several.ceremony.zkey";
const BEACON: &str = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn sha256(name: &str) -> [u8; 32] {
    Sha256::digest(fs::read(Path::new("../broker-groth16/tests/data").join(name)).unwrap()).into()
}

fn pinned(name: &str) -> String {
    let path = fs::canonicalize(Path::new("../broker-groth16/tests/data").join(name)).unwrap();
    format!("{{ Path: {path:?}, Sha256: \"{}\" }}", hex::encode(sha256(name)))
}

/// Returns a profile with the circuit, whose provenance has these further entries.
pub fn profile(name: &str, require: &str, r1cs: bool, provenance: &str) -> String {
    let r1cs = if r1cs { format!(", R1cs: {}", pinned("several.r1cs")) } else { String::new() };
    format!(
        "  - {{ Name: {name}, API: {{ Groth16: {{ Curve: bn254, RequireCeremony: {require}, Circuits: [{{ Name: circuit, \
         Zkey: {}{r1cs}, Provenance: {{ Class: ceremony-claimed{provenance} }} }}] }} }} }}\n",
        pinned(ZKEY)
    )
}

pub fn powers_of_tau(name: &str) -> String {
    format!(", PowersOfTau: {{ Name: p.ptau, Sha256: \"{}\" }}", hex::encode(sha256(name)))
}

/// Exports the key, for which it is loaded, and returns its class.
async fn class(service: &Service, profile: &str) -> Result<v1::SetupClass, Status> {
    let format = v1::VerifyingKeyFormat::SnarkjsJson;
    let exported = service.export(profile, "circuit", format, false).await?;
    Ok(exported.key.unwrap().setup_class())
}

#[tokio::test]
async fn a_verified_ceremony_is_known_from_the_store() {
    let profiles = format!(
        "Profiles:\n{}{}{}{}{}",
        profile("verified", "verified", true, &powers_of_tau("several.ptau")),
        profile("other-powers", "verified", true, &powers_of_tau("several-bls.ptau")),
        profile("no-powers", "none", true, ""),
        profile("no-r1cs", "none", false, &powers_of_tau("several.ptau")),
        profile("claimed", "claimed", true, &powers_of_tau("several.ptau")),
    );
    let folder = private_folder();
    let store = folder.path().join("store");
    let arguments = ["--key-store", store.to_str().unwrap()];

    let before = Service::with(&profiles, &arguments).await;
    assert_eq!(class(&before, "claimed").await.unwrap(), v1::SetupClass::CeremonyClaimed);
    let refused = class(&before, "verified").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CEREMONY_REQUIRED"));
    drop(before);

    let files = CeremonyFiles {
        zkey: sha256(ZKEY),
        r1cs: sha256("several.r1cs"),
        powers_of_tau: sha256("several.ptau"),
    };
    note_verified(&store, &files).unwrap();
    let after = Service::with(&profiles, &arguments).await;
    for name in ["verified", "claimed"] {
        assert_eq!(class(&after, name).await.unwrap(), v1::SetupClass::CeremonyVerified, "{name}");
    }
    for name in ["no-powers", "no-r1cs"] {
        assert_eq!(class(&after, name).await.unwrap(), v1::SetupClass::CeremonyClaimed, "{name}");
    }
    assert_eq!(reason(&class(&after, "other-powers").await.unwrap_err()), "CEREMONY_REQUIRED");
    // Without the store nothing is known.
    let without = Service::with(&profiles, &[]).await;
    assert_eq!(reason(&class(&without, "verified").await.unwrap_err()), "CEREMONY_REQUIRED");
}

#[tokio::test]
async fn what_is_declared_about_the_contributions_must_be_in_the_file() {
    let profiles = format!(
        "Profiles:\n{}{}{}{}",
        profile("right", "claimed", true, &format!(", MinContributions: 2, Beacon: \"{BEACON}\"")),
        profile("too-few", "claimed", true, ", MinContributions: 3"),
        profile("other-beacon", "claimed", true, ", Beacon: \"00ff\""),
        profile("nothing", "claimed", true, ""),
    );
    let service = Service::with(&profiles, &[]).await;
    // The circuit is loaded once for all profiles, and each is judged by what it declares.
    for name in ["too-few", "other-beacon"] {
        let error = class(&service, name).await.unwrap_err();
        let expected = (Code::FailedPrecondition, "PROVENANCE_MISMATCH".to_owned(), "circuit".to_owned());
        assert_eq!((error.code(), reason(&error), field(&error)), expected, "{name}");
        assert!(error.message().contains("line "), "{}", error.message());
    }
    for name in ["right", "nothing"] {
        assert_eq!(class(&service, name).await.unwrap(), v1::SetupClass::CeremonyClaimed, "{name}");
    }
    assert_eq!(reason(&class(&service, "too-few").await.unwrap_err()), "PROVENANCE_MISMATCH");
}
