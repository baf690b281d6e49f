//! Inputs and outputs that commands accept and reject before they call a broker. None runs here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{os::unix::fs::symlink, path::Path, process::Output};

use support::{cryptobroker, entries, feed, json, stderr};

/// Returns a folder with some files, in which the commands run.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["key", "public", "data", "taken", "nonce"] {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    folder
}

fn run(folder: &Path, words: &str) -> Output {
    let mut command = cryptobroker();
    command.current_dir(folder).args(words.split(' ')).args(["--socket", "none"]);
    command.output().unwrap()
}

/// Asserts that the command line is refused with these words, and that no file is made.
fn refused(folder: &Path, words: &str, why: &str) {
    let before = entries(folder);
    let output = run(folder, words);
    assert_eq!(output.status.code(), Some(2), "{words}: {}", stderr(&output));
    assert!(stderr(&output).contains(why), "{words}: {}", stderr(&output));
    assert!(output.stdout.is_empty());
    assert_eq!(entries(folder), before, "{words}");
}

#[test]
fn secret_replaces_a_file_only_with_force() {
    let folder = folder();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    for (words, what) in [
        ("keygen --public-out p --private-out taken", "private key"),
        ("kem keygen --public-out p --private-out taken", "private key"),
        ("kem keygen --public-out p --private-out dangling", "private key"),
        ("kem encapsulate --public-key public --ciphertext-out c --secret-out taken", "shared secret"),
        ("kem decapsulate --private-key key --ciphertext data --secret-out taken", "shared secret"),
        ("decrypt-data --key key --nonce 00 --in data --out taken", "plaintext"),
    ] {
        refused(folder.path(), words, &format!("exists, and a {what} replaces a file only with --force"));
        assert_eq!(std::fs::read(folder.path().join("taken")).unwrap(), b"taken");
        let forced = run(folder.path(), &format!("{words} --force"));
        assert_eq!(forced.status.code(), Some(3), "{words}: {}", stderr(&forced));
    }
    // Public content replaces a file without --force.
    for words in [
        "sign-data --key key --in data --out taken",
        "encrypt-data --key key --nonce 00 --in data --out taken --tag-out nonce",
        "keygen --public-out taken --private-out new",
    ] {
        assert_eq!(run(folder.path(), words).status.code(), Some(3), "{words}");
    }
}

#[test]
fn secret_replaces_an_empty_file() {
    let folder = folder();
    std::fs::write(folder.path().join("empty"), "").unwrap();
    symlink("empty", folder.path().join("link")).unwrap();
    let into = |name: &str| format!("keygen --public-out p --private-out {name}");
    assert_eq!(run(folder.path(), &into("empty")).status.code(), Some(3));
    // A link counts as an existing file, even to an empty one.
    refused(folder.path(), &into("link"), "--private-out link exists");
}

#[test]
fn rejects_an_output_that_is_an_input_or_another_output() {
    let folder = folder();
    symlink("key", folder.path().join("link")).unwrap();
    let over = "is an input of this command, and would be replaced";
    let twice = "name the same file";
    for (words, why) in [
        ("sign-data --key key --in data --out key", over),
        ("sign-data --key link --in data --out key", over),
        ("sign-data --key key --in data --out ./data", over),
        ("keygen --seed-file key --public-out key --private-out new", over),
        ("kem encapsulate --public-key public --ciphertext-out public --secret-out s", over),
        ("kem decapsulate --private-key key --ciphertext data --secret-out key --force", over),
        ("encrypt-data --key key --framed --in data --out data", over),
        ("decrypt-data --key key --nonce-file nonce --in data --out nonce --force", over),
        ("sign-certificate --csr data --ca-cert public --ca-key key --out key", over),
        ("keygen --public-out new --private-out new", twice),
        ("keygen --public-out new --private-out ./new", twice),
        ("keygen --public-out - --private-out -", twice),
        ("encrypt-data --key key --nonce 00 --in data --out new --tag-out new", twice),
    ] {
        refused(folder.path(), words, why);
    }
    assert_eq!(std::fs::read(folder.path().join("key")).unwrap(), b"key");
    // A device may be written to twice.
    let nowhere = run(folder.path(), "keygen --public-out /dev/null --private-out /dev/null");
    assert_eq!(nowhere.status.code(), Some(3), "{}", stderr(&nowhere));
}

