//! `decrypt-data`.

use broker_client::{Client, DecryptDataRequest, DecryptDataResponse, Error};
use bytes::Bytes;
use clap::{ArgGroup, Args, ValueHint};
use zeroize::Zeroizing;

use super::{
    file_result::FileResult,
    frame,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Force, Input, hexadecimal, profile_names},
    error::Failure,
    input,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    runtime::block_on,
};

/// The default length of a tag in bytes: the maximum of AES-GCM, and the only length of ChaCha20-Poly1305.
const DEFAULT_TAG_LENGTH: usize = 16;

/// Decrypt what encrypt-data made; where authentication fails nothing is written
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("nonce given").args(["nonce", "nonce_file", "framed"]).required(true))]
#[command(after_help = "\
Where authentication fails nothing is written, and an existing file is not changed.

Examples:
  cryptobroker decrypt-data --profile PQC-ML-DSA-65 --key aes.key --framed --in letter.enc --out letter.txt
  cryptobroker decrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.enc --out letter.txt
  cryptobroker decrypt-data --profile PQC-ML-DSA-65 --key aes.key --nonce-file letter.nonce --in letter.enc --out -")]
pub(crate) struct DecryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// The bytes of the key; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Location,
    /// The nonce
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    nonce: Option<Bytes>,
    /// The nonce's bytes in a file; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    nonce_file: Option<Location>,
    /// The input is what `encrypt-data --framed` wrote, with nonce and tag in it
    #[arg(long, conflicts_with_all = ["tag", "tag_file"])]
    framed: bool,
    /// The associated data that was given when it was encrypted; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    aad: Option<Location>,
    /// The tag [default: the end of the input]
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    tag: Option<Bytes>,
    /// The tag's bytes in a file; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "tag")]
    tag_file: Option<Location>,
    #[command(flatten)]
    input: Input,
    /// Write the plaintext to this file, mode 0600; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Location,
    #[command(flatten)]
    force: Force,
}

impl Run for DecryptData {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let input = self.input.location()?;
        let inputs = [
            ("--key", Some(&self.key)),
            ("--nonce-file", self.nonce_file.as_ref()),
            ("--aad", self.aad.as_ref()),
            ("--tag-file", self.tag_file.as_ref()),
            ("--in", Some(&input)),
        ];
        input::check_single_stdin(&inputs)?;
        let files = OutputFiles::new(self.force.force).secret("--out", "plaintext", self.out);
        files.check(&inputs.map(|(_, location)| location), output)?;
        let key = input::secret(&self.key)?;
        let nonce = argument_or_file(self.nonce, self.nonce_file.as_ref())?.unwrap_or_default();
        let aad = self.aad.as_ref().map(input::bytes).transpose()?;
        let text = Bytes::from(input::bytes(&input)?);
        let (nonce, text, tag) = if self.framed {
            let frame = frame::read(&text).map_err(|source| input::unreadable(&input, source))?;
            let part = |part| text.slice_ref(part);
            (part(frame.nonce), part(frame.ciphertext), Some(part(frame.tag)))
        } else {
            (nonce, text, argument_or_file(self.tag, self.tag_file.as_ref())?)
        };
        let encrypted = Encrypted { profile: self.profile, key, nonce, aad, text };
        let response = block_on(async {
            let broker = context.endpoint.client()?;
            Ok(match tag {
                Some(tag) => encrypted.decrypt(&broker, &encrypted.text, &tag).await?,
                None => encrypted.decrypt_with_tag_at_end(&broker).await?,
            })
        })
        .map_err(|failure| failure.with_options(&[("key_source", "--key"), ("ciphertext", "--in")]))?;
        FileResult {
            files: &files,
            contents: &[&response.plaintext],
            id: &response.id,
            deprecation: response.deprecation.as_ref(),
            descriptor: None,
            facts: &[],
        }
        .finish(output)
    }
}

/// Returns the bytes that were given as an argument or as a file.
fn argument_or_file(argument: Option<Bytes>, file: Option<&Location>) -> Result<Option<Bytes>, Failure> {
    match (argument, file) {
        (Some(bytes), _) => Ok(Some(bytes)),
        (None, Some(location)) => Ok(Some(input::bytes(location)?.into())),
        (None, None) => Ok(None),
    }
}

/// A ciphertext with what its decryption needs besides the tag.
struct Encrypted {
    profile: String,
    key: Zeroizing<Vec<u8>>,
    nonce: Bytes,
    aad: Option<Vec<u8>>,
    text: Bytes,
}

impl Encrypted {
    /// Decrypts a text that ends with its tag. Only the profile knows the tag's length: where it is not the default, the broker
    /// refuses the request before it decrypts and returns the length, and a second request has it.
    async fn decrypt_with_tag_at_end(&self, broker: &Client) -> Result<DecryptDataResponse, Error> {
        let decrypt = async |tag_length: usize| {
            let (ciphertext, tag) = self.text.split_at(self.text.len().saturating_sub(tag_length));
            self.decrypt(broker, ciphertext, tag).await
        };
        let error = match decrypt(DEFAULT_TAG_LENGTH).await {
            Err(error) => error,
            response => return response,
        };
        let Some(rejection) = error.rejection() else { return Err(error) };
        match (rejection.field.as_deref(), rejection.expected_bytes.as_slice()) {
            (Some("decrypt_metadata.tag"), [length]) if *length != DEFAULT_TAG_LENGTH => {
                decrypt(*length).await
            }
            _ => Err(error),
        }
    }

    async fn decrypt(
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
