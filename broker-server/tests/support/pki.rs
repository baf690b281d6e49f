//! Test material made by the `openssl` command, independently of the broker's code.

use std::{fs, path::Path, process::Command};

use broker_proto::v1;
use tempfile::TempDir;

/// Runs `openssl` in `folder` and returns its output; panics with the output if it fails.
pub fn openssl(folder: &Path, arguments: &str) -> String {
    let output = try_openssl(folder, arguments);
    output.unwrap_or_else(|text| panic!("openssl {arguments}\n{text}"))
}

/// Runs `openssl` in `folder` and returns its output, also as the error if it fails.
pub fn try_openssl(folder: &Path, arguments: &str) -> Result<String, String> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the tests need the openssl command");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(text + &String::from_utf8_lossy(&output.stderr))
}

/// Returns the digest of `input` in hexadecimal. `name` is that of `openssl dgst`.
pub fn openssl_digest(name: &str, input: &[u8]) -> String {
    let folder = super::private_folder();
    fs::write(folder.path().join("input"), input).unwrap();
    let text = openssl(folder.path(), &format!("dgst -{name} input"));
    text.rsplit("= ").next().unwrap().trim().to_owned()
}

/// Returns the options of `openssl req` for a new key.
pub fn new_key(kind: &str) -> String {
    match kind.split_once('-') {
        Some(("rsa", bits)) => format!("-newkey rsa:{bits}"),
        Some(("p", bits)) => format!("-newkey ec -pkeyopt ec_paramgen_curve:P-{bits}"),
        _ => format!("-newkey {kind}"),
    }
}

/// A self-signed CA in a folder of its own, with the files `ca.pem` and `ca.key`.
pub struct Ca {
    pub folder: TempDir,
    pub certificate: String,
    pub key: String,
}

impl Ca {
    pub fn new(kind: &str) -> Self {
        Self::named(kind, "0.DC=example\n1.DC=corp\n0.OU=One\n1.OU=Two\nO=Füchse\nCN=Test CA")
    }

    /// Creates a CA with a key of this kind. The lines of `name` are those of OpenSSL's configuration.
    pub fn named(kind: &str, name: &str) -> Self {
        let folder = super::private_folder();
        let config = format!(
            "[req]\nprompt=no\nutf8=yes\nstring_mask=utf8only\ndistinguished_name=dn\nx509_extensions=ext\n\
             [dn]\n{name}\n\
             [ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
             subjectKeyIdentifier=hash\n"
        );
        fs::write(folder.path().join("ca.cnf"), config).unwrap();
        openssl(
            folder.path(),
            &format!(
                "req -x509 -config ca.cnf {} -nodes -keyout ca.key -out ca.pem -days 3650 -sha384",
                new_key(kind)
            ),
        );
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        Self { certificate: read("ca.pem"), key: read("ca.key"), folder }
    }

    /// Returns a request for a certificate from this CA with only the required fields.
    pub fn request(&self, profile: &str, csr: &str) -> v1::SignCertificateRequest {
        v1::SignCertificateRequest {
            profile: profile.to_owned(),
            csr: csr.to_owned(),
            ca_private_key: self.key.clone(),
            ca_cert: self.certificate.clone(),
            metadata: None,
            valid_not_before: None,
            valid_not_after: None,
            subject: None,
            crl_distribution_points: Vec::new(),
            output_format: v1::SignOutputFormat::Unspecified.into(),
        }
    }

    /// Verifies a certificate (PEM) strictly under this CA; panics if it is invalid.
    pub fn verify_strictly(&self, certificate: &str) {
        fs::write(self.folder.path().join("leaf.pem"), certificate).unwrap();
        openssl(self.folder.path(), "verify -x509_strict -CAfile ca.pem leaf.pem");
    }
}

/// Returns a CSR with a new key.
pub fn csr(folder: &Path, kind: &str) -> String {
    openssl(
        folder,
        &format!("req -new {} -nodes -keyout /dev/null -subj /CN={kind}/OU=a/OU=b", new_key(kind)),
    )
}
