//! `keygen`, `sign-data` and `verify-data` against a real broker, and against OpenSSL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use support::{Broker, entries, on_terminal, stderr, stdout};

const PROFILES: &str = "\
Profiles:
  - Name: Ecdsa
    API:
      HashData: { HashAlg: sha-256 }
      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-384
        SignatureFormat: DER
        KeyConstraints: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
  - Name: Rsa
    API:
      SignData:
        SigningMode: legacy
        SignAlg: rsa
        HashAlg: sha-256
        SignatureFormat: RAW
        KeyConstraints: { RSA: { MinKeySize: 2048, MaxKeySize: 4096 } }
  - Name: Ed25519
    API:
      SignData:
        SigningMode: legacy
        SignAlg: ed25519
        SignatureFormat: RAW
        AllowSeed: true
        KeyConstraints: { Ed25519: {} }
  - Name: MlDsa
    API:
      SignData:
        SigningMode: post-quantum
        SignAlg: ml-dsa-65
        SignatureFormat: PEM
        AllowSeed: true
        KeyConstraints: { ML-DSA-65: {} }
";

const MESSAGE: &str = "Hello, broker";

fn keygen(broker: &Broker, profile: &str, more: &[&str]) -> serde_json::Value {
    let keygen = ["keygen", "--profile", profile, "--public-out", "pub", "--private-out", "key", "--force"];
    broker.json(&[&keygen, more].concat())
}

