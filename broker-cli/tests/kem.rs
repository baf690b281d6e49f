//! `kem keygen`, `kem encapsulate` and `kem decapsulate` against a real broker.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{os::unix::process::ExitStatusExt as _, process::Command};

use support::{Broker, entries, stderr};

const PROFILES: &str = "\
Profiles:
  - { Name: K512, API: { KEM: { KemAlg: ml-kem-512 } } }
  - { Name: K768, API: { KEM: { KemAlg: ml-kem-768, AllowSeed: true } } }
  - { Name: K1024, Settings: { CryptoLibrary: aws-lc }, API: { KEM: { KemAlg: ml-kem-1024 } } }
  - { Name: XWing, API: { KEM: { KemAlg: x25519-ml-kem-768 } } }
  - { Name: Hash, API: { HashData: { HashAlg: sha-256 } } }
";

const KEYGEN: [&str; 6] = ["kem", "keygen", "--public-out", "pub", "--private-out", "key"];
const ENCAPSULATE: [&str; 8] =
    ["kem", "encapsulate", "--public-key", "pub", "--ciphertext-out", "ct", "--secret-out", "ours"];
const DECAPSULATE: [&str; 8] =
    ["kem", "decapsulate", "--private-key", "key", "--ciphertext", "ct", "--secret-out", "theirs"];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

#[test]
fn both_sides_agree_under_every_algorithm_and_encoding() {
    // The sizes are those of FIPS 203, table 3. X-Wing adds an X25519 key to each, and its seed is half as long.
    for (profile, algorithm, [public, private, ciphertext]) in [
        ("K512", "ml-kem-512", [800, 64, 768]),
        ("K768", "ml-kem-768", [1184, 64, 1088]),
        ("K1024", "ml-kem-1024", [1568, 64, 1568]),
        ("XWing", "x-wing", [1216, 32, 1120]),
    ] {
        for encoding in ["raw", "der", "pem"] {
            let broker = Broker::with(PROFILES);
            let made = broker.json(&with(&KEYGEN, &["--profile", profile, "--encoding", encoding]));
            assert_eq!(made["descriptor"]["algorithm"], algorithm);
            assert_eq!(made["descriptor"]["profile"], profile);
            assert_eq!(made["publicKey"]["file"], "pub");
            assert_eq!(made["publicKey"]["bytes"], broker.read("pub").len());
            assert_eq!(made["privateKey"]["bytes"], broker.read("key").len());
            match encoding {
                "raw" => assert_eq!((broker.read("pub").len(), broker.read("key").len()), (public, private)),
                "der" => assert_eq!((broker.read("pub")[0], broker.read("key")[0]), (0x30, 0x30)),
                _ => {
                    assert!(broker.read("pub").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));
                    assert!(broker.read("key").starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
                }
            }
            let sent = broker.json(&with(&ENCAPSULATE, &["--profile", profile]));
            assert_eq!(sent["ciphertext"]["bytes"], ciphertext);
            assert_eq!(sent["sharedSecret"]["bytes"], 32);
            assert_eq!(broker.read("ct").len(), ciphertext);
            broker.json(&with(&DECAPSULATE, &["--profile", profile]));
            assert_eq!(broker.read("ours").len(), 32);
            assert_eq!(broker.read("ours"), broker.read("theirs"), "{profile} {encoding}");
        }
    }
}

#[test]
fn secrets_have_mode_0600_and_are_not_printed() {
    let broker = Broker::with(PROFILES);
    let mut printed = Vec::new();
    for command in [&KEYGEN[..], &ENCAPSULATE, &DECAPSULATE] {
        printed.push(broker.text(&with(command, &["--profile", "K768"])));
        let again = with(command, &["--profile", "K768", "--force"]);
        printed.push(broker.json(&again).to_string());
    }
    for secret in ["key", "ours", "theirs"] {
        assert_eq!(broker.mode(secret), 0o600, "{secret}");
        let bytes = broker.read(secret);
        for text in &printed {
            assert!(!text.contains(&hex::encode(&bytes)), "{text}");
            assert!(!text.contains(&base64(&bytes)), "{text}");
        }
    }
    for public in ["pub", "ct"] {
        assert_eq!(broker.mode(public) & 0o600, 0o600, "{public}");
        assert_ne!(broker.mode(public), 0o600, "{public}: the umask of this test is unusual");
    }
    // A file that others can read is replaced by one that they cannot, and not written to.
    std::fs::set_permissions(broker.path("theirs"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    broker.text(&with(&DECAPSULATE, &["--profile", "K768", "--force"]));
    assert_eq!(broker.mode("theirs"), 0o600);
}

#[test]
fn key_pair_replaces_empty_files() {
    let broker = Broker::with(PROFILES);
    for name in ["pub", "key"] {
        broker.write(name, "");
        std::fs::set_permissions(broker.path(name), std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .unwrap();
    }
    broker.text(&with(&KEYGEN, &["--profile", "K768"]));
    assert_eq!((broker.read("pub").len(), broker.read("key").len()), (1184, 64));
    assert_eq!(broker.mode("key"), 0o600);
}

/// A file size limit of one block kills the program while it writes the public key, after the private key.
#[test]
fn killed_program_leaves_no_files() {
    let broker = Broker::with(PROFILES);
    let before = entries(broker.folder.path());
    let command = broker.command(&with(&KEYGEN, &["--profile", "K768"]));
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -c 0; ulimit -f 1; exec \"$@\"", "sh"]).arg(command.get_program());
    let output = limited.args(command.get_args()).current_dir(broker.folder.path()).output().unwrap();
    assert_eq!(output.status.signal(), Some(SIGXFSZ), "{}", stderr(&output));
    assert_eq!(entries(broker.folder.path()), before);
}

/// The number of the signal on every supported architecture.
const SIGXFSZ: i32 = 25;

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

#[test]
fn prints_a_line_for_each_file() {
    let broker = Broker::with(PROFILES);
    let text = broker.text(&with(&KEYGEN, &["--profile", "K768"]));
    assert_eq!(
        text,
        "private key   key (64 bytes)\n\
         public key    pub (1184 bytes)\n\
         profile       K768\n\
         algorithm     ml-kem-768\n"
    );
}

#[test]
fn seed_determines_the_key_pair_when_the_profile_allows_it() {
    let broker = Broker::with(PROFILES);
    broker.write("seed", [7; 64]);
    let from_seed = with(&KEYGEN, &["--profile", "K768", "--force", "--seed-file"]);
    broker.text(&with(&from_seed, &["seed"]));
    let (public, private) = (broker.read("pub"), broker.read("key"));
    assert_eq!(private, [7; 64]);
    assert_eq!(broker.run_with(&with(&from_seed, &["-"]), &[7; 64]).status.code(), Some(0));
    assert_eq!((broker.read("pub"), broker.read("key")), (public.clone(), private));
    assert_eq!(broker.run_with(&with(&from_seed, &["-"]), &[8; 64]).status.code(), Some(0));
    assert_ne!(broker.read("pub"), public);
    let forbidden =
        broker.error(1, &with(&KEYGEN, &["--profile", "K1024", "--force", "--seed-file", "seed"]));
    assert_eq!(forbidden["code"], "FAILED_PRECONDITION");
    assert_eq!(forbidden["rule"], "API.KEM.AllowSeed");
    assert_eq!(forbidden["line"], 4);
    broker.write("short", [7; 63]);
    let wrong = broker.run(&with(&from_seed, &["short"]));
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("is set by --seed-file"), "{}", stderr(&wrong));
}

