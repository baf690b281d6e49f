//! `random`.

use clap::{Args, ValueHint};
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    byte_format::ByteFormat,
    local_result,
    run::{Context, Run},
};
use crate::{
    args::Force, error::Failure, json, location::Location, output::Output, output_files::OutputFiles,
};

/// Print random bytes; no broker is called
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The bytes are from AWS-LC's generator (CTR_DRBG of SP 800-90A), which the operating system's generator seeds.

Examples:
  cryptobroker random
  cryptobroker random --length 16 --format base64
  cryptobroker random --length 32 --format raw --out aes.key")]
pub(crate) struct Random {
    /// The number of bytes, at most 16777216
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    length: u32,
    /// How the bytes are written
    #[arg(long, value_name = "FORMAT", default_value = "hex")]
    format: ByteFormat,
    /// Write the bytes to this file, mode 0600; `-` is standard output [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<Location>,
    #[command(flatten)]
    force: Force,
}

impl Run for Random {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let files = match self.out {
            None | Some(Location::Stdio) => None,
            Some(location) => Some(OutputFiles::new(self.force.force).secret("--out", "random", location)),
        };
        match &files {
            Some(files) => files.check(&[], output)?,
            None if self.format == ByteFormat::Raw => output.check_binary("result")?,
            None => {}
        }
        let mut bytes = Zeroizing::new(vec![0; self.length as usize]);
        aws_lc_rs::rand::fill(&mut bytes)
            .map_err(|_| Failure::local("cannot make random bytes", "the crypto library failed"))?;
        if let Some(files) = files {
            return local_result::finish(&files, &[&self.format.encode(&bytes)], &[], output);
        }
        if output.is_json() {
            let value = match self.format {
                ByteFormat::Hex => json!({ "hex": hex::encode(&*bytes) }),
                ByteFormat::Base64 | ByteFormat::Raw => json!({ "base64": json::base64(&bytes) }),
            };
            return output.json(&value);
        }
        output.bytes(&self.format.encode(&bytes))
    }
}
