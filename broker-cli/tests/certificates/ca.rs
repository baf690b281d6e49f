//! `ca create`, against OpenSSL and the broker.

use serde_json::json;

use crate::{
    issue, make_ca, openssl_knows,
    support::{self, Broker, stderr, stdout},
};

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
        let made = make_ca(&broker, profile);
        assert_eq!(broker.mode("ca.key"), 0o600);
        let issued = issue(&broker, profile, subject, &[]);
        assert!(issued.status.success(), "{profile}: {}", stderr(&issued));
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

/// A CA that is replaced stays where its successor cannot be written.
#[test]
fn a_ca_that_is_not_replaced_is_kept() {
    let broker = Broker::start();
    let create = ["ca", "create", "--subject", "CN=CA", "--key-out", "ca.key", "--force", "--cert-out"];
    broker.text(&[&create[..], &["ca.pem"]].concat());
    let before = (broker.read("ca.key"), broker.read("ca.pem"));
    let count = support::entries(broker.folder.path());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for (target, options) in [("/dev/full", &[][..]), ("-", &[]), ("ca.pem", &["--json"]), ("ca.pem", &[])] {
        let mut command = broker.command(&[&create[..], &[target], options].concat());
        command.stdout(writer.try_clone().unwrap());
        assert_eq!(command.output().unwrap().status.code(), Some(1), "{target}");
        assert_eq!((broker.read("ca.key"), broker.read("ca.pem")), before, "{target} {options:?}");
        assert_eq!(broker.mode("ca.key"), 0o600);
        assert_eq!(support::entries(broker.folder.path()), count);
    }
    // What went to a device remains.
    let null = ["ca", "create", "--subject", "CN=CA", "--key-out", "/dev/null", "--cert-out", "-"];
    let output = broker.command(&null).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let why = "(written before: the private key to /dev/null)";
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
}

#[test]
fn a_size_of_keys_that_are_not_made_is_misuse_in_every_command() {
    let broker = Broker::start();
    let ca =
        ["ca", "create", "--subject", "CN=CA", "--cert-out", "c", "--key-out", "k", "--key-type", "rsa-1024"];
    broker.error(2, &ca);
    broker.error(2, &[&ca[..], &["-p", "Default"]].concat());
    broker.error(2, &["csr", "create", "--new-key", "rsa-1024", "--key-out", "k", "--subject", "CN=x"]);
}