#[test]
fn keys_ciphertexts_and_secrets_pass_through_standard_streams() {
    let broker = Broker::with(PROFILES);
    let made =
        broker.run(&["kem", "keygen", "--profile", "K768", "--public-out", "-", "--private-out", "key"]);
    assert_eq!(made.stdout.len(), 1184, "{}", stderr(&made));
    assert!(stderr(&made).contains("private key   key (64 bytes)"), "{}", stderr(&made));
    let sent = broker.run_with(
        &[
            "kem",
            "encapsulate",
            "--profile",
            "K768",
            "--public-key",
            "-",
            "--ciphertext-out",
            "ct",
            "--secret-out",
            "-",
        ],
        &made.stdout,
    );
    assert_eq!(sent.stdout.len(), 32, "{}", stderr(&sent));
    let received = broker.run_with(
        &[
            "kem",
            "decapsulate",
            "--profile",
            "K768",
            "--private-key",
            "-",
            "--ciphertext",
            "ct",
            "--secret-out",
            "/dev/stdout",
        ],
        &broker.read("key"),
    );
    assert!(received.stdout.starts_with(&sent.stdout), "{}", stderr(&received));
    let shown = received.stdout[32..].to_vec();
    assert!(String::from_utf8(shown).unwrap().contains("/dev/stdout (32 bytes)"));
}

#[test]
fn changed_ciphertext_gives_another_secret_and_short_one_fails() {
    let broker = Broker::with(PROFILES);
    broker.text(&with(&KEYGEN, &["--profile", "K768"]));
    broker.text(&with(&ENCAPSULATE, &["--profile", "K768"]));
    let mut ciphertext = broker.read("ct");
    ciphertext[0] ^= 1;
    broker.write("ct", &ciphertext);
    broker.text(&with(&DECAPSULATE, &["--profile", "K768"]));
    assert_ne!(broker.read("ours"), broker.read("theirs"));
    assert_eq!(broker.read("theirs").len(), 32);
    std::fs::remove_file(broker.path("theirs")).unwrap();
    broker.write("ct", &ciphertext[1..]);
    let before = entries(broker.folder.path());
    let error = broker.error(1, &with(&DECAPSULATE, &["--profile", "K768"]));
    assert_eq!((&error["code"], &error["field"]), (&"INVALID_ARGUMENT".into(), &"ciphertext".into()));
    let output = broker.run(&with(&DECAPSULATE, &["--profile", "K768"]));
    assert!(stderr(&output).contains("is set by --ciphertext"), "{}", stderr(&output));
    assert_eq!(entries(broker.folder.path()), before);
}

#[test]
fn rejects_malformed_keys_and_missing_sections_without_writing() {
    let broker = Broker::with(PROFILES);
    broker.text(&with(&KEYGEN, &["--profile", "K768"]));
    let before = entries(broker.folder.path());
    broker.write("pub", [255; 1184]);
    let error = broker.error(1, &with(&ENCAPSULATE, &["--profile", "K768"]));
    assert_eq!((&error["code"], &error["field"]), (&"INVALID_ARGUMENT".into(), &"key_source".into()));
    let output = broker.run(&with(&ENCAPSULATE, &["--profile", "K768"]));
    assert!(stderr(&output).contains("is set by --public-key"), "{}", stderr(&output));
    let other = broker.error(1, &with(&ENCAPSULATE, &["--profile", "Hash"]));
    assert_eq!((&other["code"], &other["rule"]), (&"FAILED_PRECONDITION".into(), &"API.KEM".into()));
    let unknown = broker.error(1, &with(&ENCAPSULATE, &["--profile", "Nope"]));
    assert_eq!(unknown["code"], "NOT_FOUND");
    assert_eq!(entries(broker.folder.path()), before);
}
