//! `certificate inspect`.

use serde_json::{Value, json};

use crate::support::{self, Broker, cryptobroker, feed, stderr, stdout};

/// A certificate with many extensions.
const CONFIG: &str = "\
[req]
distinguished_name=dn
prompt=no
x509_extensions=ext
string_mask=utf8only
[dn]
C=DE
O=Example, \\\"Inc\\\"
0.OU=One
1.OU=Two
CN=host.example
emailAddress=a@example.net
[ext]
basicConstraints=critical,CA:true,pathlen:3
keyUsage=critical,digitalSignature,keyCertSign,cRLSign
extendedKeyUsage=serverAuth,1.2.3.4
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
subjectAltName=DNS:host.example,IP:192.0.2.1,URI:spiffe://a/b,email:a@example.net,RID:1.2.3,dirName:dir,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example
crlDistributionPoints=URI:http://example/crl
authorityInfoAccess=OCSP;URI:http://ocsp.example,caIssuers;URI:http://example/ca
certificatePolicies=2.5.29.32.0,@policy
nameConstraints=critical,permitted;DNS:example,excluded;IP:10.0.0.0/255.0.0.0
policyConstraints=requireExplicitPolicy:1
inhibitAnyPolicy=2
tlsfeature=status_request
nsComment=a comment
1.2.3.4.5=ASN1:UTF8String:proprietary
[policy]
policyIdentifier=1.2.3.4
CPS.1=http://example/cps
[dir]
CN=inner
";

