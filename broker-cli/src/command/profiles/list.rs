//! `profiles list`.

use clap::Args;
use serde_json::json;

use super::{
    super::run::{Context, Run},
    deprecation,
    document::{DocumentSource, load},
};
use crate::{
    error::Failure,
    output::{DIM, HEAD, NOTE, Output, wrapped},
    runtime::block_on,
};

/// The profiles of the broker, or of a document
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  cryptobroker profiles list\n  cryptobroker profiles list --bundled")]
pub(crate) struct List {
    #[command(flatten)]
    source: DocumentSource,
}

impl Run for List {
    /// A broker returns only the names of its profiles. Their operations are known where it has the bundled document.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let catalogue = load(&self.source)?;
        if self.source.file.is_none() && !self.source.bundled {
            let info = block_on(async { Ok(context.endpoint.client()?.info().await?) })
                .map_err(hint_at_bundled_profiles)?;
            if info.catalogue_digest != catalogue.digest() {
                if output.is_json() {
                    return output.json(
                        &json!({ "profiles": info.profiles, "catalogueDigest": info.catalogue_digest }),
                    );
                }
                return info.profiles.iter().try_for_each(|name| output.line(name));
            }
        }
        if output.is_json() {
            let names: Vec<&str> = catalogue.profiles().iter().map(|profile| &*profile.name).collect();
            return output.json(&json!({
                "profiles": names,
                "catalogueDigest": catalogue.digest(),
                "deprecations": deprecation::json(&catalogue),
            }));
        }
        let names = catalogue.profiles().iter().map(|profile| profile.name.chars().count());
        let width = names.max().unwrap_or(0);
        for profile in catalogue.profiles() {
            // The continuation of a long line is indented below the operations.
            for (number, line) in wrapped(&profile.section_names().join(", "), width + 2).iter().enumerate() {
                let name = if number == 0 { &*profile.name } else { "" };
                output.line(format!("{HEAD}{name:width$}{HEAD:#}  {DIM}{line}{DIM:#}"))?;
            }
            if let Some(deprecation) = &profile.deprecation {
                for line in wrapped(&deprecation::text(deprecation), width + 2) {
                    output.line(format!("{:width$}  {NOTE}{line}{NOTE:#}", ""))?;
                }
            }
        }
        Ok(())
    }
}

fn hint_at_bundled_profiles(failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable { message, mut hints } => {
            hints.push("for the profiles of this program: `cryptobroker profiles list --bundled`".to_owned());
            Failure::Unreachable { message, hints }
        }
        other => other,
    }
}
