//! `version`.

use serde_json::json;

use crate::{
    args::Version,
    broker::Endpoint,
    error::Failure,
    json,
    output::{HEAD, Output},
    repeat::block_on,
};

const CLIENT: &str = env!("CARGO_PKG_VERSION");

/// Prints both versions. Without a broker the client's is still printed, and the exit code says the rest.
pub(super) fn run(args: Version, endpoint: Endpoint, output: &mut Output) -> Result<(), Failure> {
    let server =
        if args.client { None } else { Some(block_on(async { Ok(endpoint.client()?.info().await?) })) };
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
            output.line(format!(
                "{HEAD}profiles{HEAD:#}   {} (sha-256 of the catalogue)",
                info.catalogue_digest
            ))?;
            output.line(format!("{HEAD}libraries{HEAD:#}  {}", info.crypto_library_versions))?;
            output.line(format!("{HEAD}fips mode{HEAD:#}  {}", if info.fips { "yes" } else { "no" }))?;
            if let Some(started) = json::started_at(info) {
                output.line(format!("{HEAD}started{HEAD:#}    {started}"))?;
            }
        }
    }
    server.transpose().map(|_| ())
}