#[test]
fn rejects_second_use_of_a_standard_stream() {
    let folder = folder();
    for (words, why) in [
        ("sign-data --key key --out s -", "write --in - for the content of a file"),
        ("sign-data --key - --in - --out s", "--key and --in cannot both be `-`"),
        ("verify-data --public-key - --signature - --in data", "--public-key and --signature cannot both"),
        ("kem decapsulate --private-key - --ciphertext - --secret-out s", "--private-key and --ciphertext"),
        ("encrypt-data --key - --in - --framed --out c", "--key and --in cannot both be `-`"),
        (
            "decrypt-data --key key --nonce-file - --tag-file - --in data --out p",
            "--nonce-file and --tag-file",
        ),
        ("keygen --public-out - --private-out k --output json", "both write to standard output"),
        (
            "decrypt-data --key key --nonce 00 --in data --out - --output json",
            "both write to standard output",
        ),
    ] {
        refused(folder.path(), words, why);
    }
}

#[test]
fn rejects_secrets_as_arguments() {
    let folder = folder();
    for words in [
        "encrypt-data --key key --framed --out c plaintext",
        "decrypt-data --key key --nonce 00 --out p ciphertext",
        "sign-data --out s text",
        "keygen --public-out p --private-out k --seed 00",
        "encrypt-data --key key --nonce 0x00 --in data --out c",
        "decrypt-data --key key --in data --out p",
        "decrypt-data --key key --nonce 00 --nonce-file nonce --in data --out p",
        "sign-data --key key --in data text --out s",
        "encrypt-data --key key --in data --out c",
        "encrypt-data --key key --framed --nonce-out n --in data --out c",
        "decrypt-data --key key --framed --nonce 00 --in data --out p",
        "sign-data --key key --in data --out s --format asn1",
        "kem keygen --public-out p --private-out k --encoding hex",
        "kem",
    ] {
        let output = run(folder.path(), words);
        assert_eq!(output.status.code(), Some(2), "{words}: {}", stderr(&output));
    }
    assert_eq!(entries(folder.path()), 5);
}

#[test]
fn reports_unusable_files_before_the_call() {
    let folder = folder();
    for (words, why) in [
        ("sign-data --key absent --in data --out s", "cannot read absent: No such file"),
        ("sign-data --key key --in absent --out s", "cannot read absent: No such file"),
        ("sign-data --key key --in . --out s", "cannot read .: Is a directory"),
        ("hash-data --in .", "cannot read .: Is a directory"),
        ("verify-data --public-key . --signature data --text text", "cannot read .: Is a directory"),
        ("keygen --public-out no/p --private-out k", "cannot write no/p: No such file"),
        ("keygen --public-out p --private-out no/k", "cannot write no/k: No such file"),
        ("keygen --public-out key/p --private-out k", "cannot write key/p: not a directory"),
        ("sign-data --key key --in data --out .", "cannot write .: is a directory"),
        ("decrypt-data --key key --nonce 00 --in data --out . --force", "cannot write .: is a directory"),
        (
            "encrypt-data --key key --framed --aad absent --in data --out c",
            "cannot read absent: No such file",
        ),
        ("bench --csv no/t", "cannot write no/t: No such file"),
        ("bench --csv no/", "cannot write no/: No such file"),
        ("bench --csv key/t", "cannot write key/t: Not a directory"),
        ("bench --csv .", "cannot write .: Is a directory"),
    ] {
        if words.starts_with("bench") && !cfg!(feature = "bench") {
            continue;
        }
        let output = run(folder.path(), words);
        assert_eq!(output.status.code(), Some(1), "{words}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{words}: {}", stderr(&output));
        let words = format!("{words} --output json");
        let error = json(&run(folder.path(), &words).stderr);
        assert_eq!(error["error"]["code"], "IO", "{words}");
    }
    assert_eq!(entries(folder.path()), 5);
}

