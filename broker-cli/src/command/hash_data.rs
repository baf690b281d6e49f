//! `hash-data`.

use crate::{
    args::{self, HashFormat},
    broker::{Broker, Digest, Endpoint, Hashed},
    error::Failure,
    input, json,
    output::Output,
    repeat::{block_on, repeat},
};

/// What is hashed is read once, before anything is asked.
pub(super) fn run(args: args::HashData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let request = Request::check(args)?;
    block_on(async {
        let broker = Broker::connect(&endpoint)?;
        repeat(request.repeat, output, async |output: &mut Output| {
            let answer = broker.hash(&request.profile, request.input.clone(), request.raw).await?;
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

fn print(answer: &Hashed, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&json::hashed(answer));
    }
    super::warn(&answer.metadata, output);
    match &answer.digest {
        Digest::Hex(text) => output.line(text),
        Digest::Raw(bytes) => output.bytes(bytes),
    }
}
