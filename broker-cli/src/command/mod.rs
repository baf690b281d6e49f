//! One file per command.

mod bench;
mod completions;
mod decrypt_data;
mod demo;
mod encrypt_data;
mod hash_data;
mod health;
mod kem;
mod keygen;
mod material;
mod profiles;
mod sign_certificate;
mod sign_data;
mod verify_data;
mod version;
mod written;

use crate::{
    args::{Cli, Command},
    broker::Endpoint,
    error::Failure,
    output::Output,
};

/// The field of the data that is signed or verified, with the options that give it.
const MESSAGE: (&str, &str) = ("input", "TEXT, --in or -");

/// Runs what the command line asks for.
pub(crate) fn run(cli: Cli, output: &mut Output) -> Result<(), Failure> {
    let endpoint = Endpoint::new(&cli.global);
    match cli.command {
        Command::Health(args) => health::run(args, endpoint, output),
        Command::HashData(args) => hash_data::run(args, endpoint, output),
        Command::SignData(args) => sign_data::run(args, endpoint, output),
        Command::VerifyData(args) => verify_data::run(args, endpoint, output),
        Command::EncryptData(args) => encrypt_data::run(args, endpoint, output),
        Command::DecryptData(args) => decrypt_data::run(args, endpoint, output),
        Command::Keygen(args) => keygen::signature(args, endpoint, output),
        Command::Kem(args) => kem::run(args, endpoint, output),
        Command::SignCertificate(args) => sign_certificate::run(args, endpoint, output),
        Command::Profiles(args) => profiles::run(args, endpoint, output),
        Command::Bench(args) => bench::run(*args, endpoint, output),
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