fn sign<'a>(profile: &'a str, message: &[&'a str]) -> Vec<&'a str> {
    [&["sign-data", "--profile", profile, "--key", "key", "--out", "sig"], message].concat()
}

fn verify<'a>(profile: &'a str, message: &[&'a str]) -> Vec<&'a str> {
    [&["verify-data", "--profile", profile, "--public-key", "pub", "--signature", "sig"], message].concat()
}

#[test]
fn every_algorithm_signs_and_verifies_in_every_format() {
    let broker = Broker::with(PROFILES);
    for (profile, algorithm) in [
        ("Ecdsa", "ecdsa-with-sha-384"),
        ("Rsa", "rsa-with-sha-256"),
        ("Ed25519", "ed25519"),
        ("MlDsa", "ml-dsa-65"),
    ] {
        let made = keygen(&broker, profile, &[]);
        assert_eq!(made["descriptor"]["profile"], profile);
        assert_eq!(broker.mode("key"), 0o600);
        assert!(broker.read("pub").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));
        for format in
            [&[][..], &["--format", "raw"], &["--format", "der"], &["--format", "pem"], &["--format", "cms"]]
        {
            let signed = broker.json(&sign(profile, &[&["--text", MESSAGE], format].concat()));
            assert_eq!(signed["descriptor"]["algorithm"], algorithm);
            assert_eq!(signed["signature"]["file"], "sig");
            assert_eq!(signed["signature"]["bytes"], broker.read("sig").len());
            assert_eq!(
                broker.text(&verify(profile, &[&["--text", MESSAGE], format].concat())),
                "valid\n",
                "{profile} {format:?}"
            );
            let other = broker.run(&verify(profile, &[&["--text", "Hello, forger"], format].concat()));
            assert_eq!(other.status.code(), Some(4), "{profile} {format:?}: {}", stderr(&other));
            assert_eq!((stdout(&other), stderr(&other)), ("invalid\n".into(), String::new()));
        }
    }
}

#[test]
fn composite_signs_with_two_separately_made_keys() {
    let broker = Broker::with(&format!(
        "{PROFILES}  - Name: Hybrid
    API:
      SignData:
        SigningMode: hybrid
        SignAlg: MLDSA65-ECDSA-P384-SHA512
        SignatureFormat: RAW
        KeyConstraints: {{ ECDSA: {{ MinKeySize: 384, MaxKeySize: 384 }}, ML-DSA-65: {{}} }}
"
    ));
    broker.write("long", vec![7; 3 << 20]);
    keygen(&broker, "MlDsa", &[]);
    for name in ["key", "pub"] {
        std::fs::rename(broker.path(name), broker.path(&format!("{name}2"))).unwrap();
    }
    keygen(&broker, "Ecdsa", &[]);
    for message in [&["--text", MESSAGE][..], &["--in", "long"]] {
        let two = [message, &["--second-key", "key2"]].concat();
        let signed = broker.json(&sign("Hybrid", &two));
        assert_eq!(signed["descriptor"]["algorithm"], "MLDSA65-ECDSA-P384-SHA512");
        let two = [message, &["--second-public-key", "pub2"]].concat();
        assert_eq!(broker.text(&verify("Hybrid", &two)), "valid\n", "{message:?}");
        let other = broker.run(&verify("Hybrid", &["--text", "other", "--second-public-key", "pub2"]));
        assert_eq!(other.status.code(), Some(4), "{}", stderr(&other));
    }
    let one = broker.error(1, &sign("Hybrid", &["--text", MESSAGE]));
    assert_eq!(one["code"], "FAILED_PRECONDITION", "{one}");
}

#[test]
fn json_verdict_matches_the_text() {
    let broker = Broker::with(PROFILES);
    keygen(&broker, "Ecdsa", &[]);
    broker.text(&sign("Ecdsa", &["--text", MESSAGE]));
    let right = broker.json(&verify("Ecdsa", &["--text", MESSAGE]));
    assert_eq!(right["valid"], true);
    assert!(right["metadata"]["id"].is_string());
    let wrong = broker.run(&[&verify("Ecdsa", &["--text", "other"])[..], &["--output", "json"]].concat());
    assert_eq!(wrong.status.code(), Some(4));
    assert_eq!(support::json(&wrong.stdout)["valid"], false);
    assert!(wrong.stderr.is_empty());
}

#[test]
fn openssl_interoperates_in_both_directions() {
    let broker = Broker::with(PROFILES);
    broker.write("data", MESSAGE);
    for (profile, hash) in [("Ecdsa", "-sha384"), ("Rsa", "-sha256")] {
        keygen(&broker, profile, &[]);
        broker.text(&sign(profile, &["--in", "data"]));
        let verified = broker.openssl(&format!("dgst {hash} -verify pub -signature sig data"));
        assert_eq!(stdout(&verified), "Verified OK\n", "{profile}: {}", stderr(&verified));
        assert!(broker.openssl(&format!("dgst {hash} -sign key -out theirs data")).status.success());
        let arguments = [
            "verify-data",
            "--profile",
            profile,
            "--public-key",
            "pub",
            "--in",
            "data",
            "--signature",
            "theirs",
        ];
        assert_eq!(broker.text(&arguments), "valid\n");
    }
    keygen(&broker, "Ed25519", &[]);
    broker.text(&sign("Ed25519", &["--in", "data"]));
    let verified = broker.openssl("pkeyutl -verify -pubin -inkey pub -rawin -in data -sigfile sig");
    assert!(verified.status.success(), "{}", stderr(&verified));
}

#[test]
fn openssl_verifies_cms_with_a_certificate() {
    let broker = Broker::with(PROFILES);
    broker.write("data", MESSAGE);
    keygen(&broker, "Ecdsa", &[]);
    let certificate = "req -x509 -new -key key -out cert -days 1 -subj /CN=signer";
    assert!(broker.openssl(certificate).status.success());
    broker.text(&sign("Ecdsa", &["--in", "data", "--format", "cms"]));
    let verify = "cms -verify -binary -inform DER -in sig -content data -certfile cert -CAfile cert -purpose any -out out";
    let verified = broker.openssl(verify);
    assert!(verified.status.success(), "{}", stderr(&verified));
    // A certificate is accepted in place of the key.
    let by_certificate = [
        "verify-data",
        "--profile",
        "Ecdsa",
        "--public-key",
        "cert",
        "--in",
        "data",
        "--signature",
        "sig",
        "--format",
        "cms",
    ];
    assert_eq!(broker.text(&by_certificate), "valid\n");
}

#[test]
fn openssl_reads_keys_in_der_and_pem() {
    let broker = Broker::with(PROFILES);
    for profile in ["Ecdsa", "Rsa", "Ed25519"] {
        for (encoding, form) in [("pem", "PEM"), ("der", "DER")] {
            keygen(&broker, profile, &["--encoding", encoding]);
            let public = broker.openssl(&format!("pkey -pubin -inform {form} -in pub -noout"));
            assert!(public.status.success(), "{profile} {encoding}: {}", stderr(&public));
            let derived = broker.openssl(&format!("pkey -inform {form} -in key -pubout -outform {form}"));
            assert_eq!(derived.stdout, broker.read("pub"), "{profile} {encoding}");
        }
    }
    for profile in ["Ecdsa", "Rsa"] {
        let raw =
            ["keygen", "--profile", profile, "--public-out", "p", "--private-out", "k", "--encoding", "raw"];
        let error = broker.error(1, &raw);
        assert_eq!(error["code"], "INVALID_ARGUMENT", "{error}");
        assert!(!broker.path("k").exists() && !broker.path("p").exists());
    }
}

#[test]
fn seed_determines_the_key_pair_when_the_profile_allows_it() {
    let broker = Broker::with(PROFILES);
    broker.write("seed", [9; 32]);
    for profile in ["Ed25519", "MlDsa"] {
        let from_seed = ["--seed-file", "seed", "--encoding", "raw"];
        keygen(&broker, profile, &from_seed);
        assert_eq!(broker.read("key"), [9; 32]);
        let public = broker.read("pub");
        keygen(&broker, profile, &from_seed);
        assert_eq!(broker.read("pub"), public, "{profile}");
        keygen(&broker, profile, &["--encoding", "raw"]);
        assert_ne!(broker.read("pub"), public, "{profile}");
    }
    let forbidden =
        ["keygen", "--profile", "Ecdsa", "--public-out", "p", "--private-out", "k", "--seed-file", "seed"];
    assert_eq!(broker.error(1, &forbidden)["rule"], "API.SignData.AllowSeed");
}

#[test]
fn reads_the_message_from_text_file_or_standard_input() {
    let broker = Broker::with(PROFILES);
    broker.write("data", MESSAGE);
    keygen(&broker, "Ed25519", &[]);
    let mut signatures = Vec::new();
    for message in [&["--text", MESSAGE][..], &["--in", "data"], &["--file", "data"], &[], &["--in", "-"]] {
        let output = broker.run_with(&sign("Ed25519", message), MESSAGE.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{message:?}: {}", stderr(&output));
        signatures.push(broker.read("sig"));
    }
    // Ed25519 signatures are deterministic.
    signatures.dedup();
    assert_eq!(signatures.len(), 1);
    let key_from_pipe = ["sign-data", "--profile", "Ed25519", "--key", "-", "--in", "data", "--out", "-"];
    let piped = broker.run_with(&key_from_pipe, &broker.read("key"));
    assert_eq!(piped.stdout, signatures[0], "{}", stderr(&piped));
    assert!(stderr(&piped).contains("algorithm     ed25519"), "{}", stderr(&piped));
}

#[test]
fn rejects_binary_output_on_a_terminal() {
    let broker = Broker::with(PROFILES);
    let keygen = ["keygen", "--profile", "Ed25519", "--public-out", "pub", "--private-out", "-"];
    let plain = [&keygen[..], &["--color", "never"]].concat();
    let (shown, output) = on_terminal(broker.command(&plain), true, b"");
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(
        shown.contains("-----BEGIN PRIVATE KEY-----") && shown.contains("algorithm     ed25519"),
        "{shown}"
    );
    std::fs::remove_file(broker.path("pub")).unwrap();
    for (target, encoding) in [("-", "raw"), ("-", "der"), ("/dev/stdout", "raw")] {
        let keygen = ["keygen", "--profile", "Ed25519", "--encoding", encoding, "--public-out", "pub"];
        let command = broker.command(&[&keygen[..], &["--private-out", target]].concat());
        let (shown, output) = on_terminal(command, true, b"");
        assert_eq!(output.status.code(), Some(2), "{shown}");
        assert!(shown.contains(&format!("the private key is binary, and {target} is a terminal")), "{shown}");
        // No half of a key pair is left behind.
        assert!(!broker.path("pub").exists(), "{target} {encoding}");
    }
    // Public binary content is rejected too.
    broker.text(&["keygen", "--profile", "Ed25519", "--public-out", "pub", "--private-out", "key"]);
    let sign = ["sign-data", "--profile", "Ed25519", "--key", "key", "--text", MESSAGE, "--out", "-"];
    let (shown, output) = on_terminal(broker.command(&sign), true, b"");
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("the signature is binary, and - is a terminal"), "{shown}");
    let hash = ["hash", "--profile", "Ecdsa", "--text", MESSAGE, "--format", "raw"];
    let (shown, output) = on_terminal(broker.command(&hash), true, b"");
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("the digest is binary, and standard output is a terminal"), "{shown}");
    let (shown, output) = on_terminal(broker.command(&[&hash[..], &["--json"]].concat()), true, b"");
    assert_eq!(output.status.code(), Some(0), "{shown}");
}

