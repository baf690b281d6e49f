//! `encrypt-data` and `decrypt-data` against a real broker.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use serde_json::Value;
use support::{Broker, entries, stderr, stdout};

const PROFILES: &str = "\
Profiles:
  - Name: Short
    API: { EncryptData: { EncryptAlg: aes-gcm, KeySize: 128, NonceStrategy: user-provided, TagLength: 96 } }
  - Name: Long
    API: { EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: user-provided, TagLength: 128 } }
  - Name: Random
    API: { EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 } }
  - Name: ChaCha
    API: { EncryptData: { EncryptAlg: chacha20-poly1305, KeySize: 256, NonceStrategy: user-provided, TagLength: 128 } }
";

const NONCE: &str = "000102030405060708090a0b";
const TEXT: &str = "attack at dawn";

fn broker(key: usize) -> Broker {
    let broker = Broker::with(PROFILES);
    broker.write("key", vec![7; key]);
    broker.write("text", TEXT);
    broker.write("aad", "order 66");
    broker
}

fn encrypt<'a>(profile: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["encrypt-data", "--profile", profile, "--key", "key", "--in", "text", "--out", "sealed"], more]
        .concat()
}

fn decrypt<'a>(profile: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let decrypt = ["decrypt-data", "--profile", profile, "--key", "key", "--in", "sealed", "--out", "opened"];
    [&decrypt, more].concat()
}

fn hex_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn round_trip_with_the_tag_after_the_ciphertext() {
    for (profile, key, tag) in [("Short", 16, 12), ("Long", 32, 16), ("ChaCha", 32, 16)] {
        let broker = broker(key);
        let sealed = broker.json(&encrypt(profile, &["--nonce", NONCE, "--aad", "aad"]));
        assert_eq!(sealed["descriptor"]["profile"], profile);
        assert_eq!(sealed["ciphertext"]["bytes"], TEXT.len() + tag);
        assert_eq!(sealed["nonceHex"], NONCE);
        assert!(hex::encode(broker.read("sealed")).ends_with(hex_of(&sealed, "tagHex")));
        assert_eq!(hex_of(&sealed, "tagHex").len(), 2 * tag);
        let opened = broker.json(&decrypt(profile, &["--nonce", NONCE, "--aad", "aad"]));
        assert_eq!(opened["plaintext"]["bytes"], TEXT.len(), "{profile}");
        assert!(!opened.to_string().contains(TEXT));
        assert_eq!(broker.read("opened"), TEXT.as_bytes(), "{profile}");
        assert_eq!(broker.mode("opened"), 0o600);
        // The plaintext is empty, so the output is only the tag.
        broker.write("text", "");
        broker.text(&encrypt(profile, &["--nonce", NONCE]));
        assert_eq!(broker.read("sealed").len(), tag);
        broker.text(&decrypt(profile, &["--nonce", NONCE, "--force"]));
        assert_eq!(broker.read("opened"), b"");
    }
}

#[test]
fn round_trip_with_separate_files() {
    let broker = broker(16);
    let apart = ["--nonce", NONCE, "--tag-out", "tag", "--nonce-out", "nonce"];
    let sealed = broker.json(&encrypt("Short", &apart));
    assert_eq!(sealed["ciphertext"]["bytes"], TEXT.len());
    assert_eq!((&sealed["tag"]["bytes"], &sealed["nonce"]["bytes"]), (&12.into(), &12.into()));
    assert_eq!(hex::encode(broker.read("tag")), hex_of(&sealed, "tagHex"));
    assert_eq!(hex::encode(broker.read("nonce")), NONCE);
    broker.text(&decrypt("Short", &["--nonce-file", "nonce", "--tag-file", "tag"]));
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
    let tag = hex_of(&sealed, "tagHex").to_owned();
    broker.text(&decrypt("Short", &["--nonce", NONCE, "--tag", &tag, "--force"]));
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
}

#[test]
fn prints_nonce_and_tag_in_hexadecimal() {
    let broker = broker(32);
    let text = broker.text(&encrypt("Long", &["--nonce", NONCE]));
    let tag = hex::encode(&broker.read("sealed")[TEXT.len()..]);
    assert_eq!(
        text,
        format!(
            "ciphertext    sealed ({} bytes)\nnonce         {NONCE}\ntag           {tag}\n\
             profile       Long\nalgorithm     aes-gcm\n",
            TEXT.len() + 16
        )
    );
}

