//! `encrypt-data`.

use broker_client::EncryptDataRequest;
use zeroize::Zeroizing;

use super::{frame, written::Written};
use crate::{
    args, broker::Endpoint, error::Failure, input, outlet::Outlets, output::Output, place::Source,
    repeat::block_on,
};

/// Without a frame or a file of its own the tag follows the ciphertext (RFC 5116 5.1).
pub(super) fn run(args: args::EncryptData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let source = args.message.source()?;
    let inputs = [("--key", Some(&args.key)), ("--aad", args.aad.as_ref()), ("--in", source.place())];
    input::at_most_one_standard(&inputs)?;
    let tag_apart = args.tag_out.is_some();
    let nonce_apart = args.nonce_out.is_some();
    let mut outlets = Outlets::new(false).public("--out", "ciphertext", args.out);
    if let Some(place) = args.tag_out {
        outlets = outlets.public("--tag-out", "tag", place);
    }
    if let Some(place) = args.nonce_out {
        outlets = outlets.public("--nonce-out", "nonce", place);
    }
    outlets.check(&inputs.map(|(_, place)| place), output)?;
    let key = input::secret(&args.key)?;
    let plaintext = match source {
        Source::Text(text) => Zeroizing::new(text.into_bytes()),
        Source::Place(place) => input::secret(&place)?,
    };
    let mut request = EncryptDataRequest::new(key, plaintext).profile(args.profile);
    if let Some(nonce) = args.nonce {
        request = request.nonce(nonce);
    }
    if let Some(place) = &args.aad {
        request = request.aad(input::bytes(place)?);
    }
    let mut answer = block_on(async { Ok(endpoint.client()?.encrypt_data(request).await?) })
        .map_err(|failure| failure.of_options(&[("key_source", "--key")]))?;
    if args.framed {
        answer.ciphertext = frame::write(&answer.nonce, &answer.ciphertext, &answer.tag)
            .map_err(|source| Failure::local("cannot frame the ciphertext", source))?;
    } else if !tag_apart {
        answer.ciphertext.extend_from_slice(&answer.tag);
    }
    let mut contents: Vec<&[u8]> = vec![&answer.ciphertext];
    if tag_apart {
        contents.push(&answer.tag);
    }
    if nonce_apart {
        contents.push(&answer.nonce);
    }
    Written {
        outlets: &outlets,
        contents: &contents,
        id: &answer.id,
        deprecation: answer.deprecation.as_ref(),
        descriptor: Some(&answer.descriptor),
        facts: &[
            ("nonceHex", "nonce", hex::encode(&answer.nonce)),
            ("tagHex", "tag", hex::encode(&answer.tag)),
        ],
    }
    .finish(output)
}