#[test]
fn reports_a_read_error() {
    let folder = folder();
    // The first page of /proc/self/mem is not mapped, so reading it fails for root too.
    for words in ["sign-data --key /proc/self/mem --in data --out s", "hash-data --in /proc/self/mem"] {
        let output = run(folder.path(), words);
        assert_eq!(output.status.code(), Some(1), "{words}");
        let why = "cannot read /proc/self/mem: Input/output error";
        assert!(stderr(&output).contains(why), "{words}: {}", stderr(&output));
    }
}

#[test]
fn rejects_an_endless_stream_as_a_key() {
    let folder = folder();
    let mut command = cryptobroker();
    command.current_dir(folder.path()).args(["--socket", "none"]);
    command.args(["sign-data", "--key", "/dev/zero", "--in", "data", "--out", "s"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot read /dev/zero: is larger than 64 MiB"), "{}", stderr(&output));
    let mut command = cryptobroker();
    command.current_dir(folder.path()).args(["--socket", "none", "hash-data", "-", "--loop", "1"]);
    let output = feed(command, &vec![0; (1 << 20) + 1]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("1 MiB"), "{}", stderr(&output));
}

/// Other programs take a bare argument for a file, so an ambiguous one is refused.
#[test]
fn rejects_a_bare_argument_that_names_a_file() {
    let folder = folder();
    for words in [
        "hash-data data",
        "hash ./data",
        "sign-data --key key --out s data",
        "verify-data --public-key public --signature nonce data",
        "encrypt-data --key key --framed --out c data",
    ] {
        let data = if words.ends_with("./data") { "./data" } else { "data" };
        refused(folder.path(), words, &format!("write --in {data} for "));
        refused(folder.path(), words, &format!("--text {data} for the text itself"));
    }
    // Both ways reach the broker, and so does a bare text that is not the name of a file.
    for words in ["hash-data --in data", "hash-data --file data", "hash-data --text data", "hash-data text"] {
        assert_eq!(run(folder.path(), words).status.code(), Some(3), "{words}");
    }
}

#[test]
fn reads_data_from_a_pipe_or_a_file() {
    let folder = folder();
    let commands = [
        "hash-data",
        "sign-data --key key --out s",
        "verify-data --public-key public --signature nonce",
        "encrypt-data --key key --framed --out c",
        "decrypt-data --key key --nonce 00 --out p",
    ];
    for words in commands {
        // Standard input is /dev/null, so nothing was given.
        refused(folder.path(), words, "nothing to read: ");
        for piped in [true, false] {
            let mut command = cryptobroker();
            command.current_dir(folder.path()).args(words.split(' ')).args(["--socket", "none"]);
            let output = if piped {
                feed(command, b"data")
            } else {
                command.stdin(std::fs::File::open(folder.path().join("data")).unwrap()).output().unwrap()
            };
            assert_eq!(output.status.code(), Some(3), "{words}: {}", stderr(&output));
        }
    }
}

#[test]
fn reads_keys_and_requests_from_standard_input() {
    let folder = folder();
    for (words, why) in [
        ("sign-certificate --csr - --ca-cert public --ca-key -", "--csr and --ca-key cannot both be `-`"),
        ("profiles explain --csr - --ca-cert -", "--csr and --ca-cert cannot both be `-`"),
        ("profiles diff - -", "A and B cannot both be `-`"),
    ] {
        refused(folder.path(), words, why);
    }
    for words in [
        "sign-certificate --csr - --ca-cert public --ca-key key",
        "sign-certificate --csr public --ca-cert public --ca-key -",
    ] {
        let mut command = cryptobroker();
        command.current_dir(folder.path()).args(words.split(' ')).args(["--socket", "none"]);
        assert_eq!(feed(command, b"text").status.code(), Some(3), "{words}");
    }
}
