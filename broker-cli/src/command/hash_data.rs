//! `hash-data`.

use broker_client::{Client, HashDataRequest, HashDataResponse, HashStreamRequest, HashValue};
use serde_json::json;

use crate::{
    args::{self, HashFormat},
    broker::Endpoint,
    data::{Data, Long},
    error::Failure,
    json,
    outlet::Outlets,
    output::Output,
    place::Place,
    progress,
    repeat::{block_on, repeat},
};

/// What fits a message is read once, before anything is asked, and anything longer each time.
pub(super) fn run(args: args::HashData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let source = args.source()?;
    let raw = args.format == HashFormat::Raw;
    let outlets = match args.out {
        // It goes there anyway.
        None | Some(Place::Standard) => None,
        Some(place) => Some(Outlets::new(false).public("--out", "digest", place)),
    };
    match &outlets {
        Some(outlets) => outlets.check(&[source.place()], output)?,
        None if raw => output.takes_binary("digest")?,
        None => {}
    }
    let mut first = Some(Data::read(source.clone())?);
    let whole = match &first {
        Some(Data::Whole(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    if whole.is_none() && source.place() == Some(&Place::Standard) && args.repeat.pause.is_some() {
        return Err(Failure::usage(
            "--loop reads standard input again and again only where it is no longer than 1 MiB".to_owned(),
        ));
    }
    let hashing = Hashing { profile: args.profile, raw, endpoint, outlets };
    block_on(async {
        let broker = hashing.endpoint.client()?;
        repeat(args.repeat, output, async |output: &mut Output| {
            let data = match (&whole, first.take()) {
                (Some(bytes), _) => Data::Whole(bytes.clone()),
                (None, Some(data)) => data,
                (None, None) => Data::read(source.clone())?,
            };
            let answer = hashing.send(&broker, data, output).await?;
            hashing.print(&answer, output)
        })
        .await
    })
}

struct Hashing {
    profile: String,
    raw: bool,
    endpoint: Endpoint,
    outlets: Option<Outlets>,
}

impl Hashing {
    async fn send(&self, broker: &Client, data: Data, output: &Output) -> Result<HashDataResponse, Failure> {
        match data {
            Data::Whole(bytes) => {
                let request = HashDataRequest::new(bytes).profile(&self.profile);
                let request = if self.raw { request.raw() } else { request.hex() };
                Ok(broker.hash_data(request).await?)
            }
            Data::Long(long) => self.stream(broker, long, output).await,
        }
    }

    async fn stream(
        &self,
        broker: &Client,
        long: Long,
        output: &Output,
    ) -> Result<HashDataResponse, Failure> {
        let request = HashStreamRequest::new().profile(&self.profile);
        let mut request = if self.raw { request.raw() } else { request.hex() };
        if let Some(timeout) = self.endpoint.timeout {
            request = request.timeout(timeout);
        }
        progress::watch(long, output, async |long| broker.hash_reader(request, long).await).await
    }

    fn print(&self, answer: &HashDataResponse, output: &mut Output) -> Result<(), Failure> {
        if let Some(outlets) = &self.outlets {
            match &answer.value {
                HashValue::Hex(text) => outlets.write(&[format!("{text}\n").as_bytes()], output)?,
                HashValue::Raw(bytes) => outlets.write(&[bytes], output)?,
            }
        }
        let out = self.outlets.as_ref().and_then(|outlets| outlets.iter().next());
        if output.is_json() {
            let mut value = json::hashed(answer);
            if let (Some(out), Some(value)) = (out, value.as_object_mut()) {
                value.insert("out".into(), json!(out.place.to_string()));
            }
            return output.json(&value);
        }
        super::warn(answer.deprecation.as_ref(), output);
        super::detail(&answer.id, Some(&answer.descriptor), output);
        match (&answer.value, out) {
            (_, Some(out)) => super::written(out, &answer.descriptor, output),
            (HashValue::Hex(text), None) => output.line(text),
            (HashValue::Raw(bytes), None) => output.bytes(bytes),
        }
    }
}
