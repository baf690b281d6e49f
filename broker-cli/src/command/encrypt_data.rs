//! `encrypt-data`.

use broker_client::EncryptDataRequest;
use bytes::Bytes;
use clap::{ArgGroup, Args, ValueHint};
use zeroize::Zeroizing;

use super::{
    file_result::FileResult,
    frame,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Message, hexadecimal, profile_names},
    error::Failure,
    input,
    location::{DataSource, Location},
    output::Output,
    output_files::OutputFiles,
    runtime::block_on,
};

/// Encrypt and authenticate data (AEAD)
#[derive(Args, Clone, Debug)]
// The nonce must always be kept: decryption needs it.
#[command(group = ArgGroup::new("nonce kept").args(["nonce", "nonce_out", "framed"]).required(true).multiple(true))]
#[command(after_help = "\
Either the nonce is given (--nonce), under a profile that says so, or the broker makes it, and then it must be written:
--framed writes nonce, ciphertext and tag into one file, --nonce-out writes the nonce into a file of its own.

Examples:
  cryptobroker encrypt-data --profile PQC-ML-DSA-65 --key aes.key --framed --in letter.txt --out letter.enc
  cryptobroker encrypt-data --profile FIPS-140-3-256bit --key aes.key --nonce 000102030405060708090a0b \\
    --in letter.txt --out letter.enc
  cryptobroker encrypt-data --profile PQC-ML-DSA-65 --key aes.key --in letter.txt --out letter.enc --nonce-out letter.nonce

A nonce must never be used twice with the same key.")]
pub(crate) struct EncryptData {
    /// The profile that chooses algorithm, key size and tag length
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// The bytes of the key; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Location,
    /// The nonce, 12 bytes; none under a profile whose nonces the broker makes
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    nonce: Option<Bytes>,
    /// Associated data: authenticated, not encrypted, needed again to decrypt; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    aad: Option<Location>,
    #[command(flatten)]
    message: Message,
    /// Write the ciphertext to this file, replacing it, followed by the tag unless --tag-out is given; `-` is standard
    /// output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Location,
    /// Write the tag's bytes to this file, replacing it, instead of after the ciphertext
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    tag_out: Option<Location>,
    /// Write the nonce's bytes to this file, replacing it. Needed where the broker makes the nonce, unless --framed is given
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    nonce_out: Option<Location>,
    /// Write one file that holds nonce, ciphertext and tag, for `decrypt-data --framed`
    #[arg(long, conflicts_with_all = ["tag_out", "nonce_out"])]
    framed: bool,
}

impl Run for EncryptData {
    /// Without a frame or a file of its own the tag follows the ciphertext (RFC 5116, section 5.1).
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let source = self.message.source()?;
        let inputs = [("--key", Some(&self.key)), ("--aad", self.aad.as_ref()), ("--in", source.location())];
        input::check_single_stdin(&inputs)?;
        let has_tag_file = self.tag_out.is_some();
        let has_nonce_file = self.nonce_out.is_some();
        let mut files = OutputFiles::new(false).public("--out", "ciphertext", self.out);
        if let Some(location) = self.tag_out {
            files = files.public("--tag-out", "tag", location);
        }
        if let Some(location) = self.nonce_out {
            files = files.public("--nonce-out", "nonce", location);
        }
        files.check(&inputs.map(|(_, location)| location), output)?;
        let key = input::secret(&self.key)?;
        let plaintext = match source {
            DataSource::Text(text) => Zeroizing::new(text.into_bytes()),
            DataSource::Location(location) => input::secret(&location)?,
        };
        let mut request = EncryptDataRequest::new(key, plaintext).profile(self.profile);
        if let Some(nonce) = self.nonce {
            request = request.nonce(nonce);
        }
        if let Some(location) = &self.aad {
            request = request.aad(input::bytes(location)?);
        }
        let mut response = block_on(async { Ok(context.endpoint.client()?.encrypt_data(request).await?) })
            .map_err(|failure| failure.with_options(&[("key_source", "--key")]))?;
        if self.framed {
            response.ciphertext = frame::write(&response.nonce, &response.ciphertext, &response.tag)
                .map_err(|source| Failure::local("cannot frame the ciphertext", source))?;
        } else if !has_tag_file {
            response.ciphertext.extend_from_slice(&response.tag);
        }
        let mut contents: Vec<&[u8]> = vec![&response.ciphertext];
        if has_tag_file {
            contents.push(&response.tag);
        }
        if has_nonce_file {
            contents.push(&response.nonce);
        }
        FileResult {
            files: &files,
            contents: &contents,
            id: &response.id,
            deprecation: response.deprecation.as_ref(),
            descriptor: Some(&response.descriptor),
            facts: &[
                ("nonceHex", "nonce", hex::encode(&response.nonce)),
                ("tagHex", "tag", hex::encode(&response.tag)),
            ],
        }
        .finish(output)
    }
}
