//! `certificate lint`: what the broker issues has no finding, and each defect has its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use support::{Broker, stderr, stdout};

/// Returns the codes of the findings of a file's only certificate, sorted, and checks the exit code.
fn findings(broker: &Broker, file: &str) -> Vec<String> {
    let output = broker.run(&["certificate", "lint", file, "--json"]);
    let value = support::json(&output.stdout);
    let errors = value["errors"].as_u64().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(errors > 0)), "{value}");
    let list = value["findings"].as_array().unwrap();
    assert!(list.iter().all(|finding| {
        finding["clause"].as_str().is_some_and(|clause| !clause.is_empty())
            && finding["message"].as_str().is_some_and(|message| !message.is_empty())
    }));
    let mut codes: Vec<String> =
        list.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    codes
}

#[test]
fn what_the_program_and_the_broker_make_has_no_finding() {
    let broker = Broker::start();
    for profile in ["Default", "PQC-ML-DSA-65", "KSA-MODERATE-2020"] {
        broker.text(&[
            "ca",
            "create",
            "-p",
            profile,
            "--subject",
            "C=DE,O=Example,CN=CA",
            "--cert-out",
            "ca.pem",
            "--key-out",
            "ca.key",
            "--force",
        ]);
        broker.text(&[
            "csr",
            "create",
            "--new-key",
            "p-256",
            "--key-out",
            "k",
            "--force",
            "--subject",
            "CN=x",
            "--dns",
            "x.example",
            "--out",
            "r",
        ]);
        let issue =
            ["sign-certificate", "-p", profile, "--csr", "r", "--ca-cert", "ca.pem", "--ca-key", "ca.key"];
        let issued = broker.run(&[&issue[..], &["--out", "app.pem"]].concat());
        assert_eq!(findings(&broker, "ca.pem"), [""; 0], "{profile}");
        if issued.status.success() {
            assert_eq!(findings(&broker, "app.pem"), [""; 0], "{profile}");
        }
    }
    let text = broker.text(&["certificate", "lint", "ca.pem"]);
    assert_eq!(text, "CN=CA,O=Example,C=DE\n  nothing found\n");
}

/// A certificate by OpenSSL with these extensions and options.
fn made(broker: &Broker, extensions: &str, options: &str) {
    let config = format!("[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[ext]\n{extensions}");
    broker.write("config", config);
    let serial = if options.contains("-set_serial") { "" } else { " -set_serial 0x7123456789abcdef" };
    let options = format!("{options}{serial}");
    let output = broker
        .openssl(&format!("req -x509 -nodes -keyout k -out c -config config -extensions ext {options}"));
    assert!(output.status.success(), "{extensions} {options}: {}", stderr(&output));
}

const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 9";

#[test]
fn defects_of_extensions_are_found() {
    let broker = Broker::start();
    let good = "subjectKeyIdentifier=hash\n";
    for (extensions, codes) in [
        ("basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign", &[][..]),
        ("basicConstraints=CA:true\nkeyUsage=critical,keyCertSign", &["basic-constraints-not-critical"]),
        ("basicConstraints=critical,CA:true", &["key-usage-missing"]),
        ("basicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature", &["ca-without-cert-sign"]),
        ("keyUsage=critical,keyCertSign", &["cert-sign-without-ca"]),
        ("keyUsage=digitalSignature", &["criticality"]),
        ("keyUsage=critical,keyEncipherment", &["key-usage-for-key"]),
        ("keyUsage=critical,encipherOnly", &["only-without-agreement"]),
        ("basicConstraints=critical,CA:false,pathlen:1", &["path-length-not-a-ca"]),
        ("extendedKeyUsage=timeStamping", &["time-stamping-critical"]),
        ("extendedKeyUsage=critical,timeStamping,clientAuth", &["time-stamping-alone"]),
        ("extendedKeyUsage=serverAuth", &["server-without-alternative-name"]),
        ("subjectAltName=DNS:a_b.example", &["dns-name-underscore"]),
        ("subjectAltName=DNS:10.0.0.1", &["alternative-name"]),
        ("subjectAltName=DNS:a..b", &["alternative-name"]),
        ("subjectAltName=URI:relative", &["alternative-name"]),
        ("subjectAltName=email:nobody", &["alternative-name"]),
        ("subjectAltName=DNS:a.example,DNS:a.example", &["name-duplicate"]),
        ("crlDistributionPoints=URI:relative", &["url"]),
        ("crlDistributionPoints=URI:https://a.example/", &["url-https"]),
        ("authorityInfoAccess=OCSP;URI:ftp://a.example/", &["url-scheme"]),
        ("nameConstraints=permitted;DNS:example", &["criticality", "name-constraints-not-a-ca"]),
        ("2.5.29.15=critical,DER:030100", &["key-usage-empty"]),
        ("2.5.29.15=critical,DER:0101ff", &["extension-malformed"]),
        ("2.5.29.15=critical,DER:03020080", &["key-usage-encoding"]),
        ("2.5.29.19=critical,DER:3003010100", &["ca-default"]),
        ("2.5.29.17=DER:3000", &["names-empty"]),
    ] {
        made(&broker, &format!("{extensions}\n{good}"), EC);
        assert_eq!(findings(&broker, "c"), codes, "{extensions}");
    }
    made(
        &broker,
        "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=none",
        EC,
    );
    assert_eq!(findings(&broker, "c"), ["subject-key-id-missing"]);
}

