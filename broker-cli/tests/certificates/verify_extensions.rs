//! `certificate verify`: extensions that webpki does not read, or is not shown as critical (RFC 5280 4.2).

use crate::{support::stderr, verify::Paths};

const IDENTIFIERS: &str = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// Makes an intermediate CA with `ca` besides basicConstraints, and an end entity with `leaf`.
fn make(paths: &Paths, ca: &str, leaf: &str) {
    let config = format!(
        "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=unused\n[ca]\nbasicConstraints=critical,CA:true\n{IDENTIFIERS}{ca}\n\
         [leaf]\n{IDENTIFIERS}{leaf}\n[policy]\npolicyIdentifier=1.2.3\nCPS.1=https://a.example/cps\nuserNotice.1=@notice\n\
         [notice]\nexplicitText=Text\n"
    );
    paths.0.write("config", config);
    paths.issue("inner", "root", "ca");
    paths.issue("end", "inner", "leaf");
}

/// The unused bits of a BIT STRING are no usages, and a keyUsage has a bit.
#[test]
fn key_usages_are_those_of_openssl() {
    let paths = Paths::new();
    let sign = "keyUsage=critical,keyCertSign";
    for (ca, leaf, reason) in [
        (sign, "keyUsage=critical,digitalSignature", ""),
        // digitalSignature, and an unused bit in the place of keyCertSign.
        ("2.5.29.15=critical,DER:03020784", "", "MAY_NOT_SIGN"),
        ("2.5.29.15=critical,DER:0500", "", "MALFORMED"),
        (sign, "2.5.29.15=critical,DER:0500", "MALFORMED"),
        (sign, "2.5.29.15=critical,DER:030100", "MALFORMED"),
    ] {
        make(&paths, ca, leaf);
        paths.expect(&["end", "inner"], reason);
    }
    // The anchor's usages are checked in the same way.
    make(&paths, "2.5.29.15=critical,DER:03020784", "");
    assert_eq!(paths.verdict(&["--ca", "inner.pem", "end.pem"]), "MAY_NOT_SIGN");
}

/// OpenSSL looks at these only with -policy_check.
#[test]
fn critical_policies_that_cannot_be_processed_are_refused() {
    let paths = Paths::new();
    let sign = "keyUsage=critical,keyCertSign\n";
    let unknown = "DER:30123010 06022a03 300a 3008 06032a0304 0c0161".replace(' ', "");
    let unknown = unknown.as_str();
    for (extension, value, reason) in [
        ("certificatePolicies", "@policy", ""),
        ("2.5.29.32", "DER:0500", "MALFORMED"),
        ("2.5.29.32", "DER:3000", "MALFORMED"),
        // A policy twice.
        ("2.5.29.32", "DER:300c300406022a03300406022a03", "MALFORMED"),
        // A qualifier of another type than CPS and userNotice.
        ("2.5.29.32", unknown, "UNSUPPORTED_CRITICAL_EXTENSION"),
        ("2.5.29.33", "DER:0500", "MALFORMED"),
        ("2.5.29.36", "DER:0500", "MALFORMED"),
        ("2.5.29.54", "DER:0500", "MALFORMED"),
    ] {
        let critical = format!("{extension}=critical,{value}");
        for (ca, leaf) in [("", critical.as_str()), (critical.as_str(), "")] {
            make(&paths, &format!("{sign}{ca}"), leaf);
            let verdict = paths.verdict(&["--ca", "root.pem", "--untrusted", "inner.pem", "end.pem"]);
            assert_eq!(verdict, reason, "{ca} {leaf}");
        }
        // One that is not critical may be ignored, except for constraints that could not be kept.
        if extension != "2.5.29.36" {
            make(&paths, sign, &format!("{extension}={value}"));
            paths.expect(&["end", "inner"], "");
        }
    }
}

/// The reader need not know the names that webpki has for its errors.
#[test]
fn reasons_are_in_words() {
    let paths = Paths::new();
    make(&paths, "keyUsage=critical,keyCertSign", "2.5.29.37=DER:3000");
    let verify = ["certificate", "verify", "--ca", "root.pem", "--untrusted", "inner.pem", "end.pem"];
    let text = |output: &std::process::Output| String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text(&paths.0.run(&verify)).contains("an extKeyUsage without a purpose"));
    make(&paths, "keyUsage=critical,keyCertSign", "2.5.29.37=DER:0500");
    let output = paths.0.run(&verify);
    assert!(text(&output).contains("not in the form of RFC 5280") && !text(&output).contains("Der"));
    // More than a length of two octets.
    make(&paths, "keyUsage=critical,keyCertSign", &format!("1.2.3.4=ASN1:UTF8:{}", "a".repeat(66_000)));
    let output = paths.0.run(&verify);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("at most 65539 are supported"), "{}", stderr(&output));
}