#[test]
fn a_key_pair_is_written_completely_or_not_at_all() {
    let broker = Broker::with(PROFILES);
    let keygen = ["keygen", "--profile", "Ed25519", "--private-out", "key", "--public-out"];
    let full = [&keygen[..], &["/dev/full"]].concat();
    let output = broker.run(&full);
    assert_eq!(output.status.code(), Some(1));
    let why = "cannot write /dev/full: No space left on device (os error 28)\n";
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
    assert_eq!(broker.error(1, &full)["code"], "IO");
    assert!(!broker.path("key").exists());
    // The files that would be replaced stay, and a broken pipe is a failure with a message: the key is lost.
    broker.text(&[&keygen[..], &["pub"]].concat());
    let before = (broker.read("key"), broker.read("pub"));
    let count = entries(broker.folder.path());
    for target in ["-", "pub"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = broker.command(&[&keygen[..], &[target, "--force"]].concat());
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("cannot write standard output"), "{}", stderr(&output));
        assert_eq!((broker.read("key"), broker.read("pub")), before);
        assert_eq!(entries(broker.folder.path()), count);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = broker.command(&["key", "generate", "--profile", "Default", "--out", "aes"]);
    assert_eq!(command.stdout(writer).output().unwrap().status.code(), Some(1));
    assert!(!broker.path("aes").exists());
}

