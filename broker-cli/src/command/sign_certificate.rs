//! `sign-certificate`.

use broker_client::{Certificate, SignCertificateRequest, SignCertificateResponse};
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    certificate_format::CertificateFormat,
    notes,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Repeat, instant, profile_names},
    error::Failure,
    input, json,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    pem::BlockKind,
    private_key::KeyPassword,
    repeat::repeat,
    runtime::block_on,
};

/// Issue a certificate for a certification request
#[derive(Args, Clone, Debug)]
#[command(visible_alias = "sign")]
#[command(after_help = "\
Examples:
  cryptobroker sign-certificate --csr app.csr --ca-cert ca.pem --ca-key ca.key --out app.pem
  cryptobroker sign-certificate --csr app.csr --ca-cert ca.pem --ca-key ca.key --not-after 90d")]
pub(crate) struct SignCertificate {
    /// The certification request, PEM; `-` is standard input
    #[arg(long, alias = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    csr: Location,
    /// The issuer's certificate, PEM; `-` is standard input
    #[arg(long, alias = "caCert", value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_cert: Location,
    /// The issuer's private key, PEM; `-` is standard input
    #[arg(long, alias = "caKey", value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_key: Location,
    #[command(flatten)]
    key_password: KeyPassword,
    /// The profile that decides about keys, lifetime and signature
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// PEM text or DER bytes (base64 in JSON)
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "pem")]
    format: CertificateFormat,
    /// Replace the request's subject: `CN=…, O=…` with C, ST, O, OU, L and CN
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// A CRL distribution point, http or https; may be repeated
    #[arg(long = "crl-url", value_name = "URL")]
    crl_urls: Vec<String>,
    /// Start of validity: Unix seconds, RFC 3339, or from now on such as 90d [default: the profile's earliest]
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    not_before: Option<u64>,
    /// End of validity: Unix seconds, RFC 3339, or from now on such as 90d [default: the profile's latest]
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    not_after: Option<u64>,
    /// Write the certificate to this file, replacing it, completely or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<Location>,
    #[command(flatten)]
    repeat: Repeat,
}

impl Run for SignCertificate {
    /// The files are read once, before the broker is called.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let pause = self.repeat;
        let files = match &self.out {
            None | Some(Location::Stdio) => None,
            Some(location) => Some(OutputFiles::new(false).public("--out", "certificate", location.clone())),
        };
        let inputs = [
            ("--csr", Some(&self.csr)),
            ("--ca-cert", Some(&self.ca_cert)),
            ("--ca-key", Some(&self.ca_key)),
        ];
        input::check_single_stdin(&inputs)?;
        match &files {
            Some(files) => {
                let [csr, ca_cert, ca_key] = inputs.map(|(_, location)| location);
                files.check(&[csr, ca_cert, ca_key, self.key_password.location()], output)?;
            }
            None if self.format == CertificateFormat::Der => output.check_binary("certificate")?,
            None => {}
        }
        let request = self.into_request()?;
        block_on(async {
            let broker = context.endpoint.client()?;
            repeat(pause, output, async |output: &mut Output| {
                let response = broker.sign_certificate(request.clone()).await?;
                print(&response, files.as_ref(), output)
            })
            .await
        })
    }
}

impl SignCertificate {
    fn into_request(self) -> Result<SignCertificateRequest, Failure> {
        if let (Some(from), Some(to)) = (self.not_before, self.not_after)
            && from > to
        {
            return Err(Failure::usage("--not-before is later than --not-after".to_owned()));
        }
        let mut csr = input::pem(&self.csr, BlockKind::Request)?;
        let mut ca_cert = input::pem(&self.ca_cert, BlockKind::Certificate)?;
        let mut ca_key = self.key_password.read_key_text(&self.ca_key)?;
        // Moved, not copied: the request wipes it.
        let [csr, ca_cert, ca_key] =
            [&mut csr, &mut ca_cert, &mut ca_key].map(|text| std::mem::take(&mut **text));
        let mut request = SignCertificateRequest::new(csr, ca_cert, ca_key).profile(self.profile);
        if let Some(subject) = self.subject {
            request = request.subject(subject);
        }
        for url in self.crl_urls {
            request = request.crl_url(url);
        }
        if let Some(time) = self.not_before {
            request = request.not_before_unix(time);
        }
        if let Some(time) = self.not_after {
            request = request.not_after_unix(time);
        }
        Ok(request.encoding(match self.format {
            CertificateFormat::Pem => broker_client::Encoding::Pem,
            CertificateFormat::Der => broker_client::Encoding::Der,
        }))
    }
}

fn print(
    response: &SignCertificateResponse,
    files: Option<&OutputFiles>,
    output: &mut Output,
) -> Result<(), Failure> {
    match files {
        Some(files) => {
            let bytes = response.certificate.as_bytes();
            files.write(&[bytes], output, |output| report(response, Some(files), output))
        }
        None => report(response, None, output),
    }
}

fn report(
    response: &SignCertificateResponse,
    files: Option<&OutputFiles>,
    output: &mut Output,
) -> Result<(), Failure> {
    let file = files.and_then(|files| files.iter().next());
    if output.is_json() {
        let mut value = json::common(&response.id, response.deprecation.as_ref(), Some(&response.descriptor));
        match &response.certificate {
            Certificate::Pem(text) => value.insert("pem".into(), json!(text)),
            Certificate::Der(bytes) => value.insert("der".into(), json::base64(bytes)),
        };
        if !response.ignored_extensions.is_empty() {
            value.insert("ignoredExtensions".into(), json!(response.ignored_extensions));
        }
        if let Some(file) = file {
            value.insert("out".into(), json!(file.location.to_string()));
        }
        return output.json(&Value::Object(value));
    }
    notes::note_deprecation(response.deprecation.as_ref(), output);
    notes::note_ignored_extensions(&response.ignored_extensions, output);
    notes::print_details(&response.id, Some(&response.descriptor), output);
    match file {
        Some(file) => notes::print_written(file, &response.descriptor, output),
        None => output.bytes(response.certificate.as_bytes()),
    }
}
