//! `hash-data`.

use broker_client::{HashRequest, HashResponse, HashValue};

use crate::{
    args::{self, HashFormat},
    broker::Endpoint,
    error::Failure,
    input, json,
    output::Output,
    repeat::{block_on, repeat},
};

/// What is hashed is read once, before anything is asked.
pub(super) fn run(args: args::HashData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let request = Request::check(args)?;
    block_on(async {
        let broker = endpoint.client()?;
        repeat(request.repeat, output, async |output: &mut Output| {
            let call = HashRequest::new(&request.profile, request.input.clone());
            let answer = broker.hash_data(if request.raw { call.raw() } else { call.hex() }).await?;
            print(&answer, output)
        })
        .await
    })
}

struct Request {
    profile: String,
    input: bytes::Bytes,
    raw: bool,
    repeat: args::Repeat,
}

impl Request {
    fn check(args: args::HashData) -> Result<Self, Failure> {
        let input = match (args.text, args.file) {
            (Some(text), None) if text == "-" => input::standard()?,
            (Some(text), None) => text.into_bytes(),
            (None, Some(path)) => input::file(&path)?,
            _ => return Err(Failure::usage("give TEXT, --file PATH or -".to_owned())),
        };
        Ok(Self {
            profile: args.profile,
            input: input.into(),
            raw: args.output_format == HashFormat::Raw,
            repeat: args.repeat,
        })
    }
}

fn print(answer: &HashResponse, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&json::hashed(answer));
    }
    super::warn(answer.deprecation.as_ref(), output);
    match &answer.value {
        HashValue::Hex(text) => output.line(text),
        HashValue::Raw(bytes) => output.bytes(bytes),
    }
}
