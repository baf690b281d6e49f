//! `hash-data`.

use broker_client::{Client, HashDataRequest, HashDataResponse, HashStreamRequest, HashValue};

use crate::{
    args::{self, HashFormat},
    broker::Endpoint,
    data::{Data, Long},
    error::Failure,
    json,
    output::Output,
    place::Place,
    progress,
    repeat::{block_on, repeat},
};

/// What fits a message is read once, before anything is asked, and anything longer each time.
pub(super) fn run(args: args::HashData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let standard = args.text.as_deref() == Some("-") || args.file == Some(Place::Standard);
    let mut first = Some(Data::read(args.text, args.file.as_ref())?);
    let whole = match &first {
        Some(Data::Whole(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    if whole.is_none() && standard && args.repeat.pause.is_some() {
        return Err(Failure::usage(
            "--loop reads standard input again and again only where it is no longer than 1 MiB".to_owned(),
        ));
    }
    let hashing = Hashing { profile: args.profile, raw: args.output_format == HashFormat::Raw, endpoint };
    block_on(async {
        let broker = hashing.endpoint.client()?;
        repeat(args.repeat, output, async |output: &mut Output| {
            let data = match (&whole, first.take(), &args.file) {
                (Some(bytes), _, _) => Data::Whole(bytes.clone()),
                (None, Some(data), _) => data,
                (None, None, Some(place)) => Data::open(place)?,
                // Standard input was refused above.
                (None, None, None) => return Err(Failure::usage("--loop needs --file".to_owned())),
            };
            let answer = hashing.send(&broker, data, output).await?;
            print(&answer, output)
        })
        .await
    })
}

struct Hashing {
    profile: String,
    raw: bool,
    endpoint: Endpoint,
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
}

fn print(answer: &HashDataResponse, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&json::hashed(answer));
    }
    super::warn(answer.deprecation.as_ref(), output);
    match &answer.value {
        HashValue::Hex(text) => output.line(text),
        HashValue::Raw(bytes) => output.bytes(bytes),
    }
}
