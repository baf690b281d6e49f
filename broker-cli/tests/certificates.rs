//! `csr create`, `ca create` and `certificate inspect`, against OpenSSL and the broker.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Broker, cryptobroker, feed, stderr, stdout};

const KEY_TYPES: [&str; 8] =
    ["p-256", "ec-p384", "p-521", "rsa-2048", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"];

/// The profile whose subjects have keys of this type, of those that are bundled.
fn openssl_knows(key_type: &str) -> bool {
    !key_type.starts_with("ml-dsa")
}

#[test]
fn requests_of_every_key_type_verify() {
    let broker = Broker::start();
    for key_type in KEY_TYPES {
        let made = broker.json(&[
            "csr",
            "create",
            "--new-key",
            key_type,
            "--key-out",
            "k",
            "--force",
            "--out",
            "r",
            "--subject",
            "C=DE, O=Zoë & Co, OU=One, OU=Two, CN=host.example",
            "--dns",
            "host.example",
            "--dns",
            "*.example.net",
            "--ip",
            "192.0.2.1",
            "--ip",
            "2001:db8::1",
            "--uri",
            "spiffe://example/x",
            "--email",
            "a@example.net",
        ]);
        assert_eq!(made["out"], "r");
        assert_eq!(made["subject"], "CN=host.example,OU=Two,OU=One,O=Zoë & Co,C=DE");
        assert_eq!(broker.mode("k"), 0o600);
        // From the file that was written, the same request can be made again.
        broker.text(&[
            "csr",
            "create",
            "--key",
            "k",
            "--subject",
            "CN=again",
            "--format",
            "der",
            "--out",
            "again",
        ]);
        if !openssl_knows(key_type) {
            continue;
        }
        let output = broker.openssl("req -in r -noout -verify -text -nameopt RFC2253");
        assert!(stderr(&output).contains("verify OK"), "{key_type}: {}", stderr(&output));
        let text = stdout(&output);
        let names = "DNS:host.example, DNS:*.example.net, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, \
                     URI:spiffe://example/x, email:a@example.net";
        assert!(text.contains(names), "{text}");
        assert!(broker.openssl("req -in again -inform DER -noout -verify").status.success());
        assert!(broker.openssl("pkey -in k -noout -check").status.success(), "{key_type}");
    }
}

#[test]
fn requests_are_made_with_keys_of_every_form() {
    let broker = Broker::start();
    broker.openssl("ecparam -name prime256v1 -genkey -out sec1.key");
    broker.openssl("genrsa -traditional -out pkcs1.key 2048");
    broker.openssl("genpkey -algorithm ED25519 -outform DER -out ed.der");
    for key in ["sec1.key", "pkcs1.key", "ed.der"] {
        let pem = broker.text(&["csr", "create", "--key", key, "--dns", "host.example", "--quiet"]);
        broker.write("r", pem);
        assert!(broker.openssl("req -in r -noout -verify").status.success(), "{key}");
        let text = stdout(&broker.openssl("req -in r -noout -text"));
        assert!(text.contains("X509v3 Subject Alternative Name: critical"), "{text}");
    }
}

#[test]
fn the_broker_issues_what_is_requested() {
    let broker = Broker::start();
    broker.text(&[
        "ca",
        "create",
        "--subject",
        "CN=CA",
        "-p",
        "Default",
        "--cert-out",
        "ca.pem",
        "--key-out",
        "ca.key",
    ]);
    broker.text(&[
        "csr",
        "create",
        "--new-key",
        "p-256",
        "--key-out",
        "k",
        "--subject",
        "O=Example,CN=x",
        "--out",
        "r",
    ]);
    broker.text(&[
        "sign-certificate",
        "--csr",
        "r",
        "--ca-cert",
        "ca.pem",
        "--ca-key",
        "ca.key",
        "--out",
        "app.pem",
    ]);
    assert_eq!(stdout(&broker.openssl("verify -x509_strict -CAfile ca.pem app.pem")), "app.pem: OK\n");
}

#[test]
fn refuses_what_the_broker_would_refuse() {
    let broker = Broker::start();
    broker.openssl("genpkey -algorithm ED25519 -out k");
    for (options, code, text) in [
        (&["--subject", "CN"][..], 2, "component 1 has no `=`"),
        (&["--subject", "C=DEU"], 2, "(C) is not a country code"),
        (&["--subject", "CN=x", "--dns", "a b"], 1, "the broker would refuse"),
        (&["--subject", "CN=x", "--dns=-a"], 1, "dNSName"),
        (&["--subject", "CN=x", "--dns", "bücher.example"], 2, "--dns has a character that is not ASCII"),
        (&["--subject", "CN=x", "--email", "nobody"], 1, "rfc822Name"),
        (&["--subject", "CN=x", "--uri", "relative"], 1, "uniformResourceIdentifier"),
        (&["--subject", "CN=x", "--ip", "1.2.3"], 2, "--ip"),
        (&[], 2, "required"),
    ] {
        let arguments = [&["csr", "create", "--key", "k"], options].concat();
        let error = broker.error(code, &arguments);
        assert!(error["message"].as_str().unwrap().contains(text), "{options:?}: {error}");
    }
    let error =
        broker.error(2, &["csr", "create", "--new-key", "dsa-2048", "--key-out", "n", "--subject", "CN=x"]);
    assert!(error["message"].as_str().unwrap().contains("not a key type"), "{error}");
    assert!(!broker.path("n").exists());
    broker.error(2, &["csr", "create", "--new-key", "p-256", "--key-out", "k", "--subject", "CN=x"]);
}

#[test]
fn a_ca_of_each_profile_issues_under_it() {
    let broker = Broker::start();
    let listed = broker.json(&["profiles", "list", "--bundled"]);
    let mut count = 0;
    for profile in listed["profiles"].as_array().unwrap() {
        let profile = profile.as_str().unwrap();
        let shown = broker.json(&["profiles", "show", profile]);
        if shown.get("signCertificate").is_none() {
            continue;
        }
        // A key that the profile takes of a subject. RSA of 15380 bits is not made here.
        let subjects =
            ["p-256", "p-384", "p-521", "rsa-3072", "ed25519", "ml-dsa-65", "ml-dsa-87", "ml-dsa-44"];
        let allowed = |key: &&&str| {
            let arguments = ["profiles", "explain", "--profile", profile, "--subject-key-type", key];
            broker.run(&arguments).status.success()
        };
        let subject = subjects.iter().find(allowed).unwrap_or_else(|| panic!("{profile}"));
        let made = broker.json(&[
            "ca",
            "create",
            "-p",
            profile,
            "--subject",
            "O=Example,CN=Root",
            "--cert-out",
            "ca.pem",
            "--key-out",
            "ca.key",
            "--force",
        ]);
        assert_eq!(broker.mode("ca.key"), 0o600);
        broker.text(&[
            "csr",
            "create",
            "--new-key",
            subject,
            "--key-out",
            "k",
            "--force",
            "--subject",
            "CN=x",
            "--out",
            "r",
        ]);
        let issue =
            ["sign-certificate", "-p", profile, "--csr", "r", "--ca-cert", "ca.pem", "--ca-key", "ca.key"];
        broker.text(&[&issue[..], &["--out", "app.pem"]].concat());
        if openssl_knows(made["keyType"].as_str().unwrap()) && openssl_knows(subject) {
            for file in ["ca.pem", "app.pem"] {
                let verified = broker.openssl(&format!("verify -x509_strict -CAfile ca.pem {file}"));
                assert_eq!(stdout(&verified), format!("{file}: OK\n"), "{profile}: {}", stderr(&verified));
            }
        }
        count += 1;
    }
    assert!(count >= 7, "{count}");
}

#[test]
fn a_ca_has_what_rfc_5280_requires() {
    let broker = Broker::start();
    let made = broker.json(&[
        "ca",
        "create",
        "--subject",
        "CN=CA",
        "--days",
        "400",
        "--path-len",
        "1",
        "--cert-out",
        "ca.pem",
        "--key-out",
        "ca.key",
    ]);
    assert_eq!(made["serialNumber"].as_str().unwrap().len(), 40);
    let text = stdout(&broker.openssl("x509 -in ca.pem -noout -text"));
    for part in [
        "CA:TRUE, pathlen:1",
        "Basic Constraints: critical",
        "Key Usage: critical",
        "Certificate Sign, CRL Sign",
        "Subject Key Identifier",
        "Authority Key Identifier",
        "ecdsa-with-SHA256",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(stdout(&broker.openssl("verify -x509_strict -CAfile ca.pem ca.pem")), "ca.pem: OK\n");
    let value = broker.json(&["certificate", "inspect", "ca.pem"]);
    // A second may have passed.
    assert!([json!(399), json!(400)].contains(&value["daysLeft"]) && value["status"] == "valid", "{value}");
    // After 2049 the time is a GeneralizedTime.
    let far = [
        "ca",
        "create",
        "--subject",
        "CN=CA",
        "--not-after",
        "2060-01-01T00:00:00Z",
        "--cert-out",
        "far.pem",
    ];
    broker.text(&[&far[..], &["--key-out", "far.key"]].concat());
    let text = stdout(&broker.openssl("asn1parse -in far.pem"));
    assert!(text.contains("UTCTIME") && text.contains("GENERALIZEDTIME   :20600101000000Z"), "{text}");
}

#[test]
fn a_ca_that_a_profile_refuses_is_not_made() {
    let broker = Broker::start();
    let create = ["ca", "create", "--subject", "CN=CA", "--cert-out", "ca.pem", "--key-out", "ca.key"];
    let error = broker.error(1, &[&create[..], &["-p", "Default", "--key-type", "p-256"]].concat());
    assert_eq!(
        (&error["reason"], &error["line"].is_u64()),
        (&json!("ISSUER_KEY_NOT_ALLOWED"), &true),
        "{error}"
    );
    let error = broker.error(1, &[&create[..], &["-p", "Default", "--key-type", "rsa-3072"]].concat());
    assert_eq!(error["reason"], "ISSUER_KEY_NOT_ALLOWED", "{error}");
    let error = broker.error(1, &[&create[..], &["-p", "No"]].concat());
    assert_eq!(error["code"], "NOT_FOUND", "{error}");
    for wrong in
        [&["--days", "0"][..], &["--not-after", "-1d"], &["--days", "3000000"], &["--key-type", "rsa-1024"]]
    {
        broker.error(2, &[&create[..], wrong].concat());
    }
    assert!(!broker.path("ca.pem").exists() && !broker.path("ca.key").exists());
}

/// Neither file is left where one of them cannot be written.
#[test]
fn a_ca_without_its_certificate_leaves_no_key() {
    let broker = Broker::start();
    let create = ["ca", "create", "--subject", "CN=CA", "--key-out", "ca.key", "--cert-out"];
    assert_eq!(broker.run(&[&create[..], &["no/such/ca.pem"]].concat()).status.code(), Some(1));
    assert!(!broker.path("ca.key").exists());
    // The reader of standard output has left, which is seen only when the certificate is written.
    let mut command = broker.command(&[&create[..], &["-"]].concat());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    assert!(!broker.path("ca.key").exists());
}

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
