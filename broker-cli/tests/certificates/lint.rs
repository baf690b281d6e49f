//! `certificate lint`: what the broker issues has no finding, and each defect has its own.

use crate::{
    issue, make_ca,
    support::{self, Broker, stderr, stdout},
};

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
        make_ca(&broker, profile);
        let issued = issue(&broker, profile, "p-256", &["--dns", "x.example"]);
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
        // keyCertSign is unused, so there is nothing else to find.
        ("2.5.29.15=critical,DER:03020784", &["key-usage-encoding"]),
        ("2.5.29.19=critical,DER:3003010100", &["ca-default"]),
        ("2.5.29.17=DER:3000", &["names-empty"]),
        ("crlDistributionPoints=URI:http://127.1/crl", &["url"]),
        ("crlDistributionPoints=URI:http://a.example/%zz", &["url"]),
        ("authorityInfoAccess=OCSP;URI:http://a_b:99999/", &["url"]),
        (
            "2.5.29.30=critical,DER:3000\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign",
            &["extension-empty"],
        ),
        (
            "2.5.29.30=critical,DER:3002a000\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign",
            &["extension-empty"],
        ),
        ("2.5.29.32=DER:3000", &["extension-empty"]),
        ("2.5.29.31=DER:3000", &["extension-empty"]),
        ("2.5.29.36=critical,DER:3000", &["extension-empty"]),
        ("2.5.29.32=DER:300c300406022a03300406022a03", &["policy-duplicate"]),
        ("2.5.29.33=critical,DER:300c300a06022a030604551d2000", &["policy-mapping-any"]),
        ("2.5.29.19=critical,DER:3003010101\nkeyUsage=critical,keyCertSign", &["boolean-encoding"]),
        ("2.5.29.54=critical,DER:02020001", &["integer-encoding"]),
        ("2.5.29.35=DER:3003820101", &["authority-key-id-half"]),
        ("extendedKeyUsage=clientAuth,clientAuth", &["purpose-duplicate"]),
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
        ("-newkey ec -pkeyopt ec_paramgen_curve:prime192v1 -days 9", &["key-too-short"]),
        ("-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256t1 -days 9", &["curve-unknown"]),
        ("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -days 9", &["curve"]),
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

/// The rules for usages are those that the broker issues by; other keys have the rules of their standards.
#[test]
fn usages_are_checked_by_the_kind_of_key() {
    let broker = Broker::start();
    let usage = "subjectKeyIdentifier=hash\nkeyUsage=critical,";
    for (options, bits, found) in [
        ("-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -days 9", "keyEncipherment", Some("RFC 4055 1.2")),
        ("-newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -days 9", "digitalSignature", None),
        ("-newkey rsa:2048 -days 9", "keyAgreement", Some("RFC 3279 2.3.1")),
        ("-newkey ed25519 -days 9", "keyAgreement", Some("RFC 9295 3")),
        (EC, "dataEncipherment", Some("RFC 8813 3")),
    ] {
        made(&broker, &format!("{usage}{bits}"), options);
        let value = support::json(&broker.run(&["certificate", "lint", "c", "--json"]).stdout);
        let findings = value["findings"].as_array().unwrap();
        let clauses: Vec<&str> = findings
            .iter()
            .filter(|finding| finding["code"] == "key-usage-for-key")
            .map(|finding| finding["clause"].as_str().unwrap())
            .collect();
        assert_eq!(clauses, Vec::from_iter(found), "{options} {bits}: {value}");
    }
}

#[test]
fn an_authority_key_id_without_a_key_is_found() {
    let broker = Broker::start();
    made(&broker, "subjectKeyIdentifier=hash\n2.5.29.35=DER:300aa1058203612e62820101", EC);
    broker.openssl("x509 -in c -outform DER -out der");
    let mut der = broker.read("der");
    // The CN of the issuer, so that the certificate is not self-issued.
    let name = der.windows(8).position(|window| window == [6, 3, 0x55, 4, 3, 0x0c, 1, b'x']).unwrap();
    der[name + 7] = b'y';
    broker.write("changed", &der);
    assert_eq!(findings(&broker, "changed"), ["authority-key-id-without-key"]);
    // `critical` of the last extension that is critical: TRUE as 01.
    made(&broker, "subjectKeyIdentifier=hash\nkeyUsage=critical,digitalSignature", EC);
    broker.openssl("x509 -in c -outform DER -out der");
    let mut der = broker.read("der");
    let place = der.windows(5).position(|window| window == [0x55, 0x1d, 0x0f, 1, 1]).unwrap();
    der[place + 5] = 1;
    broker.write("changed", &der);
    assert_eq!(findings(&broker, "changed"), ["boolean-encoding"]);
}

#[test]
fn an_unreadable_block_does_not_hide_the_others() {
    let broker = Broker::start();
    made(&broker, "subjectKeyIdentifier=hash", EC);
    let broken = "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n";
    broker.write("bundle", [broken.as_bytes(), &broker.read("c")].concat());
    let output = broker.run(&["certificate", "lint", "bundle", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<_> = stdout(&output).lines().map(|line| support::json(line.as_bytes())).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["findings"][0]["code"], "malformed");
    assert!(lines[0]["findings"][0]["message"].as_str().unwrap().starts_with("bundle, block 1: "));
    assert_eq!(lines[1]["errors"], 0);
}
