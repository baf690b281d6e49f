//! `certificate verify`: name constraints (RFC 5280 4.2.1.10) and certificate policies (RFC 5280 6.1).

use crate::verify::Paths;

const IDENTIFIERS: &str = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// Writes a configuration with an intermediate CA, which has `ca` besides the usual extensions, and an end entity with `leaf`.
fn configure(paths: &Paths, ca: &str, leaf: &str) {
    paths.0.write(
        "config",
        format!(
            "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=unused\n[ca]\nbasicConstraints=critical,CA:true\n\
             keyUsage=critical,keyCertSign\n{IDENTIFIERS}{ca}\n[leaf]\n{IDENTIFIERS}{leaf}\n[dir]\nO=Example\n\
             [inside]\nO=Example\nCN=x\n[outside]\nO=Other\n"
        ),
    );
}

/// Makes both under the root.
fn make(paths: &Paths, ca: &str, leaf: &str) {
    configure(paths, ca, leaf);
    paths.issue("inner", "root", "ca");
    paths.issue("end", "inner", "leaf");
}

const CASES: [(&str, &str, &str, bool); 33] = [
    // Constraints of forms that the certificate has no name of.
    ("permitted;email:example.com", "", "/CN=x", true),
    ("permitted;URI:example.com", "", "/CN=x", true),
    ("permitted;email:example.com,permitted;URI:a.example", "subjectAltName=DNS:host.test", "/CN=x", true),
    ("excluded;email:example.com", "subjectAltName=URI:https://example.com/", "/CN=x", true),
    // Mailboxes: one, those of a host, those of the hosts of a domain.
    ("permitted;email:example.com", "subjectAltName=email:a@example.com", "/CN=x", true),
    ("permitted;email:example.com", "subjectAltName=email:a@EXAMPLE.com", "/CN=x", true),
    ("permitted;email:example.com", "subjectAltName=email:a@sub.example.com", "/CN=x", false),
    ("permitted;email:.example.com", "subjectAltName=email:a@sub.example.com", "/CN=x", true),
    ("permitted;email:.example.com", "subjectAltName=email:a@example.com", "/CN=x", false),
    ("permitted;email:a@example.com", "subjectAltName=email:a@example.com", "/CN=x", true),
    ("permitted;email:a@example.com", "subjectAltName=email:b@example.com", "/CN=x", false),
    ("excluded;email:example.com", "subjectAltName=email:a@example.com", "/CN=x", false),
    ("excluded;email:example.com", "subjectAltName=email:a@example.net", "/CN=x", true),
    ("permitted;email:example.com", "", "/CN=x/emailAddress=a@example.com", true),
    ("permitted;email:example.com", "", "/CN=x/emailAddress=a@example.net", false),
    // URIs: a host, the hosts of a domain.
    ("permitted;URI:example.com", "subjectAltName=URI:https://example.com:8443/x", "/CN=x", true),
    ("permitted;URI:example.com", "subjectAltName=URI:https://a.example.com/", "/CN=x", false),
    ("permitted;URI:.example.com", "subjectAltName=URI:https://a.example.com/", "/CN=x", true),
    ("permitted;URI:.example.com", "subjectAltName=URI:https://example.com/", "/CN=x", false),
    ("excluded;URI:.example.com", "subjectAltName=URI:https://a.example.com/", "/CN=x", false),
    ("excluded;URI:.example.com", "subjectAltName=URI:spiffe://a.example.net/x", "/CN=x", true),
    ("permitted;URI:example.com", "subjectAltName=URI:urn:a:b", "/CN=x", false),
    // Directory names.
    ("permitted;dirName:dir", "", "/O=Example/CN=x", true),
    ("permitted;dirName:dir", "", "/O=Other/CN=x", false),
    ("excluded;dirName:dir", "", "/O=Example/CN=x", false),
    ("excluded;dirName:dir", "subjectAltName=dirName:inside", "/O=Other/CN=x", false),
    ("permitted;dirName:dir", "subjectAltName=dirName:inside", "/O=Example/CN=x", true),
    ("permitted;dirName:dir", "subjectAltName=dirName:outside", "/O=Example/CN=x", false),
    // DNS names and addresses, which were compared before.
    ("permitted;DNS:example.com", "subjectAltName=DNS:a.example.com", "/CN=x", true),
    ("excluded;DNS:example.com", "subjectAltName=DNS:a.example.com", "/CN=x", false),
    ("permitted;IP:192.0.2.0/255.255.255.0", "subjectAltName=IP:192.0.2.9", "/CN=x", true),
    ("permitted;IP:192.0.2.0/255.255.255.0", "subjectAltName=IP:198.51.100.9", "/CN=x", false),
    ("permitted;DNS:example.com", "", "/CN=host.test", false),
];

#[test]
fn every_form_of_name_is_compared() {
    let paths = Paths::new();
    for (constraints, leaf, subject, is_valid) in CASES {
        configure(&paths, &format!("nameConstraints=critical,{constraints}"), leaf);
        paths.issue("inner", "root", "ca");
        paths.issue_to("end", subject, "inner", "leaf");
        paths.expect(&["end", "inner"], if is_valid { "" } else { "NAME_CONSTRAINTS" });
    }
}

