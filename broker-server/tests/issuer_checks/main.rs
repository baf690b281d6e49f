//! `IssuerChecks` through the socket: the broker refuses exactly the CA certificates under which `openssl verify` refuses the
//! certificate, and what it issues verifies.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

mod dates;
mod differences;
mod ml_dsa;
mod random;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::{fs, process::Command};

use broker_proto::v1;
use support::Broker;
use tempfile::TempDir;

/// Profiles with the checks (`Checked…`) and without (`Free…`), by ECDSA and by ML-DSA-65 (`MlDsa…`): for end entities, for CA
/// certificates without and with a path length, and for end entities without alternative names or with those that their CNs
/// are.
fn document() -> String {
    let ecdsa = document_of("", "ecdsa, HashAlg: sha-256", "ECDSA: { MinKeySize: 256, MaxKeySize: 256 }");
    format!("Profiles:\n{ecdsa}{}", document_of("MlDsa", "ml-dsa-65", "ML-DSA-65: {}"))
}

/// Returns the profiles of one signature algorithm, whose names have this prefix.
fn document_of(prefix: &str, algorithm: &str, issuers: &str) -> String {
    let profile = |name: &str, more: &str| profile(&format!("{prefix}{name}"), algorithm, issuers, more);
    let mut text = String::new();
    for (checks, issuer_checks) in [("Checked", "IssuerChecks: { RequireCA: true }, "), ("Free", "")] {
        for (name, more) in [
            (
                "",
                "ExtendedKeyUsage: [serverAuth, clientAuth], KeyUsage: [digitalSignature], SubjectAlternativeNames: { Allow: [dns, ip, uri, email] }",
            ),
            ("NoNames", "KeyUsage: [digitalSignature]"),
            ("FromCommonName", "SubjectAlternativeNames: { Allow: [dns], FromCommonName: true }"),
            ("Authority", "KeyUsage: [keyCertSign, cRLSign], BasicConstraints: { CA: true }"),
            (
                "Authority1",
                "KeyUsage: [keyCertSign, cRLSign], BasicConstraints: { CA: true, PathLenConstraint: 1 }",
            ),
        ] {
            text += &profile(&format!("{checks}{name}"), &format!("{issuer_checks}{more}"));
        }
    }
    for (name, checks) in [
        ("Empty", "{}"),
        ("AllowExpired", "{ AllowExpired: true, RequireCA: true }"),
        ("Nested", "{ NestValidity: true }"),
    ] {
        text += &profile(name, &format!("IssuerChecks: {checks}"));
    }
    text
}

fn profile(name: &str, algorithm: &str, issuers: &str, more: &str) -> String {
    format!(
        "  - Name: {name}\n    API: {{ SignCertificate: {{ SignAlg: {algorithm}, Validity: {{ \
         ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }}, KeyConstraints: {{ Subject: {{ ECDSA: {{ MinKeySize: 256, \
         MaxKeySize: 256 }} }}, Issuer: {{ {issuers} }} }}, {more} }} }}\n"
    )
}

/// The extensions of a CA that issues certificates without limits.
const CA: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";