#[test]
fn defects_of_keys_times_and_signatures_are_found() {
    let broker = Broker::start();
    let good = "subjectKeyIdentifier=hash\n";
    for (options, codes) in [
        ("-newkey rsa:1024 -days 9", &["key-too-short"][..]),
        ("-newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 -days 9", &["rsa-exponent"]),
        ("-newkey rsa:2048 -sha1 -days 9", &["weak-signature-algorithm"]),
        ("-newkey rsa:2048 -days 9 -set_serial 1", &["serial-short"]),
        ("-newkey rsa:2048 -days 9 -set_serial 0", &["serial-short", "serial-zero"]),
        ("-newkey rsa:2048 -days 9 -set_serial -1311768467463790320", &["serial-negative"]),
        (
            "-newkey rsa:2048 -days 9 -set_serial 0x112233445566778899aabbccddeeff00112233445566",
            &["serial-too-long"],
        ),
    ] {
        made(&broker, good, options);
        assert_eq!(findings(&broker, "c"), codes, "{options}");
    }
    made(&broker, good, EC);
    broker.openssl("x509 -in c -outform DER -out der");
    let der = broker.read("der");
    let find = |text: &[u8]| der.windows(text.len()).position(|window| window == text).unwrap();
    let changed = |place: usize, bytes: &[u8]| {
        let mut changed = der.clone();
        changed[place..][..bytes.len()].copy_from_slice(bytes);
        broker.write("changed", changed);
        findings(&broker, "changed")
    };
    // The first UTCTime is notBefore.
    let time = find(&[0x17, 13]);
    assert_eq!(changed(time + 2, b"190101000000Z\x17\x0d200101000000Z"), ["expired"]);
    assert_eq!(changed(time + 2, b"490101000000Z"), ["validity-reversed"]);
    assert_eq!(changed(time + 2, b"26010100000+Z"), ["time-form"]);
    // The CN of the issuer, which then differs from the subject.
    let name = find(&[0x06, 3, 0x55, 4, 3, 0x0c, 1, b'x']);
    assert_eq!(changed(name + 5, &[0x02]), ["authority-key-id-missing", "name-value"]);
    assert_eq!(changed(name + 7, &[0xff]), ["authority-key-id-missing", "name-value"]);
    assert_eq!(changed(name + 5, &[0x13, 1, b'@']), ["authority-key-id-missing", "name-value"]);
    let subject =
        name + der[name + 8..].windows(8).position(|window| window == &der[name..name + 8]).unwrap() + 8;
    assert_eq!(changed(subject + 7, &[7]), ["authority-key-id-missing", "name-value"]);
    // The algorithm of the signature, at the end.
    let algorithm =
        der.windows(8).rposition(|window| window == [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]).unwrap();
    assert_eq!(changed(algorithm + 7, &[3]), ["signature-algorithms-differ"]);
    // In PEM the label says what the bytes should be.
    broker.write("changed", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    assert_eq!(findings(&broker, "changed"), ["malformed"]);
    let text = stdout(&broker.run(&["certificate", "lint", "changed"]));
    assert!(text.contains("error"), "{text}");
}

/// Damaged certificates have findings, and never end the program otherwise.
#[test]
fn lint_survives_damage() {
    let broker = Broker::start();
    made(
        &broker,
        "subjectAltName=DNS:a.example,IP:1.2.3.4\ncrlDistributionPoints=URI:http://a/\nsubjectKeyIdentifier=hash",
        EC,
    );
    broker.openssl("x509 -in c -outform DER -out der");
    let der = broker.read("der");
    let mut bundle = String::new();
    for place in 0..der.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut damaged = der.clone();
            damaged[place] ^= change;
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, damaged);
            bundle.push_str(&format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
        }
    }
    broker.write("damaged", bundle);
    let output = broker.run(&["certificate", "lint", "damaged"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
}
