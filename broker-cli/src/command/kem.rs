//! `kem keygen`, `kem encapsulate` and `kem decapsulate`.

use broker_client::{DecapsulateRequest, EncapsulateRequest};

use super::{keygen, written::Written};
use crate::{
    args, broker::Endpoint, error::Failure, input, outlet::Outlets, output::Output, repeat::block_on,
};

/// Runs one of the three.
pub(super) fn run(args: args::Kem, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    match args {
        args::Kem::Keygen(args) => keygen::kem(args, endpoint, output),
        args::Kem::Encapsulate(args) => encapsulate(args, endpoint, output),
        args::Kem::Decapsulate(args) => decapsulate(args, endpoint, output),
    }
}

fn encapsulate(args: args::Encapsulate, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let outlets = Outlets::new(args.force.force)
        .secret("--secret-out", "shared secret", args.secret_out)
        .public("--ciphertext-out", "ciphertext", args.ciphertext_out);
    outlets.check(&[Some(&args.public_key)], output)?;
    let request = EncapsulateRequest::new(input::bytes(&args.public_key)?).profile(args.profile);
    let answer = block_on(async { Ok(endpoint.client()?.encapsulate(request).await?) })
        .map_err(|failure| failure.of_options(&[("key_source", "--public-key")]))?;
    Written {
        outlets: &outlets,
        contents: &[&answer.shared_secret, &answer.ciphertext],
        id: &answer.id,
        deprecation: answer.deprecation.as_ref(),
        descriptor: Some(&answer.descriptor),
        facts: &[],
    }
    .finish(output)
}

fn decapsulate(args: args::Decapsulate, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let (private_key, ciphertext) = (Some(&args.private_key), Some(&args.ciphertext));
    input::at_most_one_standard(&[("--private-key", private_key), ("--ciphertext", ciphertext)])?;
    let outlets =
        Outlets::new(args.force.force).secret("--secret-out", "shared secret", args.secret_out.clone());
    outlets.check(&[private_key, ciphertext], output)?;
    let key = input::secret(&args.private_key)?;
    let request = DecapsulateRequest::new(key, input::bytes(&args.ciphertext)?).profile(args.profile);
    let answer =
        block_on(async { Ok(endpoint.client()?.decapsulate(request).await?) }).map_err(|failure| {
            failure.of_options(&[("key_source", "--private-key"), ("ciphertext", "--ciphertext")])
        })?;
    Written {
        outlets: &outlets,
        contents: &[&answer.shared_secret],
        id: &answer.id,
        deprecation: answer.deprecation.as_ref(),
        descriptor: Some(&answer.descriptor),
        facts: &[],
    }
    .finish(output)
}
