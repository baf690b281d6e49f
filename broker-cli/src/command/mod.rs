//! One file per command.

mod bench;
mod completions;
mod decrypt_data;
mod demo;
mod encrypt_data;
mod frame;
mod hash_data;
mod health;
mod kem;
mod keygen;
mod man;
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
    outlet::Outlet,
    output::{GOOD, Output},
};

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
        Command::Man(args) => man::run(args, output),
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

/// Tells with `--verbose` what made a result. In JSON it is part of the result.
fn detail(id: &str, descriptor: Option<&broker_client::Descriptor>, output: &mut Output) {
    if let Some(descriptor) = descriptor {
        output.detail("profile", &descriptor.profile);
        output.detail("algorithm", &descriptor.algorithm);
    }
    output.detail("request", id);
}

/// Tells where the one result of a command is.
fn written(out: &Outlet, descriptor: &broker_client::Descriptor, output: &mut Output) -> Result<(), Failure> {
    if output.is_quiet() {
        return Ok(());
    }
    output.line(format!(
        "{GOOD}written{GOOD:#} {} ({}, {})",
        out.place, descriptor.profile, descriptor.algorithm
    ))
}
