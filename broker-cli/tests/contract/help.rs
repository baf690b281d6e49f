//! Help, completions and manual pages.

use std::path::Path;

use crate::{
    GOOD, run,
    support::{cryptobroker, entries, stderr, stdout},
};

#[test]
fn help_of_a_command_ends_with_examples() {
    let help = stdout(&run(&["kem", "encapsulate", "--help"]));
    let (_, examples) = help.split_once("Example").unwrap();
    assert!(examples.contains("cryptobroker kem encapsulate"), "{help}");
}

#[test]
fn every_shell_has_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(stdout(&output).contains("CRYPTO_BROKER_COMPLETE"), "{shell}: {}", stdout(&output));
        let server = stdout(&run(&["completions", shell, "--server"]));
        for word in ["socket-mode", "profiles-dir", "max-connections"] {
            assert!(server.contains(word), "{shell}: {word}");
        }
    }
}

/// Returns the completions that a shell gets for the last of these words.
fn completed(socket: &Path, words: &[&str]) -> Vec<String> {
    let output = cryptobroker()
        .args(["--", "cryptobroker"])
        .args(words)
        .env("CRYPTO_BROKER_COMPLETE", "fish")
        .env("CRYPTO_BROKER_SOCKET", socket)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn completes_commands_options_and_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let no_broker = folder.path().join("s");
    let complete = |words: &[&str]| completed(&no_broker, words);
    assert_eq!(complete(&["decrypt"]), ["decrypt-data"]);
    assert_eq!(complete(&["kem", "enc"]), ["encapsulate"]);
    assert!(complete(&["encrypt-data", "--nonce"]).contains(&"--nonce-out".to_owned()));
    assert_eq!(complete(&["keygen", "--format", "d"]), ["der"]);
    // Without a broker the bundled profiles are offered.
    for option in [&["--profile"][..], &["-p"]] {
        assert_eq!(complete(&[&["hash-data"], option, &["Hyb"]].concat()), ["Hybrid-PQC-2026"]);
    }
    assert_eq!(complete(&["profiles", "show", "PQC"]), ["PQC-ML-DSA-65"]);
    // With a broker, its own profiles are offered.
    let broker = crate::support::Broker::with(GOOD);
    assert_eq!(completed(&broker.path("s"), &["hash-data", "--profile", ""]), ["Plain"]);
}

#[test]
fn every_command_has_a_manual_page() {
    for (words, name) in [
        (&["man"][..], "cryptobroker"),
        (&["man", "encrypt-data"], "encrypt\\-data"),
        (&["man", "kem", "encapsulate"], "encapsulate"),
        (&["man", "--server"], "cryptobroker\\-server"),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains(".TH") && text.contains(name), "{words:?}: {text}");
    }
    assert_eq!(run(&["man", "encrypt"]).status.code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["man", "--out-dir", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for page in
        ["cryptobroker", "cryptobroker-server", "cryptobroker-kem-encapsulate", "cryptobroker-hash-data"]
    {
        let text = std::fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH OPTIONS"), "{page}");
    }
    assert_eq!(stdout(&output), format!("{} pages in {}\n", entries(folder.path()), folder.path().display()));
}
