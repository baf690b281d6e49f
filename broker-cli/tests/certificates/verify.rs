//! `certificate verify`, each verdict held against that of OpenSSL where it knows the algorithm.

use crate::{
    issue, make_ca,
    support::{self, Broker, stderr, stdout},
};

/// The extensions of the certificates, by section.
const CONFIG: &str = "\
[req]
distinguished_name=dn
prompt=no
[dn]
CN=unused
[root]
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[ca]
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[ca_len0]
basicConstraints=critical,CA:true,pathlen:0
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[ca_no_sign]
basicConstraints=critical,CA:true
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[ca_not]
basicConstraints=critical,CA:false
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[ca_names]
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign
nameConstraints=critical,permitted;DNS:example
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[root_client]
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
[ca_critical]
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign
1.2.3.4=critical,ASN1:NULL
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[leaf_none]
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[leaf]
subjectAltName=DNS:host.example,IP:192.0.2.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[leaf_other]
subjectAltName=DNS:host.test
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[leaf_client]
subjectAltName=DNS:host.example
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
";

/// Certificates in the folder of a broker, which is not called.
pub(crate) struct Paths(pub(crate) Broker);

impl Paths {
    pub(crate) fn new() -> Self {
        let broker = Broker::start();
        broker.write("config", CONFIG);
        let paths = Self(broker);
        paths.root("root", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "root");
        paths
    }

    pub(crate) fn run(&self, words: &str) {
        let output = self.0.openssl(words);
        assert!(output.status.success(), "{words}: {}", stderr(&output));
    }

    pub(crate) fn root(&self, name: &str, key: &str, section: &str) {
        self.run(&format!(
            "req -x509 {key} -nodes -keyout {name}.key -out {name}.pem -config config -extensions {section} -subj /CN={name} \
             -days 100"
        ));
    }

    pub(crate) fn issue(&self, name: &str, issuer: &str, section: &str) {
        self.issue_to(name, &format!("/CN={name}"), issuer, section);
    }

