//! A proof of a payment: the verifier learns that it was made, and neither its amount nor who paid.

use std::time::{SystemTime, UNIX_EPOCH};

use broker_client::{Client, InputValue, ProofItem, ProveRequest, VerifyProofRequest};
use broker_server::policy::profile::Profile;
use zeroize::Zeroizing;

use super::{data::random, report::Report};
use crate::error::Failure;

/// The circuit.
pub(super) const CIRCUIT: &str = "payment";
/// The amount that the verifier requires.
const PRICE: u64 = 2500;

/// Proves that a payment was made, and verifies the proof for the price and for a higher one.
pub(super) async fn payment(client: &Client, profile: &Profile, report: &mut Report) -> Result<(), Failure> {
    let name = &*profile.name;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let request = ProveRequest::new(CIRCUIT)
        .profile(name)
        .input("minAmount", PRICE)
        .input("recipient", InputValue::text("alice"))
        .input("maxAge", 3600)
        .input("currentTime", now)
        .input("context", InputValue::text("order 4711"))
        .input("amount", 3000)
        .input("sender", InputValue::text("bob"))
        .input("transaction", InputValue::text("tx-1"))
        .input("paymentTime", now.saturating_sub(60))
        .input("secret", random_number()?)
        .input("salt", random_number()?);
    let clock = report.begin("prove a payment");
    let proved = client.prove(request).await?;
    report.end(
        clock,
        &format!("{name}: {}, the key is {}", proved.descriptor.algorithm, proved.key.setup_class),
    );

    // A verifier has the commitment from whoever saw the payment.
    let signals: Vec<&str> = proved.public_signals.iter().map(|signal| &*signal.value).collect();
    let commitment = proved.public_signals.iter().find(|signal| signal.name == "commitment");
    let commitment = commitment.map(|signal| &*signal.value).unwrap_or_default();
    let verify = |price: u64| {
        let item = ProofItem::new(&*proved.proof)
            .public_signals(signals.iter().copied())
            .expect("minAmount", price)
            .expect("recipient", InputValue::text("alice"))
            .expect("maxAge", 3600)
            .expect("commitment", commitment)
            .expect("context", InputValue::text("order 4711"));
        VerifyProofRequest::new(CIRCUIT, item).profile(name)
    };
    let clock = report.begin("verify the proof");
    let right = client.verify_proof(verify(PRICE)).await?;
    let wrong = client.verify_proof(verify(PRICE + 1)).await?;
    if !right.valid || wrong.valid {
        return Err(Failure::local("the demo", "a proof was verified wrongly"));
    }
    report.end(clock, "valid; not valid for a higher price");
    Ok(())
}

/// Returns a number with 248 random bits.
fn random_number() -> Result<InputValue, Failure> {
    let bytes = random(31)?;
    let digits = Zeroizing::new(hex::encode(&*bytes));
    Ok(Zeroizing::new(format!("0x{}", *digits)).into())
}
