//! Keys, requests and certificates for tests, made at run time by the `openssl` command.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, unreachable_pub)]

use std::{path::Path, process::Command};

use broker_proto::v1;

/// A folder that is removed afterwards, and the command in it.
pub(crate) struct OpenSsl(tempfile::TempDir);

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `openssl` with words split at spaces; gives what it printed.
    pub(crate) fn run(&self, words: &str) -> Vec<u8> {
        self.run_words(&words.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(words).current_dir(self.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "openssl {words:?}: {text}{}",
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

    /// A private key in `NAME.key`. `kind` is `rsa:BITS`, `ec:CURVE` or `ed25519`.
    pub(crate) fn key(&self, name: &str, kind: &str) {
        let words = match kind.split_once(':') {
            Some(("rsa", bits)) => {
                format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out {name}.key")
            }
            Some(("ec", curve)) => {
                format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {name}.key")
            }
            _ => format!("genpkey -algorithm {kind} -out {name}.key"),
        };
        self.run(&words);
    }

    /// A self-signed CA with its key: `NAME.key`, `NAME.crt`.
    pub(crate) fn ca(&self, name: &str, kind: &str) {
        self.key(name, kind);
        self.write("ca.cnf", CA_CONFIG.as_bytes());
        self.run(&format!("req -x509 -new -key {name}.key -config ca.cnf -utf8 -days 3650 -out {name}.crt"));
    }

    /// A request in `NAME.csr` for `NAME.key`, with further options of `openssl req`.
    pub(crate) fn csr(&self, name: &str, options: &[&str]) {
        let (key, out) = (format!("{name}.key"), format!("{name}.csr"));
        let mut words = vec!["req", "-new", "-utf8", "-key", &key, "-out", &out];
        words.extend(options);
        self.run_words(&words);
    }

    /// The message for a CSR and a CA.
    pub(crate) fn message(&self, csr: &str, ca: &str) -> v1::SignCertificateRequest {
        message(
            self.read(&format!("{csr}.csr")),
            self.read(&format!("{ca}.key")),
            self.read(&format!("{ca}.crt")),
        )
    }
}

/// A message with everything that must be there.
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
