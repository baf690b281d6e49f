//! `keygen` and `kem keygen`.

use broker_client::{Client, GenerateKeyPairRequest, GenerateKeyPairResponse, KeyEncoding};

use super::written::Written;
use crate::{
    args::{self, Pair},
    broker::Endpoint,
    error::Failure,
    input,
    outlet::Outlets,
    output::Output,
    repeat::block_on,
};

/// `keygen`: a pair that signs and verifies.
pub(super) fn signature(args: args::Keygen, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    make(args.pair, args.format, output, |request| {
        block_on(async { ask(&endpoint)?.generate_signature_key_pair(request).await.map_err(Failure::from) })
    })
}

/// `kem keygen`: a pair that encapsulates and decapsulates.
pub(super) fn kem(args: args::KemKeygen, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    make(args.pair, args.format, output, |request| {
        block_on(async { ask(&endpoint)?.generate_kem_key_pair(request).await.map_err(Failure::from) })
    })
}

fn ask(endpoint: &Endpoint) -> Result<Client, Failure> {
    endpoint.client()
}

fn make(
    pair: Pair,
    format: args::KeyEncoding,
    output: &mut Output,
    generate: impl FnOnce(GenerateKeyPairRequest) -> Result<GenerateKeyPairResponse, Failure>,
) -> Result<(), Failure> {
    let seed_file = pair.seed_file.as_ref();
    let outlets = Outlets::new(pair.force.force)
        .secret("--private-out", "private key", pair.private_out)
        .public("--public-out", "public key", pair.public_out);
    outlets.check(&[seed_file], output)?;
    let mut request = GenerateKeyPairRequest::new().profile(pair.profile).encoding(format.into());
    if let Some(place) = seed_file {
        request = request.seed(input::secret(place)?);
    }
    let keys = generate(request).map_err(|failure| failure.of_options(&[("key_encoding", "--format")]))?;
    Written {
        outlets: &outlets,
        contents: &[&keys.private_key, &keys.public_key],
        id: &keys.id,
        deprecation: keys.deprecation.as_ref(),
        descriptor: Some(&keys.descriptor),
        facts: &[],
    }
    .finish(output)
}

impl From<args::KeyEncoding> for KeyEncoding {
    fn from(encoding: args::KeyEncoding) -> Self {
        match encoding {
            args::KeyEncoding::Raw => Self::Raw,
            args::KeyEncoding::Der => Self::Der,
            args::KeyEncoding::Pem => Self::Pem,
        }
    }
}
