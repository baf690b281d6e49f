//! `csr create`, against OpenSSL and the broker.

use crate::{
    issue, make_ca, openssl_knows,
    support::{Broker, stderr, stdout},
};

const KEY_TYPES: [&str; 8] =
    ["p-256", "ec-p384", "p-521", "rsa-2048", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"];

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
    make_ca(&broker, "Default");
    let issued = issue(&broker, "Default", "p-256", &[]);
    assert!(issued.status.success(), "{}", stderr(&issued));
    assert_eq!(stdout(&broker.openssl("verify -x509_strict -CAfile ca.pem app.pem")), "app.pem: OK\n");
}

#[test]
fn refuses_what_the_broker_would_refuse() {
    let broker = Broker::start();
    broker.openssl("genpkey -algorithm ED25519 -out k");
    for (options, code, text) in [
        (&["--subject", "CN"][..], 2, "component 1 has no `=`"),
        (&["--subject", "C=DEU"], 2, "(C) is not a country code"),
        (&["--subject", "CN=x", "--dns", "a b"], 2, "--dns: the broker would refuse"),
        (&["--subject", "CN=x", "--dns=-a"], 2, "dNSName"),
        (&["--subject", "CN=x", "--dns", "bücher.example"], 2, "--dns has a character that is not ASCII"),
        (&["--subject", "CN=x", "--ip", "192.0.2.1", "--email", "nobody"], 2, "--email: "),
        (&["--subject", "CN=x", "--uri", "relative"], 2, "uniformResourceIdentifier"),
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
fn an_underscore_is_noted() {
    let broker = Broker::start();
    broker.openssl("genpkey -algorithm ED25519 -out k");
    for (name, is_noted) in [("a_b.example", true), ("a-b.example", false)] {
        let output = broker.run(&["csr", "create", "--key", "k", "--dns", name, "--out", "r"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output).contains("AllowUnderscore: true"), is_noted, "{}", stderr(&output));
    }
}

/// The key is of no use where the request is lost, in whatever form it would have been printed.
#[test]
fn a_request_that_cannot_be_written_leaves_no_key() {
    let broker = Broker::start();
    let create = ["csr", "create", "--new-key", "p-256", "--key-out", "k", "--subject", "CN=x"];
    for options in [&[][..], &["--json"], &["--out", "-"], &["--out", "r", "--json"], &["--out", "r"]] {
        let mut command = broker.command(&[&create[..], options].concat());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{options:?}");
        assert!(stderr(&output).contains("cannot write standard output"), "{options:?}: {}", stderr(&output));
        assert!(!broker.path("k").exists() && !broker.path("r").exists(), "{options:?}");
    }
    let output = broker.run(&[&create[..], &["--out", "/dev/full"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(!broker.path("k").exists());
}
