//! Operators' circuits: circom's files, pinned by their hashes.

use std::{fmt::Write as _, fs, path::Path};

use broker_proto::v1::{self, ProofFormat::SnarkjsJson};
use rustix::fs::{FileType, Mode};
use sha2::{Digest as _, Sha256};
use tonic::Code;

use crate::{
    service::{Service, field, numbers, proof_item, reason, signals},
    support::private_folder,
};

pub fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new("../broker-groth16/tests/data").join(name)).unwrap()
}

/// Returns the entry of a file in a profile.
fn pinned(key: &str, name: &str) -> String {
    let path = fs::canonicalize(Path::new("../broker-groth16/tests/data").join(name)).unwrap();
    format!("{key}: {{ Path: {path:?}, Sha256: \"{}\" }}", hex::encode(Sha256::digest(data(name))))
}

/// Returns profiles with one circuit each: a name, the curve, and the entries of the circuit.
fn profiles(circuits: &[(&str, &str, Vec<String>)]) -> String {
    let mut text = String::from("Profiles:\n");
    for (name, curve, entries) in circuits {
        let entries = entries.join(", ");
        writeln!(
            text,
            "  - {{ Name: {name}, API: {{ Groth16: {{ Curve: {curve}, Circuits: [{{ Name: circuit, {entries} }}] }} }} }}"
        )
        .unwrap();
    }
    text
}

fn witness(profile: &str, bytes: Vec<u8>) -> v1::ProveRequest {
    let mut request = v1::ProveRequest::default();
    request.profile = profile.into();
    request.circuit = "circuit".into();
    request.witness = bytes;
    request
}

pub async fn start() -> Service {
    start_with(&[]).await
}

pub async fn start_with(arguments: &[&str]) -> Service {
    let all = |name: &str| {
        vec![
            pinned("Zkey", &format!("{name}.zkey")),
            pinned("R1cs", &format!("{name}.r1cs")),
            pinned("Sym", &format!("{name}.sym")),
        ]
    };
    let claimed = "Provenance: { Class: ceremony-claimed, Ceremony: \"https://example.org/c\" }".to_owned();
    let right = pinned("Zkey", "several.zkey");
    let wrong = right.replace(&hex::encode(Sha256::digest(data("several.zkey"))), &"0".repeat(64));
    let text = profiles(&[
        (
            "multiply",
            "bn254",
            vec![pinned("Zkey", "multiply.zkey"), pinned("R1cs", "multiply.r1cs"), claimed],
        ),
        ("several", "bn254", all("several")),
        ("several-bls", "bls12-381", all("several-bls")),
        ("no-r1cs", "bn254", vec![pinned("Zkey", "several.zkey")]),
        ("unfinished", "bn254", vec![pinned("Zkey", "multiply.unfinished.zkey")]),
        ("mixed", "bn254", vec![pinned("Zkey", "several.zkey"), pinned("R1cs", "multiply.r1cs")]),
        ("wrong-curve", "bn254", vec![pinned("Zkey", "several-bls.zkey")]),
        ("wrong-hash", "bn254", vec![wrong]),
        ("absent", "bn254", vec![format!("Zkey: {{ Path: absent.zkey, Sha256: \"{}\" }}", "0".repeat(64))]),
    ]);
    Service::with(&text, arguments).await
}

