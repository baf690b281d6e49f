//! `key generate`.

use broker_client::GenerateKeyRequest;
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use super::{
    byte_format::ByteFormat,
    file_result::FileResult,
    notes,
    run::{Context, Run, commands},
};
use crate::{
    args::{DEFAULT_PROFILE, Force, profile_names},
    error::Failure,
    json,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    runtime::block_on,
};

/// Symmetric keys
#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

commands! {
    /// The commands of `key`.
    enum KeyCommand {
        Generate(Generate),
    }
}

impl Run for Key {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}

/// Make a key for encrypt-data, with the size that the profile says
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
encrypt-data takes the bytes themselves, --format raw, which is the default where --out names a file.

Examples:
  cryptobroker key generate --profile PQC-ML-DSA-65 --out aes.key
  cryptobroker key generate --profile FIPS-140-3-256bit --format base64")]
pub(crate) struct Generate {
    /// The profile that says how long the key is
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// How the key is written [default: raw into a file, otherwise hex]
    #[arg(long, value_name = "FORMAT")]
    format: Option<ByteFormat>,
    /// Write the key to this file, mode 0600; `-` is standard output [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<Location>,
    #[command(flatten)]
    force: Force,
}

impl Run for Generate {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let location = self.out.filter(|location| *location != Location::Stdio);
        let format = self.format.unwrap_or(match location {
            Some(_) => ByteFormat::Raw,
            None => ByteFormat::Hex,
        });
        let files =
            location.map(|location| OutputFiles::new(self.force.force).secret("--out", "key", location));
        match &files {
            Some(files) => files.check(&[], output)?,
            None if format == ByteFormat::Raw => output.check_binary("key")?,
            None => {}
        }
        let request = GenerateKeyRequest::new().profile(self.profile);
        let response = block_on(async { Ok(context.endpoint.client()?.generate_key(request).await?) })?;
        if let Some(files) = files {
            return FileResult {
                files: &files,
                contents: &[&format.encode(&response.key)],
                id: &response.id,
                deprecation: response.deprecation.as_ref(),
                descriptor: Some(&response.descriptor),
                facts: &[],
            }
            .finish(output);
        }
        if output.is_json() {
            let mut value =
                json::common(&response.id, response.deprecation.as_ref(), Some(&response.descriptor));
            match format {
                ByteFormat::Hex => value.insert("hex".into(), json!(hex::encode(&*response.key))),
                ByteFormat::Base64 | ByteFormat::Raw => {
                    value.insert("base64".into(), json::base64(&response.key))
                }
            };
            return output.json(&Value::Object(value));
        }
        notes::note_deprecation(response.deprecation.as_ref(), output);
        notes::print_details(&response.id, Some(&response.descriptor), output);
        output.bytes(&format.encode(&response.key))
    }
}
