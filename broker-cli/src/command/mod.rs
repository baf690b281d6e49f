//! One file per command.

mod completions;
mod demo;
mod hash_data;
mod health;
mod profiles;
mod sign_certificate;
mod version;

use crate::{
    args::{Cli, Command},
    broker::Endpoint,
    error::Failure,
    output::Output,
};

/// Runs what the command line asks for.
pub(crate) fn run(cli: Cli, output: &mut Output) -> Result<(), Failure> {
    let endpoint = Endpoint::new(&cli.global);
    match cli.command {
        Command::Health(args) => health::run(args, endpoint, output),
        Command::HashData(args) => hash_data::run(args, endpoint, output),
        Command::SignCertificate(args) => sign_certificate::run(args, endpoint, output),
        Command::Profiles(args) => profiles::run(args, endpoint, output),
        Command::Version(args) => version::run(args, endpoint, output),
        Command::Completions(args) => completions::run(args, output),
        Command::Demo => demo::run(endpoint.timeout, output),
    }
}

/// Tells a reader that the profile is on its way out. In JSON the warning is part of the result.
fn warn(warning: Option<&broker_client::Deprecation>, output: &mut Output) {
    let Some(warning) = warning else { return };
    let mut text = format!("profile {} is deprecated", warning.profile);
    for (words, value) in [
        (" since ", &warning.deprecated_since),
        (", will be removed after ", &warning.remove_after),
        (", use ", &warning.replaced_by),
        (": ", &warning.reason),
    ] {
        if let Some(value) = value {
            text.push_str(words);
            text.push_str(value);
        }
    }
    output.note(text);
}
