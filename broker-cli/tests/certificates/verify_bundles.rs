//! `certificate verify` with files of several certificates, of which some cannot be used.

use crate::{
    pem,
    support::{self, stderr},
    verify::Paths,
};

#[test]
fn unreadable_certificates_are_noted_and_the_others_used() {
    let paths = Paths::new();
    let broker = &paths.0;
    paths.issue("ca", "root", "ca");
    paths.issue("end", "ca", "leaf");
    let not_base64 = "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n";
    let not_a_certificate = pem("CERTIFICATE", b"\x30\x00");
    let no_end = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    let with = |name: &str, file: &str| {
        let parts = [not_base64, &not_a_certificate, no_end].map(str::as_bytes).concat();
        broker.write(name, [&parts[..], &broker.read(file)].concat());
    };
    with("bundle", "root.pem");
    with("chain", "ca.pem");
    let verify = ["certificate", "verify", "--ca", "bundle", "--untrusted", "chain", "end.pem"];
    let output = broker.run(&verify);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let notes = stderr(&output);
    for (block, why) in [(1, "not base64"), (2, "not well-formed DER"), (3, "no line `-----END")] {
        for file in ["bundle", "chain"] {
            let note = notes.lines().find(|line| line.contains(&format!("{file}, block {block}: ")));
            assert!(note.is_some_and(|note| note.contains(why)), "{file} {block}: {notes}");
        }
    }
    let value = broker.json(&verify);
    assert_eq!((&value["valid"], value["notes"].as_array().unwrap().len()), (&serde_json::json!(true), 6));
    // Without one that can be used there is nothing to trust.
    broker.write("none", not_base64);
    let error = broker.error(1, &["certificate", "verify", "--ca", "none", "end.pem"]);
    assert!(error["message"].as_str().unwrap().contains("none, block 1"), "{error}");
    // The certificate itself must be readable.
    broker.error(1, &["certificate", "verify", "--ca", "root.pem", "bundle"]);
    // An intermediate in --ca is trusted, too.
    assert_eq!(paths.verdict(&["--ca", "ca.pem", "end.pem"]), "");
}

#[test]
fn trusted_certificates_of_openssl() {
    let paths = Paths::new();
    let broker = &paths.0;
    paths.issue("end", "root", "leaf");
    paths.run("x509 -in root.pem -trustout -setalias name -out alias.pem");
    paths.run("x509 -in root.pem -trustout -addtrust serverAuth -out trust.pem");
    paths.run("x509 -in root.pem -trustout -addreject clientAuth -out reject.pem");
    assert_eq!(paths.verdict(&["--ca", "alias.pem", "end.pem"]), "");
    for file in ["trust.pem", "reject.pem"] {
        let error = broker.error(1, &["certificate", "verify", "--ca", file, "end.pem"]);
        assert!(error["message"].as_str().unwrap().contains("trust settings"), "{error}");
        assert_eq!(paths.verdict(&["--ca", file, "--ca", "root.pem", "end.pem"]), "");
        let shown = broker.json(&["certificate", "inspect", file]);
        assert_eq!(shown["subject"], "CN=root");
        assert_eq!(shown, broker.json(&["certificate", "inspect", "root.pem"]));
        let output = broker.run(&["certificate", "inspect", file]);
        assert!(stderr(&output).contains("trust settings"), "{}", stderr(&output));
        let lint = |file: &str| support::json(&broker.run(&["certificate", "lint", file, "--json"]).stdout);
        assert_eq!(lint(file), lint("root.pem"));
    }
}
