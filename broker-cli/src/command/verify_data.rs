//! `verify-data`.

use broker_client::{SignatureFormat, VerifyDataRequest, VerifyDataResponse, VerifyStreamRequest};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    args,
    broker::Endpoint,
    data::Data,
    error::{Exit, Failure},
    input, json,
    output::{BAD, GOOD, Output},
    progress,
    repeat::block_on,
};

/// The answer is printed, and said by the exit code too.
pub(super) fn run(args: args::VerifyData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let source = args.message.source()?;
    input::at_most_one_standard(&[
        ("--public-key", Some(&args.public_key)),
        ("--second-public-key", args.second_public_key.as_ref()),
        ("--signature", Some(&args.signature)),
        ("--in", source.place()),
    ])?;
    let request = Request {
        profile: args.profile,
        key: input::bytes(&args.public_key)?,
        second_key: args.second_public_key.as_ref().map(input::bytes).transpose()?,
        signature: input::bytes(&args.signature)?.into(),
        format: args.format.map(SignatureFormat::from),
    };
    let data = Data::read(source)?;
    let verified = block_on(request.send(data, &endpoint, output))
        .map_err(|failure| failure.of_options(&[("key_source", "--public-key")]))?;
    print(&verified, output)
}

fn print(answer: &VerifyDataResponse, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        let mut value = json::common(&answer.id, answer.deprecation.as_ref(), None);
        value.insert("valid".into(), json!(answer.valid));
        output.json(&Value::Object(value))?;
    } else {
        super::warn(answer.deprecation.as_ref(), output);
        super::detail(&answer.id, None, output);
        let (style, word) = if answer.valid { (GOOD, "valid") } else { (BAD, "invalid") };
        output.line(format!("{style}{word}{style:#}"))?;
    }
    if answer.valid { Ok(()) } else { Err(Failure::Said(Exit::NotValid)) }
}

struct Request {
    profile: String,
    key: Vec<u8>,
    second_key: Option<Vec<u8>>,
    signature: Bytes,
    format: Option<SignatureFormat>,
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
            Data::Whole(bytes) => Ok(broker.verify_data(self.whole(bytes)).await?),
            Data::Long(long) => {
                let mut request = self.stream();
                if let Some(timeout) = endpoint.timeout {
                    request = request.timeout(timeout);
                }
                progress::watch(long, output, async |long| broker.verify_reader(request, long).await).await
            }
        }
    }

    fn whole(self, input: Bytes) -> VerifyDataRequest {
        let request = match self.second_key {
            Some(second) => {
                VerifyDataRequest::composite(self.key, second, input, self.signature).profile(self.profile)
            }
            None => VerifyDataRequest::new(self.key, input, self.signature).profile(self.profile),
        };
        match self.format {
            Some(format) => request.format(format),
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
        match self.format {
            Some(format) => request.format(format),
            None => request,
        }
    }
}