    pub(crate) fn issue_to(&self, name: &str, subject: &str, issuer: &str, section: &str) {
        self.run(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -config config -subj \
             {subject}"
        ));
        self.run(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -out {name}.pem -extfile config -extensions \
             {section} -days 50 -sha256"
        ));
    }

    /// Returns the reason of the verdict, which is empty for a valid certificate.
    pub(crate) fn verdict(&self, arguments: &[&str]) -> String {
        let arguments = [&["certificate", "verify"], arguments, &["--json"]].concat();
        let output = self.0.run(&arguments);
        let value = support::json(&output.stdout);
        let valid = value["valid"].as_bool().unwrap();
        assert_eq!(output.status.code(), Some(if valid { 0 } else { 4 }), "{arguments:?}: {value}");
        value["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Holds the verdict about a chain, from the leaf to the CA below the root, against OpenSSL's.
    pub(crate) fn expect(&self, chain: &[&str], reason: &str) {
        let leaf = format!("{}.pem", chain[0]);
        let mut arguments = vec!["--ca", "root.pem"];
        let files: Vec<String> = chain[1..].iter().map(|name| format!("{name}.pem")).collect();
        let mut openssl = "verify -CAfile root.pem ".to_owned();
        for file in &files {
            arguments.extend(["--untrusted", file]);
            openssl.push_str(&format!("-untrusted {file} "));
        }
        arguments.push(&leaf);
        assert_eq!(self.verdict(&arguments), reason, "{chain:?}");
        let output = self.0.openssl(&format!("{openssl}{leaf}"));
        assert_eq!(output.status.success(), reason.is_empty(), "{chain:?}: {}", stderr(&output));
    }
}

#[test]
fn verdicts_equal_those_of_openssl() {
    let paths = Paths::new();
    paths.issue("direct", "root", "leaf");
    paths.expect(&["direct"], "");
    for (ca, leaf, reason) in [
        ("ca", "leaf", ""),
        ("ca_len0", "leaf", ""),
        ("ca_no_sign", "leaf", "MAY_NOT_SIGN"),
        ("ca_not", "leaf", "NOT_A_CA"),
        ("ca_names", "leaf", ""),
        ("ca_names", "leaf_other", "NAME_CONSTRAINTS"),
        ("ca_critical", "leaf", "UNSUPPORTED_CRITICAL_EXTENSION"),
    ] {
        paths.issue("inner", "root", ca);
        paths.issue("end", "inner", leaf);
        paths.expect(&["end", "inner"], reason);
    }
    paths.issue("one", "root", "ca_len0");
    paths.issue("two", "one", "ca");
    paths.issue("end", "two", "leaf");
    paths.expect(&["end", "two", "one"], "PATH_TOO_LONG");
    paths.expect(&["end", "one"], "UNKNOWN_ISSUER");
    // CA certificates themselves.
    paths.issue("sub", "root", "ca");
    paths.expect(&["sub"], "");
    paths.expect(&["root"], "");
    paths.issue("subsub", "sub", "ca");
    paths.expect(&["subsub", "sub"], "");
    paths.expect(&["subsub"], "UNKNOWN_ISSUER");
    // Another CA with the same name.
    paths.root("other", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "root");
    paths.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout f.key -out false.pem -config config -extensions root -subj /CN=root -days 9");
    assert_eq!(paths.verdict(&["--ca", "false.pem", "direct.pem"]), "BAD_SIGNATURE");
    assert_eq!(paths.verdict(&["--ca", "false.pem", "sub.pem"]), "BAD_SIGNATURE");
    assert_eq!(paths.verdict(&["--ca", "other.pem", "direct.pem"]), "UNKNOWN_ISSUER");
    assert_eq!(paths.verdict(&["--ca", "false.pem", "--ca", "root.pem", "direct.pem"]), "");
    // A certificate that is not one of a CA is trusted only for itself.
    assert_eq!(paths.verdict(&["--ca", "direct.pem", "direct.pem"]), "UNKNOWN_ISSUER");
    // An anchor's own rules.
    paths.root("weak", "-newkey rsa:1024", "root");
    paths.issue("end", "weak", "leaf");
    assert_eq!(paths.verdict(&["--ca", "weak.pem", "end.pem"]), "KEY_TOO_SHORT");
    paths.root("nosign", "-newkey rsa:2048", "ca_no_sign");
    paths.issue("end", "nosign", "leaf");
    assert_eq!(paths.verdict(&["--ca", "nosign.pem", "end.pem"]), "MAY_NOT_SIGN");
    paths.root("short", "-newkey rsa:2048", "ca_len0");
    paths.issue("mid", "short", "ca");
    paths.issue("end", "mid", "leaf");
    assert_eq!(paths.verdict(&["--ca", "short.pem", "--untrusted", "mid.pem", "end.pem"]), "PATH_TOO_LONG");
}

#[test]
fn names_times_and_purposes() {
    let paths = Paths::new();
    paths.issue("end", "root", "leaf");
    paths.issue("client", "root", "leaf_client");
    let verify =
        |options: &[&str], file: &str| paths.verdict(&[&["--ca", "root.pem"], options, &[file]].concat());
    for (options, reason) in [
        (&["--hostname", "host.example"][..], ""),
        (&["--hostname", "HOST.example"], ""),
        (&["--hostname", "other.example"], "NAME"),
        (&["--ip", "192.0.2.1"], ""),
        (&["--ip", "192.0.2.2"], "NAME"),
        (&["--at", "60d"], "EXPIRED"),
        (&["--at", "200d"], "EXPIRED"),
        (&["--at", "-1d"], "NOT_YET_VALID"),
        (&["--at", "49d"], ""),
        (&["--purpose", "server"], ""),
        (&["--purpose", "client"], ""),
    ] {
        assert_eq!(verify(options, "end.pem"), reason, "{options:?}");
    }
    assert_eq!(verify(&["--purpose", "client"], "client.pem"), "");
    assert_eq!(verify(&["--purpose", "any"], "client.pem"), "");
    assert_eq!(verify(&["--purpose", "server"], "client.pem"), "PURPOSE");
    // The anchor's extKeyUsage and validity count too.
    paths.root("narrow", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "root_client");
    paths.issue("under", "narrow", "leaf");
    let narrow = |purpose: &str| paths.verdict(&["--ca", "narrow.pem", "--purpose", purpose, "under.pem"]);
    assert_eq!((narrow("client"), narrow("server")), (String::new(), "PURPOSE".to_owned()));
    // A host name in the CN counts where there is no dNSName.
    paths.issue("inner", "root", "ca_names");
    paths.issue("plain", "inner", "leaf_none");
    paths.issue("host.test", "inner", "leaf_none");
    let under_constraints =
        |file: &str| paths.verdict(&["--ca", "root.pem", "--untrusted", "inner.pem", file]);
    assert_eq!(under_constraints("plain.pem"), "");
    assert_eq!(under_constraints("host.test.pem"), "NAME_CONSTRAINTS");
    paths.run(
        "req -x509 -key root.key -out short.pem -config config -extensions root -subj /CN=root -days 10",
    );
    assert_eq!(paths.verdict(&["--ca", "short.pem", "--at", "20d", "end.pem"]), "EXPIRED");
    assert_eq!(paths.verdict(&["--ca", "short.pem", "--ca", "root.pem", "--at", "20d", "end.pem"]), "");
}

#[test]
fn what_the_broker_issues_is_valid() {
    let broker = Broker::start();
    let paths = Paths(broker);
    for profile in ["Default", "PQC-ML-DSA-65", "KSA-MODERATE-2020"] {
        let broker = &paths.0;
        make_ca(broker, profile);
        let key_type = if profile.starts_with("PQC") { "ml-dsa-65" } else { "p-256" };
        let issued = issue(broker, profile, key_type, &[]);
        assert!(issued.status.success(), "{profile}: {}", stderr(&issued));
        assert_eq!(paths.verdict(&["--ca", "ca.pem", "app.pem"]), "", "{profile}");
        assert_eq!(paths.verdict(&["--ca", "ca.pem", "ca.pem"]), "", "{profile}");
        // One bit of the signature.
        let pem = String::from_utf8(broker.read("app.pem")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
        let last = der.len() - 1;
        der[last] ^= 1;
        broker.write("damaged", der);
        assert_eq!(paths.verdict(&["--ca", "ca.pem", "damaged"]), "BAD_SIGNATURE", "{profile}");
    }
    let text = paths.0.text(&["certificate", "verify", "--ca", "ca.pem", "app.pem"]);
    assert_eq!(
        text,
        "valid\n  0 CN=x\n  1 CN=CA,O=Example,C=DE\nnot verified: revocation, certificate policies\n"
    );
    let output = paths.0.run(&["certificate", "verify", "--ca", "ca.pem", "--at", "9000d", "app.pem"]);
    assert!(
        stdout(&output).starts_with("invalid\n  a certificate of the path has expired"),
        "{}",
        stdout(&output)
    );
    for (arguments, code) in [
        (&["--ca", "r", "app.pem"][..], 1),
        (&["--ca", "ca.pem", "missing"], 1),
        (&["--ca", "ca.pem", "--hostname", "a b", "app.pem"], 2),
        (&["app.pem"], 2),
    ] {
        paths.0.error(code, &[&["certificate", "verify"], arguments].concat());
    }
}