/// Test case 15 of the specification of GCM (McGrew and Viega).
#[test]
fn ciphertext_matches_the_specification() {
    let broker = broker(0);
    let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    broker.write("key", hex::decode(key).unwrap());
    let text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
    broker.write("text", hex::decode(text).unwrap());
    let sealed = broker.json(&encrypt("Long", &["--nonce", "cafebabefacedbaddecaf888"]));
    assert_eq!(sealed["tagHex"], "b094dac5d93471bdec1a502270e3cc6c");
    let ciphertext = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                      8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
    assert_eq!(hex::encode(&broker.read("sealed")[..64]), ciphertext);
}

#[test]
fn prints_the_nonce_that_the_broker_made() {
    let broker = broker(32);
    let first = broker.json(&encrypt("Random", &["--nonce-out", "nonce"]));
    assert_eq!(hex::encode(broker.read("nonce")), hex_of(&first, "nonceHex"));
    broker.text(&decrypt("Random", &["--nonce-file", "nonce"]));
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
    let second = broker.json(&encrypt("Random", &["--nonce-out", "nonce"]));
    assert_ne!(first["nonceHex"], second["nonceHex"]);
    let refused = broker.error(1, &encrypt("Random", &["--nonce", NONCE]));
    assert_eq!(refused["rule"], "API.EncryptData.NonceStrategy");
    let missing = broker.run(&encrypt("Long", &["--nonce-out", "nonce"]));
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("is set by --nonce"), "{}", stderr(&missing));
}

#[test]
fn rejects_changed_input_without_writing_plaintext() {
    let broker = broker(32);
    broker.text(&encrypt("Long", &["--nonce", NONCE, "--aad", "aad"]));
    let sealed = broker.read("sealed");
    let before = entries(broker.folder.path());
    let refused = |more: &[&str]| {
        let error = broker.error(1, &decrypt("Long", more));
        assert_eq!(error["code"], "INVALID_ARGUMENT", "{error}");
        assert!(!error.to_string().contains(TEXT));
        assert_eq!(entries(broker.folder.path()), before);
    };
    let right = ["--nonce", NONCE, "--aad", "aad"];
    for place in [0, TEXT.len(), sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        broker.write("sealed", changed);
        refused(&right);
    }
    broker.write("sealed", &sealed[1..]);
    refused(&right);
    broker.write("sealed", &sealed);
    refused(&["--nonce", NONCE]);
    refused(&["--nonce", NONCE, "--aad", "text"]);
    refused(&["--nonce", "010102030405060708090a0b", "--aad", "aad"]);
    refused(&["--nonce", &NONCE[2..], "--aad", "aad"]);
    refused(&["--nonce", NONCE, "--aad", "aad", "--tag", "00"]);
    broker.text(&decrypt("Long", &right));
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
}

#[test]
fn error_of_a_wrong_key_names_its_option() {
    let broker = broker(32);
    let sealing = broker.run(&encrypt("Short", &["--nonce", NONCE]));
    assert_eq!(sealing.status.code(), Some(1));
    assert!(stderr(&sealing).contains("API.EncryptData.KeySize"), "{}", stderr(&sealing));
    broker.write("key", [7; 31]);
    let odd = broker.run(&encrypt("Long", &["--nonce", NONCE]));
    assert_eq!(odd.status.code(), Some(1));
    assert!(stderr(&odd).contains("is set by --key"), "{}", stderr(&odd));
    broker.write("text", vec![0; (1 << 20) + 1]);
    broker.write("key", [7; 32]);
    let large = broker.run(&encrypt("Long", &["--nonce", NONCE]));
    assert_eq!(large.status.code(), Some(1));
    assert!(stderr(&large).contains("is set by --in or --text"), "{}", stderr(&large));
    assert!(!broker.path("sealed").exists());
}