#[tokio::test]
async fn witnesses_of_circom_are_proven_and_proofs_of_snarkjs_verified() {
    let service = start().await;
    for name in ["multiply", "several", "several-bls"] {
        let proof =
            service.client().prove(witness(name, data(&format!("{name}.wtns")))).await.unwrap().into_inner();
        let public: Vec<String> = serde_json::from_slice(&data(&format!("{name}.public.json"))).unwrap();
        let values: Vec<&str> = signals(&proof.public_signals).iter().map(|(_, value)| *value).collect();
        assert_eq!(values, public, "{name}");
        for bytes in [proof.proof, data(&format!("{name}.proof.json"))] {
            let verified =
                service.verify(name, "circuit", proof_item(&bytes, SnarkjsJson, &values)).await.unwrap();
            assert!(verified.valid, "{name}");
        }
        let request = v1::GetVerifyingKeyRequest {
            profile: name.into(),
            circuit: "circuit".into(),
            ..Default::default()
        };
        let exported = service.client().get_verifying_key(request).await.unwrap().into_inner();
        let exported: serde_json::Value = serde_json::from_slice(&exported.verifying_key).unwrap();
        let theirs: serde_json::Value = serde_json::from_slice(&data(&format!("{name}.vk.json"))).unwrap();
        assert_eq!(exported, theirs, "{name}");
    }
    let info = service.list("multiply").await.unwrap().circuits.remove(0).key.unwrap();
    assert_eq!(info.setup_class(), v1::SetupClass::CeremonyClaimed);
    assert_eq!((info.ephemeral, info.ceremony.as_str()), (false, "https://example.org/c"));
}

#[tokio::test]
async fn a_witness_is_checked_where_the_constraints_are_known() {
    let service = start().await;
    let request = |profile: &str, witness: Vec<u8>| {
        let mut request = v1::CheckWitnessRequest::default();
        request.profile = profile.into();
        request.circuit = "circuit".into();
        request.witness = witness;
        request
    };
    let right = data("several.wtns");
    assert!(service.client().check_witness(request("several", right.clone())).await.is_ok());
    let error = service.client().check_witness(request("no-r1cs", right.clone())).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "NO_R1CS"));
    // The last value of the witness.
    let mut wrong = right;
    let last = wrong.len() - 32;
    wrong[last] ^= 1;
    let error = service.client().check_witness(request("several", wrong.clone())).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "WITNESS_UNSATISFIED"));
    assert!(error.message().contains("its signals are main."), "{}", error.message());
    // Without the constraints the proof itself shows it.
    let error = service.client().prove(witness("no-r1cs", wrong)).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "WITNESS_UNSATISFIED"));
    let mut inputs = witness("several", Vec::new());
    inputs.inputs = numbers(&[("a", "1")]);
    let error = service.client().prove(inputs).await.unwrap_err();
    assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, "NO_WASM"));
}

#[tokio::test]
async fn files_that_do_not_fit_are_refused_with_the_reason() {
    let service = start().await;
    for (profile, code, expected, words) in [
        ("unfinished", Code::FailedPrecondition, "CIRCUIT_REFUSED", "gamma and delta are the same"),
        ("mixed", Code::FailedPrecondition, "CIRCUIT_REFUSED", "different circuits"),
        ("wrong-curve", Code::FailedPrecondition, "CIRCUIT_REFUSED", "bls12-381"),
        ("wrong-hash", Code::DataLoss, "CIRCUIT_FILE_CHANGED", "SHA-256"),
        ("absent", Code::FailedPrecondition, "CIRCUIT_FILE_UNREADABLE", "absent.zkey"),
    ] {
        let error = service.client().prove(witness(profile, data("several.wtns"))).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (code, expected),
            "{profile}: {}",
            error.message()
        );
        assert!(error.message().contains(words), "{profile}: {}", error.message());
    }
}

/// Whatever is at the path of a file, the call ends, and so does the thread that reads.
#[tokio::test]
async fn what_is_no_regular_file_is_refused_at_once() {
    let folder = private_folder();
    let (fifo, directory) = (folder.path().join("fifo"), folder.path().join("directory"));
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    fs::create_dir(&directory).unwrap();
    let zkey = |path: &Path| vec![format!("Zkey: {{ Path: {path:?}, Sha256: \"{}\" }}", "0".repeat(64))];
    let text = profiles(&[
        ("fifo", "bn254", zkey(&fifo)),
        ("directory", "bn254", zkey(&directory)),
        ("device", "bn254", zkey(Path::new("/dev/zero"))),
    ]);
    let service = Service::with(&text, &[]).await;
    for profile in ["fifo", "directory", "device"] {
        let error = service.client().prove(witness(profile, vec![1])).await.unwrap_err();
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (Code::FailedPrecondition, "CIRCUIT_FILE_UNREADABLE"),
            "{profile}"
        );
        assert!(error.message().contains("not a regular file"), "{}", error.message());
    }
}

