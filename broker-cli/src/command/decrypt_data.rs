//! `decrypt-data`.

use broker_client::{Client, DecryptDataRequest, DecryptDataResponse, Error};
use bytes::Bytes;
use zeroize::Zeroizing;

use super::{frame, written::Written};
use crate::{
    args, broker::Endpoint, error::Failure, input, outlet::Outlets, output::Output, place::Place,
    repeat::block_on,
};

/// The length of a tag, in bytes, where nobody says otherwise: the longest that AES-GCM has, and the only one of
/// ChaCha20-Poly1305.
const TAG: usize = 16;

/// Where authentication fails nothing is written.
pub(super) fn run(args: args::DecryptData, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let input = args.input.place()?;
    let inputs = [
        ("--key", Some(&args.key)),
        ("--nonce-file", args.nonce_file.as_ref()),
        ("--aad", args.aad.as_ref()),
        ("--tag-file", args.tag_file.as_ref()),
        ("--in", Some(&input)),
    ];
    input::at_most_one_standard(&inputs)?;
    let outlets = Outlets::new(args.force.force).secret("--out", "plaintext", args.out);
    outlets.check(&inputs.map(|(_, place)| place), output)?;
    let key = input::secret(&args.key)?;
    let nonce = given(args.nonce, args.nonce_file.as_ref())?.unwrap_or_default();
    let aad = args.aad.as_ref().map(input::bytes).transpose()?;
    let text = Bytes::from(input::bytes(&input)?);
    let (nonce, text, tag) = if args.framed {
        let frame = frame::read(&text).map_err(|source| input::unreadable(&input, source))?;
        let part = |part| text.slice_ref(part);
        (part(frame.nonce), part(frame.ciphertext), Some(part(frame.tag)))
    } else {
        (nonce, text, given(args.tag, args.tag_file.as_ref())?)
    };
    let sealed = Sealed { profile: args.profile, key, nonce, aad, text };
    let answer = block_on(async {
        let broker = endpoint.client()?;
        Ok(match tag {
            Some(tag) => sealed.open(&broker, &sealed.text, &tag).await?,
            None => sealed.open_with_tag_behind(&broker).await?,
        })
    })
    .map_err(|failure| failure.of_options(&[("key_source", "--key"), ("ciphertext", "--in")]))?;
    Written {
        outlets: &outlets,
        contents: &[&answer.plaintext],
        id: &answer.id,
        deprecation: answer.deprecation.as_ref(),
        descriptor: None,
        facts: &[],
    }
    .finish(output)
}

/// In the argument itself, or in a file.
fn given(argument: Option<Bytes>, file: Option<&Place>) -> Result<Option<Bytes>, Failure> {
    match (argument, file) {
        (Some(bytes), _) => Ok(Some(bytes)),
        (None, Some(place)) => Ok(Some(input::bytes(place)?.into())),
        (None, None) => Ok(None),
    }
}

/// What is to be opened.
struct Sealed {
    profile: String,
    key: Zeroizing<Vec<u8>>,
    nonce: Bytes,
    aad: Option<Vec<u8>>,
    text: Bytes,
}

impl Sealed {
    /// The tag is the end of the text. How long it is the profile knows: where it is not as long as most are, the broker
    /// says so before it decrypts anything, and is asked once more.
    async fn open_with_tag_behind(&self, broker: &Client) -> Result<DecryptDataResponse, Error> {
        let ask = async |length: usize| {
            let (ciphertext, tag) = self.text.split_at(self.text.len().saturating_sub(length));
            self.open(broker, ciphertext, tag).await
        };
        let error = match ask(TAG).await {
            Err(error) => error,
            answer => return answer,
        };
        let Some(refused) = error.rejection() else { return Err(error) };
        match (refused.field.as_deref(), refused.expected_bytes.as_slice()) {
            (Some("decrypt_metadata.tag"), [length]) if *length != TAG => ask(*length).await,
            _ => Err(error),
        }
    }

    async fn open(
        &self,
        broker: &Client,
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<DecryptDataResponse, Error> {
        let mut request = DecryptDataRequest::new(self.key.as_slice(), ciphertext, &*self.nonce, tag)
            .profile(&self.profile);
        if let Some(aad) = &self.aad {
            request = request.aad(aad.as_slice());
        }
        broker.decrypt_data(request).await
    }
}
