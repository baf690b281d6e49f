//! `hash-data`.

use std::path::Path;

use broker_client::{Client, HashDataRequest, HashDataResponse, HashStreamRequest, HashValue};
use clap::{Args, ValueEnum, ValueHint};
use serde_json::{Value, json};

use super::{
    notes,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Repeat, Text, profile_names},
    broker::Endpoint,
    data::{Data, DataStream},
    error::Failure,
    json,
    location::{DataSource, Location},
    output::Output,
    output_files::OutputFiles,
    progress,
    repeat::repeat,
    runtime::block_on,
};

/// Hash bytes with a profile's algorithm
#[derive(Args, Clone, Debug)]
#[command(visible_alias = "hash")]
#[command(override_usage = "cryptobroker hash-data [OPTIONS] [--in <FILE> | --text <TEXT> | TEXT]")]
#[command(after_help = "\
Input of more than 1 MiB is sent in parts, in constant memory, with a progress bar on a terminal.

Examples:
  cryptobroker hash-data --text \"Hello, broker\"
  cryptobroker hash-data --profile KSA-MODERATE-2020 --in disk.img
  tar c folder | cryptobroker hash-data")]
pub(crate) struct HashData {
    #[command(flatten)]
    text: Text,
    /// The text without --text, as the Go command line takes it. Refused where a file with that name exists; `-` is
    /// standard input
    #[arg(value_name = "TEXT", conflicts_with_all = ["in", "text"], value_parser = bare_text)]
    bare: Option<String>,
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// Hexadecimal text, or the bytes themselves
    #[arg(long, alias = "output-format", value_name = "FORMAT", default_value = "hex")]
    format: HashFormat,
    /// Write the digest to this file, replacing it, completely or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<Location>,
    #[command(flatten)]
    repeat: Repeat,
}

/// `--format` of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HashFormat {
    /// Lower-case hexadecimal.
    Hex,
    /// The bytes; base64 in JSON.
    Raw,
}

/// Parses a bare argument. Where a file has that name, the file may be meant.
fn bare_text(text: &str) -> Result<String, String> {
    if text != "-" && Path::new(text).metadata().is_ok_and(|found| !found.is_dir()) {
        return Err(format!(
            "a file with that name exists: write --in {text} for its content, --text {text} for the text itself"
        ));
    }
    Ok(text.to_owned())
}

impl Run for HashData {
    /// Data that fits in a message is read once, before the broker is called; longer data is read for each call.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let source = match self.bare.as_deref() {
            Some("-") => DataSource::Location(Location::Stdio),
            Some(text) => DataSource::Text(text.to_owned()),
            None => self.text.source()?,
        };
        let raw = self.format == HashFormat::Raw;
        let files = match self.out {
            None | Some(Location::Stdio) => None,
            Some(location) => Some(OutputFiles::new(false).public("--out", "digest", location)),
        };
        match &files {
            Some(files) => files.check(&[source.location()], output)?,
            None if raw => output.check_binary("digest")?,
            None => {}
        }
        let mut first = Some(Data::read(source.clone())?);
        let message = match &first {
            Some(Data::Message(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let is_stdin = source.location() == Some(&Location::Stdio);
        if message.is_none() && is_stdin && self.repeat.pause.is_some() {
            return Err(Failure::usage(
                "--loop can repeat standard input only up to 1 MiB: name a file with --in".to_owned(),
            ));
        }
        let call = Call { profile: self.profile, raw, endpoint: context.endpoint, files };
        block_on(async {
            let broker = call.endpoint.client()?;
            repeat(self.repeat, output, async |output: &mut Output| {
                let data = match (&message, first.take()) {
                    (Some(bytes), _) => Data::Message(bytes.clone()),
                    (None, Some(data)) => data,
                    (None, None) => Data::read(source.clone())?,
                };
                let response = call.send(&broker, data, output).await?;
                call.print(&response, output)
            })
            .await
        })
    }
}

/// The parameters of every repetition.
struct Call {
    profile: String,
    raw: bool,
    endpoint: Endpoint,
    files: Option<OutputFiles>,
}

impl Call {
    async fn send(&self, broker: &Client, data: Data, output: &Output) -> Result<HashDataResponse, Failure> {
        match data {
            Data::Message(bytes) => {
                let request = HashDataRequest::new(bytes).profile(&self.profile);
                let request = if self.raw { request.raw() } else { request.hex() };
                Ok(broker.hash_data(request).await?)
            }
            Data::Stream(stream) => self.send_stream(broker, stream, output).await,
        }
    }

    async fn send_stream(
        &self,
        broker: &Client,
        stream: DataStream,
        output: &Output,
    ) -> Result<HashDataResponse, Failure> {
        let request = HashStreamRequest::new().profile(&self.profile);
        let mut request = if self.raw { request.raw() } else { request.hex() };
        if let Some(timeout) = self.endpoint.timeout {
            request = request.timeout(timeout);
        }
        progress::send_with_bar(stream, output, async |stream| broker.hash_reader(request, stream).await)
            .await
    }

    fn print(&self, response: &HashDataResponse, output: &mut Output) -> Result<(), Failure> {
        let Some(files) = &self.files else { return self.report(response, output) };
        let line;
        let bytes = match &response.value {
            HashValue::Hex(text) => {
                line = format!("{text}\n");
                line.as_bytes()
            }
            HashValue::Raw(bytes) => bytes,
        };
        files.write(&[bytes], output, |output| self.report(response, output))
    }

    fn report(&self, response: &HashDataResponse, output: &mut Output) -> Result<(), Failure> {
        let file = self.files.as_ref().and_then(|files| files.iter().next());
        if output.is_json() {
            let mut value =
                json::common(&response.id, response.deprecation.as_ref(), Some(&response.descriptor));
            match &response.value {
                HashValue::Hex(text) => value.insert("hashValueHex".into(), json!(text)),
                HashValue::Raw(bytes) => value.insert("hashValueRaw".into(), json::base64(bytes)),
            };
            if let Some(file) = file {
                value.insert("out".into(), json!(file.location.to_string()));
            }
            return output.json(&Value::Object(value));
        }
        notes::note_deprecation(response.deprecation.as_ref(), output);
        notes::print_details(&response.id, Some(&response.descriptor), output);
        match (&response.value, file) {
            (_, Some(file)) => notes::print_written(file, &response.descriptor, output),
            (HashValue::Hex(text), None) => output.line(text),
            (HashValue::Raw(bytes), None) => output.bytes(bytes),
        }
    }
}
