//! The broker's checks of an ML-DSA-65 CA certificate and `certificate verify` agree: the broker refuses to issue exactly where
//! what it would issue does not verify.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

#[path = "../../broker-server/tests/support/ml_dsa_ca.rs"]
mod ml_dsa_ca;
mod support;

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use support::{Broker, json, stderr};

/// Returns profiles for end entities and for CA certificates, with the checks (`Checked…`) and without (`Free…`).
fn document() -> String {
    let mut text = "Profiles:\n".to_owned();
    for (prefix, checks) in [("Free", ""), ("Checked", "IssuerChecks: { RequireCA: true }, ")] {
        for (name, rules) in [
            (
                "",
                "KeyUsage: [digitalSignature], ExtendedKeyUsage: [serverAuth], SubjectAlternativeNames: { Allow: [dns, ip] }",
            ),
            ("Ca", "KeyUsage: [keyCertSign], BasicConstraints: { CA: true }"),
        ] {
            writeln!(
                text,
                "  - Name: {prefix}{name}\n    API: {{ SignCertificate: {{ SignAlg: ml-dsa-65, Validity: {{ \
                 ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }}, KeyConstraints: {{ Subject: {{ ECDSA: {{ \
                 MinKeySize: 256, MaxKeySize: 256 }} }}, Issuer: {{ ML-DSA-65: {{}} }} }}, {checks}{rules} }} }}"
            )
            .unwrap();
        }
    }
    text
}

fn to_pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

const CA: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n";

/// The lines of a CA certificate's extensions, the profile, the names of the end entity, and the reason of `certificate
/// verify`, which is empty where both accept.
fn rows() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let with = |line: &str| format!("{CA}{line}\n");
    vec![
        (CA.to_owned(), "", "DNS:a.example", ""),
        (CA.replace("CA:TRUE", "CA:FALSE"), "", "DNS:a.example", "NOT_A_CA"),
        (CA.replace("keyCertSign", "digitalSignature"), "", "DNS:a.example", "MAY_NOT_SIGN"),
        (CA.replace("CA:TRUE", "CA:TRUE,pathlen:0"), "", "DNS:a.example", ""),
        (CA.replace("CA:TRUE", "CA:TRUE,pathlen:0"), "Ca", "", "PATH_TOO_LONG"),
        (CA.replace("CA:TRUE", "CA:TRUE,pathlen:1"), "Ca", "", ""),
        (with("1.2.3.4=critical,ASN1:NULL"), "", "DNS:a.example", "UNSUPPORTED_CRITICAL_EXTENSION"),
        (with("1.2.3.4=ASN1:NULL"), "", "DNS:a.example", ""),
        (with("extendedKeyUsage=clientAuth"), "", "DNS:a.example", "PURPOSE"),
        (with("extendedKeyUsage=serverAuth"), "", "DNS:a.example", ""),
        (with("nameConstraints=critical,permitted;DNS:example"), "", "DNS:a.example", ""),
        (with("nameConstraints=critical,permitted;DNS:example"), "", "DNS:a.test", "NAME_CONSTRAINTS"),
        (with("nameConstraints=critical,excluded;DNS:a.example"), "", "DNS:a.example", "NAME_CONSTRAINTS"),
        (
            with("nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0"),
            "",
            "IP:192.0.2.1",
            "NAME_CONSTRAINTS",
        ),
        (with("nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0"), "", "IP:10.1.2.3", ""),
    ]
}

struct Setup(Broker);

impl Setup {
    fn new() -> Self {
        let setup = Self(Broker::with(&document()));
        setup.run(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -subj /CN=CA -out ca.csr",
        );
        setup.0.write("ca.key", to_pem("PRIVATE KEY", &ml_dsa_ca::private_key()));
        setup
    }

    fn run(&self, words: &str) {
        let output = self.0.openssl(words);
        assert!(output.status.success(), "{words}: {}", stderr(&output));
    }

    /// Makes the CA certificate `ca.pem`, which is valid for some days.
    fn make_ca(&self, extensions: &str) {
        self.0.write("ca.ext", extensions);
        self.run("x509 -req -in ca.csr -key ec.key -days 9 -extfile ca.ext -outform DER -out ca.der");
        let ca = ml_dsa_ca::certificate(&self.0.read("ca.der"));
        self.0.write("ca.pem", to_pem("CERTIFICATE", &ca));
    }

    /// Makes a request for `names`, and returns the broker's outcome under a profile; the certificate is `app.pem`.
    fn issue(&self, profile: &str, names: &str) -> Result<(), String> {
        let names = if names.is_empty() { String::new() } else { format!(" -addext subjectAltName={names}") };
        self.run(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout app.key -subj /CN=app{names} -out app.csr"
        ));
        let output = self.0.run(&[
            "sign-certificate",
            "--profile",
            profile,
            "--csr",
            "app.csr",
            "--ca-cert",
            "ca.pem",
            "--ca-key",
            "ca.key",
            "--out",
            "app.pem",
            "--json",
        ]);
        if output.status.success() {
            return Ok(());
        }
        Err(json(&output.stderr)["error"]["reason"].as_str().unwrap_or_default().to_owned())
    }

    /// Returns the reason for which `certificate verify` refuses the certificate; empty if it is valid.
    fn verify(&self, profile: &str) -> String {
        // For a CA certificate, what it issues itself is verified, because its own path has no certificate below it.
        let mut arguments = vec!["certificate", "verify", "--ca", "ca.pem", "--json"];
        if profile.ends_with("Ca") {
            self.0.write("leaf.ext", "basicConstraints=CA:FALSE\n");
            self.run(
                "x509 -req -in ca.csr -CA app.pem -CAkey app.key -set_serial 7 -days 1 -extfile leaf.ext -out leaf.pem",
            );
            arguments.extend(["--untrusted", "app.pem", "leaf.pem"]);
        } else {
            arguments.extend(["--purpose", "server", "app.pem"]);
        }
        json(&self.0.run(&arguments).stdout)["reason"].as_str().unwrap_or_default().to_owned()
    }
}

#[test]
fn broker_refuses_exactly_what_does_not_verify() {
    let setup = Setup::new();
    for (extensions, profile, names, reason) in rows() {
        let case = format!("{extensions}{profile} {names}");
        setup.make_ca(&extensions);
        setup.issue(&format!("Free{profile}"), names).unwrap_or_else(|reason| panic!("{case}: {reason}"));
        assert_eq!(setup.verify(profile), reason, "{case}");
        let expected = if reason.is_empty() { Ok(()) } else { Err("ISSUER_NOT_ALLOWED".to_owned()) };
        assert_eq!(setup.issue(&format!("Checked{profile}"), names), expected, "{case}");
        if expected.is_ok() {
            assert_eq!(setup.verify(profile), "", "{case}");
        }
    }
}