/// A circuit in memory is shared by all profiles with the same files. What each of them says about it still holds.
#[tokio::test]
async fn a_shared_circuit_has_the_limits_of_each_profile() {
    let files = format!("Name: circuit, {}", pinned("Zkey", "several.zkey"));
    let pin = format!("{files}, Fingerprint: \"{}\"", "0".repeat(64));
    let text = format!(
        "Profiles:\n  \
         - {{ Name: open, API: {{ Groth16: {{ Curve: bn254, Circuits: [{{ {files} }}] }} }} }}\n  \
         - {{ Name: pinned, API: {{ Groth16: {{ Curve: bn254, Circuits: [{{ {pin} }}] }} }} }}\n  \
         - {{ Name: limited, API: {{ Groth16: {{ Curve: bn254, Circuits: [{{ {files} }}], \
         Limits: {{ Constraints: 1 }} }} }} }}\n"
    );
    let service = Service::with(&text, &[]).await;
    for _ in 0..2 {
        for (profile, expected) in [("pinned", "FINGERPRINT_MISMATCH"), ("limited", "LIMIT_EXCEEDED")] {
            let error = service.client().prove(witness(profile, data("several.wtns"))).await.unwrap_err();
            assert_eq!((error.code(), reason(&error).as_str()), (Code::FailedPrecondition, expected));
        }
        assert!(service.client().prove(witness("open", data("several.wtns"))).await.is_ok());
    }
}

#[tokio::test]
async fn a_checked_key_is_noted_in_the_store() {
    let folder = private_folder();
    let store = folder.path().join("keys");
    let text = profiles(&[("several", "bn254", vec![pinned("Zkey", "several.zkey")])]);
    let service = Service::with(&text, &["--key-store", store.to_str().unwrap()]).await;
    service.client().prove(witness("several", data("several.wtns"))).await.unwrap();
    let noted = fs::read_dir(store.join("checked")).unwrap().next().unwrap().unwrap().file_name();
    let hash = hex::encode(Sha256::digest(data("several.zkey")));
    assert_eq!(noted.to_str().unwrap(), format!("{hash}-v1"));
    let error = service.verify("several", "circuit", proof_item(b"{}", SnarkjsJson, &[])).await.unwrap_err();
    assert_eq!(field(&error), "proof");
}

/// A key is read while it is hashed. Whatever altered bytes say, the answer is that the file is another one, and the check of
/// the right file does not count for them.
#[tokio::test]
async fn an_altered_file_is_named_as_such_although_the_right_one_was_checked() {
    let folder = private_folder();
    let (store, path) = (folder.path().join("keys"), folder.path().join("altered.zkey"));
    let right = data("several.zkey");
    let hash = hex::encode(Sha256::digest(&right));
    let text =
        profiles(&[("altered", "bn254", vec![format!("Zkey: {{ Path: {path:?}, Sha256: \"{hash}\" }}")])]);
    let prove = |bytes: Vec<u8>| {
        fs::write(&path, bytes).unwrap();
        let (text, store) = (&text, &store);
        async move {
            let service = Service::with(text, &["--key-store", store.to_str().unwrap()]).await;
            service.client().prove(witness("altered", data("several.wtns"))).await
        }
    };
    prove(right.clone()).await.unwrap();
    let flipped = |place: usize| {
        let mut bytes = right.clone();
        bytes[place] ^= 1;
        bytes
    };
    let length = right.len();
    let altered = [right[..length - 1].to_vec(), flipped(0), flipped(length / 3), flipped(length / 2)];
    for bytes in altered {
        let error = prove(bytes).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::DataLoss, "CIRCUIT_FILE_CHANGED"));
    }
    prove(right.clone()).await.unwrap();
}
