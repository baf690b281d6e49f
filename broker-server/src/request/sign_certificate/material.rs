//! Keys, certification requests and certificates for tests, made at run time by the `openssl` command.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, unreachable_pub)]

use std::{path::Path, process::Command};

use broker_proto::v1;

/// Runs the `openssl` command in a temporary folder.
pub(crate) struct OpenSsl(tempfile::TempDir);

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `openssl` with `arguments` split at spaces and returns its standard output.
    pub(crate) fn run(&self, arguments: &str) -> Vec<u8> {
        self.run_args(&arguments.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn run_args(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(arguments).current_dir(self.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stdout)
        );
        output.stdout
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    /// Writes a private key to `NAME.key`. `kind` is `rsa:BITS`, `ec:CURVE` or `ed25519`.
    pub(crate) fn key(&self, name: &str, kind: &str) {
        let arguments = match kind.split_once(':') {
            Some(("rsa", bits)) => {
                format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out {name}.key")
            }
            Some(("ec", curve)) => {
                format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {name}.key")
            }
            _ => format!("genpkey -algorithm {kind} -out {name}.key"),
        };
        self.run(&arguments);
    }

    /// Writes a self-signed CA certificate and its key to `NAME.crt` and `NAME.key`.
    pub(crate) fn ca(&self, name: &str, kind: &str) {
        self.key(name, kind);
        self.write("ca.cnf", CA_CONFIG.as_bytes());
        self.run(&format!("req -x509 -new -key {name}.key -config ca.cnf -utf8 -days 3650 -out {name}.crt"));
    }

    /// Writes a certification request for `NAME.key` to `NAME.csr`, with further options of `openssl req`.
    pub(crate) fn csr(&self, name: &str, options: &[&str]) {
        let (key, out) = (format!("{name}.key"), format!("{name}.csr"));
        let mut arguments = vec!["req", "-new", "-utf8", "-key", &key, "-out", &out];
        arguments.extend(options);
        self.run_args(&arguments);
    }

    /// Returns the message for a CSR and a CA.
    pub(crate) fn message(&self, csr: &str, ca: &str) -> v1::SignCertificateRequest {
        message(
            self.read(&format!("{csr}.csr")),
            self.read(&format!("{ca}.key")),
            self.read(&format!("{ca}.crt")),
        )
    }
}

/// Returns a message with the required fields.
pub(crate) fn message(csr: String, key: String, certificate: String) -> v1::SignCertificateRequest {
    let mut message = v1::SignCertificateRequest::default();
    message.csr = csr;
    message.ca_private_key = key;
    message.ca_cert = certificate;
    message
}

/// Repeated OUs, domain components, a multi-valued RDN and a T61String.
const CA_CONFIG: &str = "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\nstring_mask=default\n\
    [dn]\n0.DC=example\n1.DC=corp\nO=Müller\n0.OU=One\n1.OU=Two\nCN=Root\n+serialNumber=42\n\
    [ext]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
