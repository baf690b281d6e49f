//! `--context` and `--context-hex` of `sign-data` and `verify-data`, in one message and in parts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use support::{Broker, stderr, stdout};

const PROFILES: &str = "\
Profiles:
  - Name: Pure
    API: { SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: RAW, AllowContext: true, KeyConstraints: { ML-DSA-65: {} } } }
  - Name: Hashed
    API: { SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, PreHash: sha-512, SignatureFormat: RAW, AllowContext: true, KeyConstraints: { ML-DSA-65: {} } } }
  - Name: Without
    API: { SignData: { SigningMode: post-quantum, SignAlg: ml-dsa-65, SignatureFormat: RAW, KeyConstraints: { ML-DSA-65: {} } } }
";

fn broker() -> Broker {
    let broker = Broker::with(PROFILES);
    broker.text(&["keygen", "--profile", "Pure", "--public-out", "pub", "--private-out", "key"]);
    broker.write("long", vec![7; 3 << 20]);
    broker
}

fn sign<'a>(profile: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["sign-data", "--profile", profile, "--key", "key", "--out", "sig"], more].concat()
}

fn verify<'a>(profile: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["verify-data", "--profile", profile, "--public-key", "pub", "--signature", "sig"], more].concat()
}

#[test]
fn signature_is_valid_with_its_context_only() {
    let broker = broker();
    for (profile, algorithm) in [("Pure", "ml-dsa-65"), ("Hashed", "hash-ml-dsa-65-with-sha-512")] {
        for data in [["--text", "Hello"], ["--in", "long"]] {
            let context = ["--context", "f\u{fc}r alle"];
            let signed = broker.json(&sign(profile, &[data, context].concat()));
            assert_eq!(signed["descriptor"]["algorithm"], algorithm);
            // The same bytes in hexadecimal.
            let same = ["--context-hex", "66c3bc7220616c6c65"];
            for context in [context, same] {
                assert_eq!(broker.text(&verify(profile, &[data, context].concat())), "valid\n");
            }
            for other in [&["--context", "fur alle"][..], &["--context-hex", ""], &[]] {
                let output = broker.run(&verify(profile, &[&data[..], other].concat()));
                assert_eq!(output.status.code(), Some(4), "{other:?}: {}", stderr(&output));
                assert_eq!(stdout(&output), "invalid\n");
            }
        }
    }
    // Neither form is valid as the other.
    broker.text(&sign("Pure", &["--text", "Hello"]));
    assert_eq!(broker.run(&verify("Hashed", &["--text", "Hello"])).status.code(), Some(4));
    assert_eq!(broker.text(&verify("Without", &["--text", "Hello", "--context", ""])), "valid\n");
}

#[test]
fn refused_contexts_name_the_option() {
    let broker = broker();
    let long = "ab".repeat(256);
    for (profile, option, value, more, reason) in [
        ("Without", "--context", "a", &[][..], "CONTEXT_NOT_ALLOWED"),
        ("Pure", "--context", "a", &["--format", "cms"], "FIELD_UNSUPPORTED"),
        ("Pure", "--context-hex", &long, &[], "FIELD_TOO_LONG"),
    ] {
        let arguments = sign(profile, &[&["--text", "Hello", option, value], more].concat());
        let error = broker.error(1, &arguments);
        assert_eq!((&error["reason"], &error["field"]), (&reason.into(), &"context".into()), "{error}");
        let text = stderr(&broker.run(&arguments));
        assert!(text.contains(&format!("is set by {option}")), "{text}");
    }
    for wrong in [&["--context-hex", "abc"][..], &["--context", "a", "--context-hex", "61"]] {
        let output = broker.run(&sign("Pure", &[&["--text", "Hello"], wrong].concat()));
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", stderr(&output));
    }
}
