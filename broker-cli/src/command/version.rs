//! `version`.

use clap::Args;
use serde_json::json;

use super::run::{Context, Run};
use crate::{
    error::Failure,
    json,
    output::{HEAD, Output},
    runtime::block_on,
};

const CLIENT: &str = env!("CARGO_PKG_VERSION");

/// The versions of this program and of the broker, and the digest of its profiles
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Example:\n  cryptobroker version --json")]
pub(crate) struct Version {
    /// Only this program's version; no broker is called
    #[arg(long)]
    client: bool,
}

impl Run for Version {
    /// Prints both versions. Without a broker the client's is still printed before the failure.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let server = (!self.client).then(|| block_on(async { Ok(context.endpoint.client()?.info().await?) }));
        if output.is_json() {
            let mut value = json!({ "client": { "version": CLIENT } });
            if let (Some(Ok(info)), Some(value)) = (&server, value.as_object_mut()) {
                value.insert("server".into(), json::info(info));
            }
            output.json(&value)?;
        } else {
            output.line(format!("{HEAD}client{HEAD:#}     {CLIENT}"))?;
            if let Some(Ok(info)) = &server {
                output.line(format!("{HEAD}server{HEAD:#}     {}", info.version))?;
                let digest = &info.catalogue_digest;
                output.line(format!("{HEAD}profiles{HEAD:#}   {digest} (sha-256 of the catalogue)"))?;
                output.line(format!("{HEAD}libraries{HEAD:#}  {}", info.crypto_library_versions))?;
                output.line(format!("{HEAD}fips mode{HEAD:#}  {}", if info.fips { "yes" } else { "no" }))?;
                if let Some(started) = json::started_at(info) {
                    output.line(format!("{HEAD}started{HEAD:#}    {started}"))?;
                }
            }
        }
        server.transpose().map(|_| ())
    }
}