#[test]
fn refusal_writes_no_signature() {
    let broker = Broker::with(PROFILES);
    keygen(&broker, "Ecdsa", &[]);
    assert!(
        broker.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out small").status.success()
    );
    let before = entries(broker.folder.path());
    let small = ["sign-data", "--profile", "Ecdsa", "--key", "small", "--out", "sig", "--text", MESSAGE];
    let error = broker.error(1, &small);
    assert_eq!(error["code"], "FAILED_PRECONDITION");
    assert_eq!(error["rule"], "API.SignData.KeyConstraints.ECDSA");
    assert_eq!(error["line"], 10);
    let other = broker.error(1, &sign("MlDsa", &["--text", MESSAGE]));
    assert_eq!(other["code"], "FAILED_PRECONDITION", "{other}");
    broker.write("key", "no key");
    let none = broker.run(&sign("Ecdsa", &["--text", MESSAGE]));
    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("is set by --key"), "{}", stderr(&none));
    assert!(!stderr(&none).contains("no key"), "{}", stderr(&none));
    assert_eq!(entries(broker.folder.path()), before);
    // A malformed signature is an error, and not the verdict "invalid".
    broker.write("sig", "no signature");
    let malformed = broker.run(&verify("Ecdsa", &["--text", MESSAGE]));
    assert_eq!(malformed.status.code(), Some(1), "{}", stdout(&malformed));
    assert!(stderr(&malformed).contains("is set by --signature") || stderr(&malformed).contains("signature"));
}