#[test]
fn encrypts_and_decrypts_through_standard_streams() {
    let broker = broker(32);
    let sealing =
        ["encrypt-data", "--profile", "Long", "--key", "key", "--nonce", NONCE, "--in", "-", "--out", "-"];
    let sealed = broker.run_with(&sealing, TEXT.as_bytes());
    assert_eq!(sealed.stdout.len(), TEXT.len() + 16, "{}", stderr(&sealed));
    assert!(stderr(&sealed).contains(&format!("nonce         {NONCE}")), "{}", stderr(&sealed));
    let opening =
        ["decrypt-data", "--profile", "Long", "--key", "key", "--nonce", NONCE, "--in", "-", "--out", "-"];
    let opened = broker.run_with(&opening, &sealed.stdout);
    assert_eq!(stdout(&opened), TEXT, "{}", stderr(&opened));
    let key_from_pipe = ["--nonce", NONCE, "--force"];
    broker.write("sealed", &sealed.stdout);
    let arguments: Vec<&str> =
        decrypt("Long", &key_from_pipe).iter().map(|word| if *word == "key" { "-" } else { word }).collect();
    let output = broker.run_with(&arguments, &broker.read("key"));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
}

#[test]
fn rejects_a_nonce_that_would_be_lost_before_the_call() {
    let broker = broker(32);
    for profile in ["Random", "Long"] {
        let error = broker.error(2, &encrypt(profile, &[]));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("--nonce-out") && message.contains("--framed"), "{message}");
    }
    assert!(!broker.path("sealed").exists());
}

/// Checks the bytes that docs/cli.md describes.
#[test]
fn framed_file_is_enough_to_decrypt() {
    for (profile, key, tag) in [("Random", 32, 16), ("Short", 16, 12), ("ChaCha", 32, 16)] {
        let broker = broker(key);
        let nonce: &[&str] = if profile == "Random" { &[] } else { &["--nonce", NONCE] };
        let sealed = broker.json(&encrypt(profile, &[nonce, &["--framed", "--aad", "aad"]].concat()));
        let bytes = broker.read("sealed");
        assert_eq!(sealed["ciphertext"]["bytes"], bytes.len());
        assert_eq!(bytes.len(), 8 + 1 + 1 + 12 + TEXT.len() + tag);
        assert_eq!(&bytes[..10], [&b"CBFRAME\x01"[..], &[12, u8::try_from(tag).unwrap()]].concat());
        assert_eq!(hex::encode(&bytes[10..22]), hex_of(&sealed, "nonceHex"));
        assert!(hex::encode(&bytes).ends_with(hex_of(&sealed, "tagHex")));
        broker.text(&decrypt(profile, &["--framed", "--aad", "aad"]));
        assert_eq!(broker.read("opened"), TEXT.as_bytes(), "{profile}");
    }
}

#[test]
fn changed_or_truncated_frame_keeps_the_existing_file() {
    let broker = broker(32);
    broker.text(&encrypt("Random", &["--framed"]));
    let sealed = broker.read("sealed");
    broker.write("opened", "before");
    let opening = decrypt("Random", &["--framed", "--force"]);
    let refused = |bytes: &[u8]| {
        broker.write("sealed", bytes);
        let error = broker.error(1, &opening);
        assert!(!error.to_string().contains(TEXT));
        assert_eq!(broker.read("opened"), b"before");
        error
    };
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        refused(&changed);
    }
    for length in [0, 7, 9, 21, sealed.len() - 1] {
        refused(&sealed[..length]);
    }
    let error = refused(b"-----BEGIN MESSAGE-----");
    let why = "cannot read sealed: is not a file of `encrypt-data --framed`";
    assert_eq!((&error["code"], &error["message"]), (&"IO".into(), &why.into()));
    broker.write("sealed", &sealed);
    broker.text(&opening);
    assert_eq!(broker.read("opened"), TEXT.as_bytes());
}

#[test]
fn encrypts_text_and_rejects_a_bare_argument() {
    let broker = broker(32);
    let encrypt = ["encrypt-data", "--profile", "Random", "--key", "key", "--framed", "--out", "-"];
    let sealed = broker.run(&[&encrypt[..], &["--text", TEXT]].concat());
    let opening = ["decrypt-data", "--profile", "Random", "--key", "key", "--framed", "--out", "-"];
    assert_eq!(stdout(&broker.run_with(&opening, &sealed.stdout)), TEXT, "{}", stderr(&sealed));
    let bare = broker.run(&[&encrypt[..], &["text"]].concat());
    assert_eq!(bare.status.code(), Some(2));
    assert!(
        stderr(&bare).contains("--in text") && stderr(&bare).contains("--text text"),
        "{}",
        stderr(&bare)
    );
}
