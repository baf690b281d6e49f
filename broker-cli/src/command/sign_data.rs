//! `sign-data`.

use broker_client::{Secret, SignDataRequest, SignDataResponse, SignStreamRequest, SignatureFormat};
use bytes::Bytes;

use super::written::Written;
use crate::{
    args, broker::Endpoint, data::Data, error::Failure, input, outlet::Outlets, output::Output, progress,
    repeat::block_on,
};

/// The keys are read before the data, of which there may be much.
pub(super) fn run(args: args::SignData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let source = args.message.source()?;
    let keys = [("--key", Some(&args.key)), ("--second-key", args.second_key.as_ref())];
    let [key, second_key] = keys;
    input::at_most_one_standard(&[key, second_key, ("--in", source.place())])?;
    let outlets = Outlets::new(false).public("--out", "signature", args.out);
    outlets.check(&[key.1, second_key.1, source.place()], output)?;
    let request = Request {
        profile: args.profile,
        key: input::secret(&args.key)?.into(),
        second_key: args.second_key.as_ref().map(input::secret).transpose()?.map(Secret::from),
        format: args.format.map(SignatureFormat::from),
    };
    let data = Data::read(source)?;
    let signed = block_on(request.send(data, &endpoint, output))
        .map_err(|failure| failure.of_options(&[("key_source", "--key")]))?;
    Written {
        outlets: &outlets,
        contents: &[&signed.signature],
        id: &signed.id,
        deprecation: signed.deprecation.as_ref(),
        descriptor: Some(&signed.descriptor),
        facts: &[],
    }
    .finish(output)
}

struct Request {
    profile: String,
    key: Secret,
    second_key: Option<Secret>,
    format: Option<SignatureFormat>,
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
            Data::Whole(bytes) => Ok(broker.sign_data(self.whole(bytes)).await?),
            Data::Long(long) => {
                let mut request = self.stream();
                if let Some(timeout) = endpoint.timeout {
                    request = request.timeout(timeout);
                }
                progress::watch(long, output, async |long| broker.sign_reader(request, long).await).await
            }
        }
    }

    fn whole(self, input: Bytes) -> SignDataRequest {
        let request = match self.second_key {
            Some(second) => SignDataRequest::composite(self.key, second, input).profile(self.profile),
            None => SignDataRequest::new(self.key, input).profile(self.profile),
        };
        match self.format {
            Some(format) => request.format(format),
            None => request,
        }
    }

    fn stream(self) -> SignStreamRequest {
        let request = match self.second_key {
            Some(second) => SignStreamRequest::composite(self.key, second).profile(self.profile),
            None => SignStreamRequest::new(self.key).profile(self.profile),
        };
        match self.format {
            Some(format) => request.format(format),
            None => request,
        }
    }
}

impl From<args::SignatureFormat> for SignatureFormat {
    fn from(format: args::SignatureFormat) -> Self {
        match format {
            args::SignatureFormat::Raw => Self::Raw,
            args::SignatureFormat::Der => Self::Der,
            args::SignatureFormat::Pem => Self::Pem,
            args::SignatureFormat::Cms => Self::Cms,
        }
    }
}
