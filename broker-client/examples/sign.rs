//! Requests a certificate from a running broker, in a program without an async runtime.
//!
//! `cargo run -p broker-client --features blocking --example sign -- request.csr ca.crt ca.key > leaf.crt`

use std::{
    env, fs,
    io::{self, Write as _},
    process::ExitCode,
};

use broker_client::{Error, SignCertificateRequest, blocking::Client};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [csr, ca_cert, ca_key] = arguments.as_slice() else {
        eprintln!("usage: sign CSR CA-CERTIFICATE CA-KEY (PEM files)");
        return ExitCode::from(2);
    };
    match run(csr, ca_cert, ca_key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            if let Some(refusal) = error.downcast_ref::<Error>().and_then(Error::rejection) {
                eprintln!("field {:?}, rule {:?}, line {:?}", refusal.field, refusal.rule, refusal.line);
            }
            ExitCode::FAILURE
        }
    }
}

fn run(csr: &str, ca_cert: &str, ca_key: &str) -> Result<(), Box<dyn std::error::Error>> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let client = Client::builder().connect()?;
    let request = SignCertificateRequest::new(read(csr)?, read(ca_cert)?, read(ca_key)?).profile("Default");
    let issued = client.sign_certificate(request)?;
    io::stdout().write_all(issued.certificate.as_bytes())?;
    eprintln!("signed with {} under profile {}", issued.algorithm(), issued.profile());
    Ok(())
}