fn with_all_extensions(broker: &Broker) {
    broker.write("config", CONFIG);
    let output = broker.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout key -out all.pem -config config -days 10 -set_serial 0x1234",
    );
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn inspect_names_every_extension() {
    let broker = Broker::start();
    with_all_extensions(&broker);
    let value = broker.json(&["certificate", "inspect", "all.pem"]);
    assert_eq!(value["type"], "certificate");
    assert_eq!(value["version"], 3);
    assert_eq!(value["serialNumber"], "1234");
    assert_eq!(
        value["subject"],
        "emailAddress=a@example.net,CN=host.example,OU=Two,OU=One,O=Example\\, \\\"Inc\\\",C=DE"
    );
    assert_eq!(value["publicKey"]["bits"], 2048);
    assert_eq!(value["publicKey"]["exponent"], 65537);
    assert_eq!(value["signatureAlgorithm"], "sha256WithRSAEncryption");
    let fingerprint = stdout(&broker.openssl("x509 -in all.pem -noout -fingerprint -sha256"));
    let fingerprint = fingerprint.split_once('=').unwrap().1.trim().replace(':', "").to_lowercase();
    assert_eq!(value["fingerprints"]["sha256"], fingerprint);
    let extension = |name: &str| -> Value {
        let mut found = value["extensions"].as_array().unwrap().iter();
        found.find(|extension| extension["name"] == name || extension["oid"] == name).unwrap().clone()
    };
    for (name, critical, expected) in [
        ("basicConstraints", true, json!({ "cA": true, "pathLenConstraint": 3 })),
        ("keyUsage", true, json!(["digitalSignature", "keyCertSign", "cRLSign"])),
        ("extKeyUsage", false, json!(["serverAuth", "1.2.3.4"])),
        (
            "subjectAltName",
            false,
            json!([
                "dns:host.example",
                "ip:192.0.2.1",
                "uri:spiffe://a/b",
                "email:a@example.net",
                "registeredID:1.2.3",
                "dirName:CN=inner",
                "otherName:userPrincipalName:user@example"
            ]),
        ),
        ("cRLDistributionPoints", false, json!([{ "fullName": ["uri:http://example/crl"] }])),
        (
            "authorityInfoAccess",
            false,
            json!([{ "accessMethod": "ocsp", "accessLocation": "uri:http://ocsp.example" },
                { "accessMethod": "caIssuers", "accessLocation": "uri:http://example/ca" }]),
        ),
        (
            "certificatePolicies",
            false,
            json!([{ "policyIdentifier": "anyPolicy" },
                { "policyIdentifier": "1.2.3.4", "policyQualifiers": ["cPSuri:http://example/cps"] }]),
        ),
        (
            "nameConstraints",
            true,
            json!({ "permittedSubtrees": ["dns:example"], "excludedSubtrees": ["ip:10.0.0.0/8"] }),
        ),
        ("policyConstraints", false, json!({ "requireExplicitPolicy": 1 })),
        ("inhibitAnyPolicy", false, json!(2)),
        ("tlsFeature", false, json!(["status_request"])),
        ("netscapeComment", false, json!("a comment")),
        ("1.2.3.4.5", false, json!({ "hex": "0c0b70726f7072696574617279" })),
    ] {
        let found = extension(name);
        assert_eq!((&found["critical"], &found["value"]), (&json!(critical), &expected), "{name}");
    }
    assert_eq!(
        extension("subjectKeyIdentifier")["value"],
        extension("authorityKeyIdentifier")["value"]["keyIdentifier"]
    );

    let text = broker.text(&["certificate", "inspect", "all.pem"]);
    for part in [
        "serial number  1234",
        " days left",
        "RSA, 2048 bits",
        "basicConstraints critical",
        "pathLenConstraint: 3",
        "dns:host.example, ip:192.0.2.1",
        "1.2.3.4.5",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn inspect_reads_bundles_requests_and_der() {
    let broker = Broker::start();
    with_all_extensions(&broker);
    broker.text(&[
        "csr",
        "create",
        "--new-key",
        "ml-dsa-65",
        "--key-out",
        "k",
        "--dns",
        "a.example",
        "--out",
        "r",
    ]);
    let bundle =
        [&b"\xef\xbb\xbfcomment \xff\n"[..], &broker.read("all.pem"), &broker.read("r"), &broker.read("k")]
            .concat();
    broker.write("bundle", bundle);
    let output = broker.command(&["certificate", "inspect", "bundle", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["type"], "certificationRequest");
    assert_eq!(lines[1]["publicKey"]["kind"], "ML-DSA-65");
    assert_eq!(lines[1]["extensions"][0]["value"], json!(["dns:a.example"]));
    let output = broker.run(&["certificate", "inspect", "bundle"]);
    assert!(stdout(&output).contains("certification request 2 of 2"), "{}", stdout(&output));
    assert!(stderr(&output).contains("a block PRIVATE KEY is not shown"), "{}", stderr(&output));

    broker.openssl("x509 -in all.pem -outform DER -out all.der");
    let der = broker.json(&["certificate", "inspect", "all.der"]);
    assert_eq!(der, broker.json(&["certificate", "inspect", "all.pem"]));
    let mut command = cryptobroker();
    command.args(["certificate", "inspect", "-", "--json"]);
    assert_eq!(support::json(&feed(command, &broker.read("all.der")).stdout), der);

    broker.write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let output = broker.run(&["certificate", "inspect", "broken"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("not well-formed DER"), "{}", stdout(&output));
    for (name, bytes, text) in [
        ("none", &b"nothing"[..], "neither DER nor PEM"),
        ("int", b"\x02\x01\x01", "neither a certificate"),
        ("key", &broker.read("k"), "no certificate and no certification request"),
    ] {
        broker.write(name, bytes);
        let error = broker.error(1, &["certificate", "inspect", name]);
        assert!(error["message"].as_str().unwrap().contains(text), "{error}");
    }
}

/// Returns a self-signed certificate that expired in 2020.
fn expired() -> String {
    let mut parameters = rcgen::CertificateParams::new(vec!["old.example".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2019, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
}

#[test]
fn inspect_shows_expired_in_colour_on_a_terminal() {
    let broker = Broker::start();
    broker.write("old.pem", expired());
    let inspect = ["certificate", "inspect", "old.pem"];
    let value = broker.json(&inspect);
    assert_eq!(value["status"], "expired");
    assert!(value["daysLeft"].as_i64().unwrap() < -365);
    let (shown, _) = support::on_terminal(broker.command(&inspect), true, b"");
    assert!(shown.contains("\x1b[1m\x1b[31mexpired "), "{shown:?}");
    let mut command = broker.command(&inspect);
    command.env("NO_COLOR", "1");
    let (shown, _) = support::on_terminal(command, true, b"");
    assert!(shown.contains("expired ") && !shown.contains('\x1b'), "{shown:?}");
    assert!(!broker.text(&inspect).contains('\x1b'));
}

/// A certificate with escape sequences, line ends and bidirectional controls in every text.
#[test]
fn inspect_escapes_what_a_terminal_would_obey() {
    let broker = Broker::start();
    with_all_extensions(&broker);
    broker.openssl("x509 -in all.pem -outform DER -out all.der");
    let der = broker.read("all.der");
    let mut hostile = der;
    for text in [
        &b"host.example"[..],
        b"a@example.net",
        b"spiffe://a/b",
        b"http://example/crl",
        b"http://example/cps",
        b"a comment",
        b"inner",
        b"user@example",
        b"One",
    ] {
        for place in 0..hostile.len() - text.len() {
            if hostile[place..].starts_with(text) {
                hostile[place..place + 3].copy_from_slice(b"\x1b\n\x07");
            }
        }
    }
    broker.write("hostile", &hostile);
    for arguments in
        [&["certificate", "inspect", "hostile"][..], &["certificate", "inspect", "hostile", "--json"]]
    {
        let output = broker.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
        assert!(text.contains("1B\\0A\\07t.example") || text.contains("1B\\\\0A\\\\07t.example"), "{text}");
        assert!(text.contains("u{1b}"), "{text}");
    }
}

/// Damaged certificates are shown or refused, and never end the program otherwise.
#[test]
fn inspect_survives_damage() {
    let broker = Broker::start();
    with_all_extensions(&broker);
    broker.openssl("x509 -in all.pem -outform DER -out all.der");
    let der = broker.read("all.der");
    let encode = |der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    let mut bundle = String::new();
    for place in 0..der.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut damaged = der.clone();
            damaged[place] ^= change;
            bundle.push_str(&encode(&damaged));
        }
        bundle.push_str(&encode(&der[..place.max(1)]));
    }
    broker.write("damaged", &bundle);
    for format in ["human", "json"] {
        let output = broker.run(&["certificate", "inspect", "damaged", "--output", format]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).is_empty(), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'));
    }
}

/// What an escaped text stands for can be told from its form.
#[test]
fn inspect_escapes_backslashes_and_separators() {
    let broker = Broker::start();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[ext]\n\
                  nsComment=a\\\\u{1b}\nsubjectAltName=@names\n[names]\nDNS.1=a.example, dns:b.example\nDNS.2=c.example\n";
    broker.write("config", config);
    let made = broker.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c -config config -extensions ext",
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let text = broker.text(&["certificate", "inspect", "c"]);
    assert!(text.contains("a\\\\u{1b}"), "{text}");
    assert!(text.contains("\"dns:a.example, dns:b.example\", dns:c.example"), "{text}");
}

#[test]
fn inspect_reads_object_identifiers_of_any_length() {
    let broker = Broker::start();
    let arcs: Vec<String> = (3..27).map(|arc| arc.to_string()).collect();
    broker.write(
        "config",
        format!(
            "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[ext]\n1.2.{}=ASN1:NULL\n",
            arcs.join(".")
        ),
    );
    let made = broker.openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -outform DER -out c -config config -extensions \
         ext",
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let mut der = broker.read("c");
    let arcs: Vec<u8> = (3..27).collect();
    let place = der.windows(arcs.len()).position(|window| window == arcs).unwrap();
    der[place..place + arcs.len() - 1].fill(0xff);
    broker.write("long", der);
    let value = broker.json(&["certificate", "inspect", "long"]);
    let found = value["extensions"].as_array().unwrap().iter().find(|found| {
        found["oid"].as_str().unwrap().starts_with("1.2.… (#2aff") && found["value"]["hex"] == "0500"
    });
    assert!(found.is_some(), "{value}");
}
