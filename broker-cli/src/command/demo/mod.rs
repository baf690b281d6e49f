//! `demo`: everything that an application and an operator do, on this machine, with throw-away keys.

mod broker;
mod data;
mod keys;
mod proofs;
mod report;

use broker_client::{Client, HashDataRequest, HealthStatus};
use broker_server::{
    operation::CAPABILITIES,
    policy::{Catalogue, profile::Profile},
};
use broker_testca::{KeyType, TestCa};
use clap::Args;

use self::{broker::DemoBroker, data::MESSAGE, report::Report};
use super::run::{Context, Run};
use crate::{
    broker::Endpoint,
    error::Failure,
    output::Output,
    runtime::{Interruption, block_on},
};

/// The profile that issues the certificate.
const PROFILE: &str = "Default";
/// A profile that refuses the demo's P-256 key: it requires ECDSA on P-521.
const STRICT_PROFILE: &str = "KSA-ADVANCED-2020";

/// Everything in a minute: a broker of its own, every operation, a refusal. Leaves nothing behind
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Example:\n  cryptobroker demo")]
pub(crate) struct Demo {}

impl Run for Demo {
    /// Runs every step and prints the report. After a signal, the broker stops and its folder is removed all the same.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let report = Report::new(output.shows_spinner());
        let report = block_on(async {
            // Signals are taken over before the folder is made, so that none leaves it behind.
            let mut interruption = Interruption::new()?;
            let mut report = report;
            let broker = report.step("start a broker", || {
                Ok((DemoBroker::start()?, "in this process, on its own socket".to_owned()))
            })?;
            let endpoint =
                Endpoint { socket: Some(broker.socket().to_owned()), timeout: context.endpoint.timeout };
            let outcome = tokio::select! {
                () = interruption.received() => Err(Failure::Interrupted),
                outcome = run_steps(&endpoint, &mut report) => outcome,
            };
            let stopped = report.step("stop the broker", || {
                broker.stop()?;
                Ok(((), "drained; socket and folder are gone".to_owned()))
            });
            outcome.and(stopped).map(|()| report)
        })?;
        report.print(output)
    }
}

/// Runs the steps between start and stop.
async fn run_steps(endpoint: &Endpoint, report: &mut Report) -> Result<(), Failure> {
    let client = endpoint.client()?;
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
    let ca = report.step("make a CA and a request", || {
        let ca =
            TestCa::new(KeyType::P384, KeyType::P256).map_err(|source| Failure::local("the demo", source))?;
        Ok((ca, "P-384 CA, P-256 key, CSR; thrown away".to_owned()))
    })?;
    certificate(&client, &ca, report).await?;
    refusal(&client, &ca, report).await
}

/// Hashes the same text under every bundled profile: the profile chooses the algorithm, not the application.
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

/// Shows key encapsulation, signatures, encryption and a proof, each under the first profiles that allow them.
async fn operations(client: &Client, catalogue: &Catalogue, report: &mut Report) -> Result<(), Failure> {
    let profiles = || catalogue.profiles().iter().map(|profile| &**profile);
    if let Some(profile) = profiles().find(|profile| profile.kem.is_some()) {
        keys::kem(client, profile, report).await?;
    }
    for profile in keys::one_of_each_mode(profiles()) {
        keys::signature(client, profile, report).await?;
    }
    if let Some((profile, rule)) =
        profiles().find_map(|profile| Some((profile, profile.encrypt_data.as_deref()?)))
    {
        data::encryption(client, profile, rule, report).await?;
    }
    let proves_payments = |profile: &&Profile| {
        let circuits = profile.groth16.iter().flat_map(|rule| &rule.circuits);
        circuits.into_iter().any(|circuit| circuit.name == proofs::CIRCUIT)
    };
    if let Some(profile) = profiles().find(proves_payments) {
        proofs::payment(client, profile, report).await?;
    }
    Ok(())
}

/// Issues a certificate and verifies it.
async fn certificate(client: &Client, ca: &TestCa, report: &mut Report) -> Result<(), Failure> {
    let clock = report.begin("sign a certificate");
    let answer = client.sign_certificate(ca.request(PROFILE)).await?;
    report.end(clock, &format!("{PROFILE}: {}", answer.algorithm()));
    report.step("verify the chain", || {
        ca.verify(answer.certificate.as_bytes()).map_err(|source| Failure::local("the demo", source))?;
        Ok(((), "signature, issuer, key, dates agree".to_owned()))
    })
}

/// Shows a refusal, which here is a success.
async fn refusal(client: &Client, ca: &TestCa, report: &mut Report) -> Result<(), Failure> {
    let clock = report.begin("be refused");
    match client.sign_certificate(ca.request(STRICT_PROFILE)).await.map_err(Failure::from) {
        Err(failure @ Failure::Refused(_)) => {
            report.end_refused(clock, &format!("as it must be: {STRICT_PROFILE} forbids the key"));
            report.set_refusal(failure);
            Ok(())
        }
        Err(other) => Err(other),
        Ok(_) => Err(Failure::local("the demo", "a key that the profile forbids was accepted")),
    }
}
