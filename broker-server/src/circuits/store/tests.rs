#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_key_is_added_once_and_found_by_its_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    assert_eq!(store.key("bn254-a-v1-").unwrap(), None);
    assert_eq!(store.add_key("bn254-a-v1-", b"one").unwrap(), None);
    assert_eq!(store.add_key("bn254-a-v1-", b"two").unwrap(), Some(b"one".to_vec()));
    assert_eq!(store.key("bn254-a-v1-").unwrap(), Some(b"one".to_vec()));
    assert_eq!(store.key("bn254-a-v2-").unwrap(), None);
}

#[test]
fn two_keys_of_one_circuit_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    store.add_key("p-", b"one").unwrap();
    fs::write(folder.path().join("store/keys").join(format!("p-{}.zkey", sha256(b"two"))), b"two").unwrap();
    assert!(store.key("p-").unwrap_err().to_string().contains("second key"));
}

#[test]
fn a_key_that_is_no_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let path = folder.path().join("store/keys").join(format!("p-{}.zkey", sha256(b"")));
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(store.key("p-").unwrap_err().to_string().contains("not a regular file"));
}

#[test]
fn nothing_is_created_in_place_of_a_mistyped_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stroe");
    for error in [Store::check_existing(&path).unwrap_err(), Store::open_existing(&path).unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("stroe: does not exist; name the folder"), "{text}");
    }
    assert!(!path.exists());
    Store::open(&path).unwrap();
    Store::check_existing(&path).unwrap();
    Store::open_existing(&path).unwrap();
    // The parent has the store in it, and is none.
    for error in
        [Store::check_existing(folder.path()).unwrap_err(), Store::open_existing(folder.path()).unwrap_err()]
    {
        assert!(error.to_string().contains("is no key store"), "{error}");
    }
    assert!(!folder.path().join("keys").exists());
}

#[test]
fn notes_that_cannot_be_read_count_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    fs::remove_dir(folder.path().join("store/verified")).unwrap();
    assert!(store.verified(&[1; 32], &[2; 32]).is_empty());
}

#[test]
fn a_verified_ceremony_is_found_for_its_powers_of_tau_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let files = CeremonyFiles { zkey: [1; 32], r1cs: [2; 32], powers_of_tau: [3; 32] };
    store.set_verified(&files).unwrap();
    assert_eq!(store.verified(&[1; 32], &[2; 32]), [[3; 32]]);
    assert!(store.verified(&[1; 32], &[3; 32]).is_empty());
    // Another version of the verification, and a file that is being written.
    let verified = folder.path().join("store/verified");
    for name in ["-v2", "-v1x", ""] {
        let hashes = [[1; 32], [2; 32], [4; 32]].map(hex::encode).join("-");
        fs::write(verified.join(hashes + name), b"").unwrap();
    }
    assert_eq!(store.verified(&[1; 32], &[2; 32]), [[3; 32]]);
    store.set_verified(&CeremonyFiles { powers_of_tau: [4; 32], ..files }).unwrap();
    assert_eq!(store.verified(&[1; 32], &[2; 32]).len(), 2);
}

#[test]
fn a_check_says_what_opening_would_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), b"").unwrap();
    fs::create_dir(path("open")).unwrap();
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o750)).unwrap();
    for (name, expected) in
        [("file", "not a folder"), ("open", "0700"), ("a/b", "No such file"), ("file/s", "directory")]
    {
        for error in [Store::check(&path(name)).unwrap_err(), Store::open(&path(name)).unwrap_err()] {
            assert!(error.to_string().contains(expected), "{name}: {error}");
        }
    }
    Store::check(&path("store")).unwrap();
    assert!(!path("store").exists());
    Store::open(&path("store")).unwrap();
    Store::check(&path("store")).unwrap();
}

#[test]
fn a_damaged_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    store.add_key("p-", b"one").unwrap();
    let path = fs::read_dir(folder.path().join("store/keys")).unwrap().next().unwrap().unwrap().path();
    fs::write(&path, b"on").unwrap();
    assert!(store.key("p-").unwrap_err().to_string().contains("is damaged"));
}

#[test]
fn what_a_killed_broker_has_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    Store::open(&path).unwrap();
    for name in FOLDERS {
        fs::write(path.join(name).join(".unfinished-00"), b"half").unwrap();
    }
    let store = Store::open(&path).unwrap();
    for name in FOLDERS {
        assert_eq!(fs::read_dir(path.join(name)).unwrap().count(), 0, "{name}");
    }
    assert_eq!(store.key("").unwrap(), None);
}

#[test]
fn a_folder_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).unwrap();
    assert!(Store::open(folder.path()).unwrap_err().to_string().contains("0700"));
    assert!(Store::open(&folder.path().join("a/b")).is_err());
}

#[test]
fn checks_are_noted_by_the_hash() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    store.set_checked(&[1; 32]).unwrap();
    assert!(store.is_checked(&[1; 32]) && !store.is_checked(&[2; 32]));
}
