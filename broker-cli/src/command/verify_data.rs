//! `verify-data`.

use broker_client::{VerifyDataRequest, VerifyDataResponse, VerifyStreamRequest};
use bytes::Bytes;
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    notes,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Message, SignatureContext, SignatureFormat, profile_names},
    broker::Endpoint,
    data::Data,
    error::{Exit, Failure},
    input, json,
    location::Location,
    output::{BAD, GOOD, Output},
    progress,
    runtime::block_on,
};

/// Verify a signature over data; 0 when it is valid, 4 when it is not
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "cryptobroker verify-data [OPTIONS] --public-key <FILE> --signature <FILE> [--in <FILE> | --text <TEXT>]"
)]
#[command(after_help = "\
The exit code is 0 for a valid signature and 4 for one that is not.

Examples:
  cryptobroker verify-data --public-key sign.pub --in report.pdf --signature report.sig
  cryptobroker verify-data --public-key cert.pem --format cms --signature text.p7s --text \"Hello, broker\"")]
pub(crate) struct VerifyData {
    #[command(flatten)]
    message: Message,
    /// The public key (SubjectPublicKeyInfo) or a certificate, PEM or DER; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_key: Location,
    /// For a composite the ML-DSA key; --public-key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    second_public_key: Option<Location>,
    /// The signature; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    signature: Location,
    /// The profile that decides about key, algorithm and format
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// How the signature is written [default: what the profile says]
    #[arg(long, value_name = "FORMAT")]
    format: Option<SignatureFormat>,
    #[command(flatten)]
    context: SignatureContext,
}

impl Run for VerifyData {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let source = self.message.source()?;
        input::check_single_stdin(&[
            ("--public-key", Some(&self.public_key)),
            ("--second-public-key", self.second_public_key.as_ref()),
            ("--signature", Some(&self.signature)),
            ("--in", source.location()),
        ])?;
        let context_option = self.context.option();
        let request = Request {
            profile: self.profile,
            key: input::bytes(&self.public_key)?,
            second_key: self.second_public_key.as_ref().map(input::bytes).transpose()?,
            signature: input::bytes(&self.signature)?.into(),
            format: self.format,
            signature_context: self.context.into_bytes(),
        };
        let data = Data::read(source)?;
        let verified = block_on(request.send(data, &context.endpoint, output)).map_err(|failure| {
            failure.with_options(&[("key_source", "--public-key"), ("context", context_option)])
        })?;
        print(&verified, output)
    }
}

/// Prints the verdict; the exit code repeats it.
fn print(response: &VerifyDataResponse, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        let mut value = json::common(&response.id, response.deprecation.as_ref(), None);
        value.insert("valid".into(), json!(response.valid));
        output.json(&Value::Object(value))?;
    } else {
        notes::note_deprecation(response.deprecation.as_ref(), output);
        notes::print_details(&response.id, None, output);
        let (style, word) = if response.valid { (GOOD, "valid") } else { (BAD, "invalid") };
        output.line(format!("{style}{word}{style:#}"))?;
    }
    if response.valid { Ok(()) } else { Err(Failure::Reported(Exit::NotValid)) }
}

/// A request without its data.
struct Request {
    profile: String,
    key: Vec<u8>,
    second_key: Option<Vec<u8>>,
    signature: Bytes,
    format: Option<SignatureFormat>,
    signature_context: Option<Vec<u8>>,
}

impl Request {
    async fn send(
        self,
        data: Data,
        endpoint: &Endpoint,
        output: &Output,
    ) -> Result<VerifyDataResponse, Failure> {
        let broker = endpoint.client()?;
        match data {
            Data::Message(bytes) => Ok(broker.verify_data(self.message(bytes)).await?),
            Data::Stream(stream) => {
                let mut request = self.stream();
                if let Some(timeout) = endpoint.timeout {
                    request = request.timeout(timeout);
                }
                let send = async |stream| broker.verify_reader(request, stream).await;
                progress::send_with_bar(stream, output, send).await
            }
        }
    }

    fn message(self, input: Bytes) -> VerifyDataRequest {
        let request = match self.second_key {
            Some(second) => {
                VerifyDataRequest::composite(self.key, second, input, self.signature).profile(self.profile)
            }
            None => VerifyDataRequest::new(self.key, input, self.signature).profile(self.profile),
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

    fn stream(self) -> VerifyStreamRequest {
        let request = match self.second_key {
            Some(second) => {
                VerifyStreamRequest::composite(self.key, second, self.signature).profile(self.profile)
            }
            None => VerifyStreamRequest::new(self.key, self.signature).profile(self.profile),
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