#[test]
fn constraints_of_forms_without_rules_are_not_ignored() {
    let paths = Paths::new();
    for (leaf, reason) in
        [("subjectAltName=RID:1.2.3", "NAME_CONSTRAINTS"), ("subjectAltName=DNS:a.example", "")]
    {
        // A registeredID.
        make(&paths, "2.5.29.30=critical,DER:3008a006300488022a03", leaf);
        let verdict = paths.verdict(&["--ca", "root.pem", "--untrusted", "inner.pem", "end.pem"]);
        assert_eq!(verdict, reason, "{leaf}");
    }
}

/// Constraints of an anchor and of several CAs, and self-issued certificates, which are exempt.
#[test]
fn constraints_apply_to_all_that_is_below() {
    let paths = Paths::new();
    let names = "nameConstraints=permitted;DNS:example";
    make(&paths, names, "subjectAltName=DNS:a.test");
    assert_eq!(paths.verdict(&["--ca", "inner.pem", "end.pem"]), "NAME_CONSTRAINTS");
    configure(&paths, "", "subjectAltName=DNS:a.test");
    paths.issue("second", "inner", "ca");
    paths.issue("end", "second", "leaf");
    paths.expect(&["end", "second", "inner"], "NAME_CONSTRAINTS");
    configure(&paths, "", "subjectAltName=DNS:a.example");
    paths.issue("end", "second", "leaf");
    paths.expect(&["end", "second", "inner"], "");
    // A CA that renews its key under its own name.
    configure(&paths, "nameConstraints=critical,permitted;dirName:dir", "");
    paths.issue_to("inner", "/CN=Renewed", "root", "ca");
    configure(&paths, "", "");
    paths.issue_to("renewed", "/CN=Renewed", "inner", "ca");
    paths.issue_to("end", "/O=Example/CN=x", "renewed", "leaf");
    paths.expect(&["end", "renewed", "inner"], "");
    paths.issue_to("end", "/O=Other/CN=x", "renewed", "leaf");
    paths.expect(&["end", "renewed", "inner"], "NAME_CONSTRAINTS");
}

/// What is hidden from webpki is signed all the same.
#[test]
fn changed_constraints_are_not_accepted() {
    let paths = Paths::new();
    make(&paths, "nameConstraints=critical,permitted;DNS:example", "subjectAltName=DNS:a.example");
    paths.expect(&["end", "inner"], "");
    paths.run("x509 -in inner.pem -outform DER -out inner.der");
    let der = paths.0.read("inner.der");
    let place = der.windows(4).position(|window| window == [0x55, 0x1d, 0x1e, 1]).unwrap();
    // Not critical; not name constraints; no critical extension that webpki knows.
    for (index, octet) in [(5, 0), (2, 0x7f), (2, 0x20)] {
        let mut changed = der.clone();
        changed[place + index] = octet;
        paths.0.write("changed.der", &changed);
        for files in [&["changed.der"][..], &["inner.pem", "changed.der"], &["changed.der", "inner.pem"]] {
            let mut arguments = vec!["--ca", "root.pem"];
            files.iter().for_each(|file| arguments.extend(["--untrusted", file]));
            arguments.push("changed.der");
            let output = paths.0.run(&[&["certificate", "verify"], &arguments[..]].concat());
            assert!(matches!(output.status.code(), Some(1 | 4)), "{index} {octet} {files:?}");
        }
    }
}

#[test]
fn critical_policies_are_processed() {
    let paths = Paths::new();
    for (ca, leaf, reason) in [
        ("", "certificatePolicies=critical,1.2.3", ""),
        ("certificatePolicies=critical,1.2.3", "certificatePolicies=critical,1.2.4", ""),
        ("certificatePolicies=critical,1.2.3\npolicyMappings=critical,1.2.3:1.2.4", "", ""),
        ("inhibitAnyPolicy=critical,0", "certificatePolicies=2.5.29.32.0", ""),
        ("policyConstraints=critical,inhibitPolicyMapping:0", "", ""),
        ("policyConstraints=critical,requireExplicitPolicy:5", "", ""),
    ] {
        make(&paths, ca, leaf);
        paths.expect(&["end", "inner"], reason);
    }
    // OpenSSL looks at these only with -policy_check.
    for (ca, leaf, reason) in [
        ("policyConstraints=critical,requireExplicitPolicy:0", "", "UNSUPPORTED"),
        ("policyConstraints=requireExplicitPolicy:1", "", "UNSUPPORTED"),
        ("", "policyConstraints=critical,requireExplicitPolicy:0", "UNSUPPORTED"),
        ("2.5.29.33=critical,DER:300c300a06022a030604551d2000", "", "POLICIES"),
    ] {
        make(&paths, ca, leaf);
        let verdict = paths.verdict(&["--ca", "root.pem", "--untrusted", "inner.pem", "end.pem"]);
        assert_eq!(verdict, reason, "{ca} {leaf}");
    }
    // An anchor with them.
    configure(&paths, "certificatePolicies=critical,1.2.3", "");
    paths.root("anchor", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "ca");
    paths.issue("end", "anchor", "leaf");
    assert_eq!(paths.verdict(&["--ca", "anchor.pem", "end.pem"]), "");
    assert_eq!(paths.verdict(&["--ca", "anchor.pem", "anchor.pem"]), "");
}
