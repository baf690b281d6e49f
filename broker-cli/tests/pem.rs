//! PEM files with a byte order mark, with comments in any encoding and with other blocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use support::{Broker, stderr, stdout};

const PROFILES: &str = "Profiles:
  - Name: P
    API:
      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-256
        Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }
        KeyConstraints:
          Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
          Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
      SignData: { SigningMode: legacy, SignAlg: ecdsa, HashAlg: sha-256, SignatureFormat: CMS, KeyConstraints: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } } }
";

const EXPLAIN: [&str; 4] = ["profiles", "explain", "P", "sign-certificate"];

fn broker() -> Broker {
    let broker = Broker::with(PROFILES);
    for words in [
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k.key",
        "req -x509 -new -key k.key -subj /CN=x -days 9 -out k.crt",
        "req -new -key k.key -subj /CN=x -out k.csr",
        "x509 -in k.crt -outform DER -out k.der",
    ] {
        let output = broker.openssl(words);
        assert!(output.status.success(), "{words}: {}", stderr(&output));
    }
    broker
}

#[test]
fn sign_certificate_sends_the_blocks_of_files() {
    let broker = broker();
    let files = ["k.csr", "k.crt", "k.key"].map(|name| broker.read(name));
    let marks: [(&[u8], &[u8]); 4] = [
        (b"\xef\xbb\xbf", b""),
        (b"# M\xfcnchen\r\n", b"\xff\xfe"),
        (b"-----BEGIN DH PARAMETERS-----\n%\xff\n-----END DH PARAMETERS-----\n", b""),
        (b"", b"\n-----BEGIN DH PARAMETERS-----\nAAAA\n"),
    ];
    for (before, after) in marks {
        for (name, file) in ["csr", "crt", "key"].into_iter().zip(&files) {
            broker.write(name, [before, file, after].concat());
        }
        let issue =
            ["sign-certificate", "--profile", "P", "--csr", "csr", "--ca-cert", "crt", "--ca-key", "key"];
        let output = broker.run(&issue);
        assert_eq!(output.status.code(), Some(0), "{before:?}: {}", stderr(&output));
        assert!(stdout(&output).starts_with("-----BEGIN CERTIFICATE-----"));
        let sign =
            broker.run(&["sign-data", "--profile", "P", "--key", "key", "--text", "x", "--out", "signature"]);
        assert_eq!(sign.status.code(), Some(0), "{before:?}: {}", stderr(&sign));
        let verify = [
            "verify-data",
            "--profile",
            "P",
            "--public-key",
            "crt",
            "--text",
            "x",
            "--signature",
            "signature",
        ];
        let output = broker.run(&verify);
        assert_eq!(output.status.code(), Some(0), "{before:?}: {}", stderr(&output));
        let explain = ["--csr", "csr", "--ca-cert", "crt", "--ca-key", "key"];
        let output = broker.run(&[&EXPLAIN[..], &explain].concat());
        assert!(!stderr(&output).contains("PEM"), "{before:?}: {}", stderr(&output));
    }
}

#[test]
fn der_is_refused_with_advice() {
    let broker = broker();
    let words = ["sign-certificate", "--csr", "k.der", "--ca-cert", "k.crt", "--ca-key", "k.key"];
    let output = broker.run(&words);
    assert!(stderr(&output).contains("is not PEM: it has no line"), "{}", stderr(&output));
    assert!(stderr(&output).contains("convert DER first"), "{}", stderr(&output));
}

/// `openssl cms -sign` names the signer by issuer and serial number unless it is told otherwise.
#[test]
fn verify_data_takes_signatures_of_openssl() {
    let broker = broker();
    broker.write("x", "x");
    let sign = "cms -sign -binary -in x -signer k.crt -inkey k.key -md sha256 -outform DER -out signature";
    assert!(broker.openssl(sign).status.success());
    assert!(broker.openssl("pkey -in k.key -pubout -out k.pub").status.success());
    let verify = |key: &str| {
        let words = ["verify-data", "--profile", "P", "--format", "cms", "--public-key", key, "--in", "x"];
        broker.run(&[&words[..], &["--signature", "signature"]].concat())
    };
    let output = verify("k.crt");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = verify("k.pub");
    assert!(stderr(&output).contains("send the signer's certificate"), "{}", stderr(&output));
}

/// A request in one file with its key.
#[test]
fn only_blocks_of_the_kind_are_sent() {
    let broker = broker();
    let all = [broker.read("k.key"), broker.read("k.csr"), broker.read("k.crt")].concat();
    broker.write("all", all);
    let issue = ["sign-certificate", "--profile", "P", "--csr", "all", "--ca-cert", "all", "--ca-key", "all"];
    let output = broker.run(&issue);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for (csr, ca_cert, ca_key, why) in [
        ("k.key", "k.crt", "k.key", "k.key: holds no certification request; it has PRIVATE KEY"),
        ("k.csr", "k.key", "k.key", "k.key: holds no certificate; it has PRIVATE KEY"),
        ("k.csr", "k.crt", "k.csr", "k.csr: holds no private key; it has CERTIFICATE REQUEST"),
    ] {
        let arguments = ["--csr", csr, "--ca-cert", ca_cert, "--ca-key", ca_key];
        let error = broker.error(1, &[&["sign-certificate", "--profile", "P"], &arguments[..]].concat());
        assert_eq!((error["message"].as_str().unwrap(), &error["code"]), (why, &"INVALID_ARGUMENT".into()));
        let output = broker.run(&[&EXPLAIN[..2], &["--profile", "P"], &arguments[..]].concat());
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}
