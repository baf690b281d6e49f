//! `sign-data`.

use broker_client::{Secret, SignDataRequest, SignDataResponse, SignStreamRequest};
use bytes::Bytes;
use clap::{Args, ValueHint};

use super::{
    file_result::FileResult,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Message, SignatureContext, SignatureFormat, profile_names},
    broker::Endpoint,
    data::Data,
    error::Failure,
    input,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    private_key::KeyPassword,
    progress,
    runtime::block_on,
};

/// Sign data with a private key
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "cryptobroker sign-data [OPTIONS] --key <FILE> --out <FILE> [--in <FILE> | --text <TEXT>]"
)]
#[command(after_help = "\
Input of more than 1 MiB is sent in parts, in constant memory, with a progress bar on a terminal. Ed25519 cannot do that,
except in the format CMS.

Examples:
  cryptobroker sign-data --key sign.key --in report.pdf --out report.sig
  cryptobroker sign-data --profile Hybrid-PQC-2026 --key ec.key --second-key ml-dsa.key --format pem --text \"Hello, broker\" --out -
  cryptobroker sign-data --profile Firmware --key ml-dsa.key --context \"firmware v1\" --in image.bin --out image.sig")]
pub(crate) struct SignData {
    #[command(flatten)]
    message: Message,
    /// The private key, PEM or DER: PKCS#8, SEC1 or PKCS#1; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Location,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    second_key: Option<Location>,
    #[command(flatten)]
    key_password: KeyPassword,
    /// The profile that decides about key, algorithm and format
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// How the signature is written [default: what the profile says]
    #[arg(long, value_name = "FORMAT")]
    format: Option<SignatureFormat>,
    #[command(flatten)]
    context: SignatureContext,
    /// Write the signature to this file, replacing it; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Location,
}

impl Run for SignData {
    /// The keys are read before the data, which may be long.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let source = self.message.source()?;
        let keys = [("--key", Some(&self.key)), ("--second-key", self.second_key.as_ref())];
        let [key, second_key] = keys;
        input::check_single_stdin(&[key, second_key, ("--in", source.location())])?;
        let files = OutputFiles::new(false).public("--out", "signature", self.out);
        files.check(&[key.1, second_key.1, source.location(), self.key_password.location()], output)?;
        let read = |location| self.key_password.read_key(location);
        let second_key = self.second_key.as_ref().map(read).transpose()?;
        let context_option = self.context.option();
        let request = Request {
            profile: self.profile,
            key: self.key_password.read_key(&self.key)?.into(),
            second_key: second_key.map(Secret::from),
            format: self.format,
            signature_context: self.context.into_bytes(),
        };
        let data = Data::read(source)?;
        let signed = block_on(request.send(data, &context.endpoint, output)).map_err(|failure| {
            failure.with_options(&[("key_source", "--key"), ("context", context_option)])
        })?;
        FileResult {
            files: &files,
            contents: &[&signed.signature],
            id: &signed.id,
            deprecation: signed.deprecation.as_ref(),
            descriptor: Some(&signed.descriptor),
            facts: &[],
        }
        .finish(output)
    }
}

/// A request without its data.
struct Request {
    profile: String,
    key: Secret,
    second_key: Option<Secret>,
    format: Option<SignatureFormat>,
    signature_context: Option<Vec<u8>>,
}

impl Request {
    async fn send(
        self,
        data: Data,
        endpoint: &Endpoint,
        output: &Output,
    ) -> Result<SignDataResponse, Failure> {
        let broker = endpoint.client()?;
        match data {
            Data::Message(bytes) => Ok(broker.sign_data(self.message(bytes)).await?),
            Data::Stream(stream) => {
                let mut request = self.stream();
                if let Some(timeout) = endpoint.timeout {
                    request = request.timeout(timeout);
                }
                let send = async |stream| broker.sign_reader(request, stream).await;
                progress::send_with_bar(stream, output, send).await
            }
        }
    }

    fn message(self, input: Bytes) -> SignDataRequest {
        let request = match self.second_key {
            Some(second) => SignDataRequest::composite(self.key, second, input).profile(self.profile),
            None => SignDataRequest::new(self.key, input).profile(self.profile),
        };
        let request = match self.format {
            Some(format) => request.format(format.into()),
            None => request,
        };
        match self.signature_context {
            Some(context) => request.context(context),
            None => request,
        }
    }

    fn stream(self) -> SignStreamRequest {
        let request = match self.second_key {
            Some(second) => SignStreamRequest::composite(self.key, second).profile(self.profile),
            None => SignStreamRequest::new(self.key).profile(self.profile),
        };
        let request = match self.format {
            Some(format) => request.format(format.into()),
            None => request,
        };
        match self.signature_context {
            Some(context) => request.context(context),
            None => request,
        }
    }
}