/// A broker, and a folder with the keys of a CA and of a subject.
struct Setup {
    broker: Broker,
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let folder = support::private_folder();
        fs::write(folder.path().join("Profiles.yaml"), document()).unwrap();
        let setup =
            Self { broker: Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]), folder };
        for name in ["ca", "leaf"] {
            let key = format!("{name}.key");
            setup.openssl(&[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                &key,
            ]);
        }
        setup.openssl(&["req", "-new", "-key", "ca.key", "-subj", "/O=Org/CN=Test CA", "-out", "ca.csr"]);
        setup
    }

    fn try_openssl(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let output = output.expect("the tests need the openssl command");
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        if output.status.success() { Ok(()) } else { Err(text.concat()) }
    }

    fn openssl(&self, arguments: &[&str]) {
        self.try_openssl(arguments).unwrap_or_else(|text| panic!("openssl {arguments:?}\n{text}"));
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Makes the CA certificate `ca.pem` with these extensions. Sections for them may follow after a blank line.
    fn make_ca(&self, extensions: &str) {
        self.write("ca.ext", extensions);
        let arguments =
            ["x509", "-req", "-in", "ca.csr", "-key", "ca.key", "-days", "3650", "-out", "ca.pem"];
        let extensions = if extensions.is_empty() { &[][..] } else { &["-extfile", "ca.ext"] };
        self.openssl(&[&arguments, extensions].concat());
    }

    /// Makes the CA certificate `ca.pem` with these dates, as `openssl ca` takes them.
    fn make_dated_ca(&self, not_before: &str, not_after: &str) {
        let sections = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
                        policy=p\nunique_subject=no\nx509_extensions=ext\n[p]\norganizationName=optional\n\
                        commonName=supplied\n[ext]\n";
        self.write("ca.cnf", &format!("{sections}{CA}"));
        self.write("index.txt", "");
        self.write("serial", "01");
        self.openssl(&[
            "ca",
            "-batch",
            "-selfsign",
            "-notext",
            "-config",
            "ca.cnf",
            "-in",
            "ca.csr",
            "-keyfile",
            "ca.key",
            "-startdate",
            not_before,
            "-enddate",
            not_after,
            "-out",
            "ca.pem",
        ]);
    }

    /// Returns a request for a subject such as `/O=Org/CN=a` and alternative names such as `DNS:a,IP:10.0.0.1`.
    fn csr(&self, subject: &str, names: &str) -> String {
        self.write("req.cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
        let extension = format!("subjectAltName={names}");
        let names = if names.is_empty() { &[][..] } else { &["-addext", &extension] };
        let arguments = [
            "req", "-new", "-utf8", "-config", "req.cnf", "-key", "leaf.key", "-out", "leaf.csr", "-subj",
            subject,
        ];
        self.openssl(&[&arguments, names].concat());
        self.read("leaf.csr")
    }

    /// Issues a certificate under `ca.pem`, and returns it as PEM or the reason and the message of the refusal.
    async fn issue(&self, profile: &str, csr: &str) -> Result<String, (String, String)> {
        self.issue_by(profile, csr, self.read("ca.key"), self.read("ca.pem")).await
    }

    /// Issues a certificate under a CA with this key and certificate.
    async fn issue_by(
        &self,
        profile: &str,
        csr: &str,
        ca_private_key: String,
        ca_cert: String,
    ) -> Result<String, (String, String)> {
        let mut request = v1::SignCertificateRequest::default();
        request.profile = profile.to_owned();
        request.csr = csr.to_owned();
        request.ca_private_key = ca_private_key;
        request.ca_cert = ca_cert;
        request.output_format = v1::SignOutputFormat::Pem.into();
        match self.broker.crypto().await.sign_certificate(request).await {
            Ok(answer) => match answer.into_inner().signed_certificate {
                Some(v1::sign_certificate_response::SignedCertificate::Pem(pem)) => Ok(pem),
                other => panic!("expected PEM, got {other:?}"),
            },
            Err(status) => Err((support::reason(&status), status.message().to_owned())),
        }
    }

    /// Reports whether `openssl verify` accepts a certificate under `ca.pem`, with further options.
    fn verifies(&self, certificate: &str, options: &[&str]) -> Result<(), String> {
        self.write("leaf.pem", certificate);
        let arguments = ["verify", "-partial_chain", "-trusted", "ca.pem"];
        self.try_openssl(&[&arguments, options, &["leaf.pem"]].concat())
    }

    /// Reports whether `openssl verify` accepts an end entity below a CA certificate that was issued under `ca.pem`.
    fn verifies_below(&self, authority: &str) -> Result<(), String> {
        self.write("sub.pem", authority);
        self.write("leaf.ext", "basicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n");
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "ca.csr",
            "-CA",
            "sub.pem",
            "-CAkey",
            "leaf.key",
            "-set_serial",
            "7",
            "-days",
            "1",
            "-extfile",
            "leaf.ext",
            "-out",
            "below.pem",
        ]);
        let below = self.read("below.pem");
        self.verifies(&below, &["-untrusted", "sub.pem"])
    }
}
