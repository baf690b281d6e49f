//! `demo`: a newcomer's first minute. Everything that an application and an operator would do, on this machine, with
//! keys that are thrown away, and nothing left behind.

mod data;
mod host;
mod keys;
mod report;

use std::time::Duration;

use broker_client::{Client, HashDataRequest, HealthStatus, SignCertificateRequest};
use broker_server::{operation::CAPABILITIES, policy::Catalogue};

use self::{host::Host, report::Report};
use super::material::Material;
use crate::{
    args::KeyType,
    broker::Endpoint,
    error::Failure,
    output::Output,
    repeat::{Interruption, block_on},
};

/// What is hashed.
const MESSAGE: &str = "Hello, broker";
/// The profile that issues.
const PROFILE: &str = "Default";
/// A profile that refuses the demo's P-256 key: it wants ECDSA 521.
const STRICT: &str = "KSA-ADVANCED-2020";

/// Runs every step and prints the report. A signal ends it early; the broker and its folder go away all the same.
pub(super) fn run(timeout: Option<Duration>, output: &mut Output) -> Result<(), Failure> {
    let report = Report::new(output.is_watched());
    let report = block_on(async {
        // Before the folder is made, so that no signal leaves it behind.
        let mut interruption = Interruption::new()?;
        let mut report = report;
        let host = report.step("start a broker", || {
            let host = Host::start()?;
            Ok((host, "in this process, on its own socket".to_owned()))
        })?;
        let outcome = tokio::select! {
            () = interruption.arrived() => Err(Failure::Interrupted),
            outcome = tour(&host, timeout, &mut report) => outcome,
        };
        // Whatever happened, the broker stops and its folder is removed.
        let stopped = report.step("stop the broker", || {
            host.stop()?;
            Ok(((), "drained; socket and folder are gone".to_owned()))
        });
        outcome.and(stopped).map(|()| report)
    })?;
    report.print(output)
}

/// The steps between start and stop.
async fn tour(host: &Host, timeout: Option<Duration>, report: &mut Report) -> Result<(), Failure> {
    let client = Endpoint { socket: Some(host.socket().to_owned()), timeout }.client()?;
    let clock = report.begin("ask for its health");
    let health = client.health("").await?;
    if health != HealthStatus::Serving {
        return Err(Failure::local("the demo's broker does not serve", health.name()));
    }
    report.end(clock, health.name());
    let catalogue = Catalogue::bundled(CAPABILITIES)
        .map_err(|source| Failure::local("the bundled profiles are wrong", source))?;
    hashes(&client, &catalogue, report).await?;
    data::stream(&client, report).await?;
    operations(&client, &catalogue, report).await?;
    let material = report.step("make a CA and a request", || {
        let material = Material::new(KeyType::P384, KeyType::P256)?;
        Ok((material, "P-384 CA, P-256 key, CSR; thrown away".to_owned()))
    })?;
    certificate(&client, &material, report).await?;
    refusal(&client, &material, report).await
}

/// The same bytes under every bundled profile: the profile chooses, the application does not.
async fn hashes(client: &Client, catalogue: &Catalogue, report: &mut Report) -> Result<(), Failure> {
    for profile in catalogue.profiles().iter().filter(|profile| profile.hash_data.is_some()) {
        let clock = report.begin(&format!("hash, {}", profile.name));
        let answer = client.hash_data(HashDataRequest::new(MESSAGE).profile(&*profile.name)).await?;
        let hex = answer.value.to_hex();
        let head: String = hex.chars().take(12).collect();
        report.end(clock, &format!("{}: {head}…", answer.algorithm()));
    }
    Ok(())
}

/// Secrets, signatures and encryption, each under the first profiles that have them.
async fn operations(client: &Client, catalogue: &Catalogue, report: &mut Report) -> Result<(), Failure> {
    let profiles = || catalogue.profiles().iter().map(|profile| &**profile);
    if let Some(profile) = profiles().find(|profile| profile.kem.is_some()) {
        keys::kem(client, profile, report).await?;
    }
    for profile in keys::worth_showing(profiles()) {
        keys::signature(client, profile, report).await?;
    }
    if let Some((profile, rule)) = profiles().find_map(|it| Some((it, it.encrypt_data.as_deref()?))) {
        data::encryption(client, profile, rule, report).await?;
    }
    Ok(())
}

async fn certificate(client: &Client, material: &Material, report: &mut Report) -> Result<(), Failure> {
    let clock = report.begin("sign a certificate");
    let answer = client.sign_certificate(material.request(PROFILE)).await?;
    report.end(clock, &format!("{PROFILE}: {}", answer.algorithm()));
    report.step("verify the chain", || {
        let text = material.verify(answer.certificate.as_bytes())?;
        Ok(((), text))
    })
}

/// A refusal is the broker doing its work, so here it is the success.
async fn refusal(client: &Client, material: &Material, report: &mut Report) -> Result<(), Failure> {
    let clock = report.begin("be refused");
    let request: SignCertificateRequest = material.request(STRICT);
    match client.sign_certificate(request).await.map_err(Failure::from) {
        Err(failure @ Failure::Refused(_)) => {
            report.refused(clock, &format!("as it must be: {STRICT} forbids the key"));
            report.show(failure);
            Ok(())
        }
        Err(other) => Err(other),
        Ok(_) => Err(Failure::local("the demo", "a key that the profile forbids was accepted")),
    }
}
