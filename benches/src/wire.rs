//! Runs a scenario through the client library: makes its request, sends it and waits for the response, as an application does.

use std::{io, path::Path, time::Duration};

use broker_client::{
    BatchVerifyRequest, Client, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest,
    EncryptDataRequest, GenerateKeyPairRequest, HashDataRequest, HashStreamRequest, SignCertificateRequest,
    SignDataRequest, VerifyDataRequest,
};
use bytes::Bytes;

use crate::{
    Failure,
    scenario::{PART, Scenario, Task},
};

/// The timeout for the start of a broker.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to a broker that may still be starting.
///
/// # Errors
/// Fails where none listens at `socket` in time.
pub async fn connect(socket: &Path) -> Result<Client, Failure> {
    let client = Client::builder().socket(socket).connect_wait(START_TIMEOUT).connect().await?;
    client.health("").await?;
    Ok(client)
}

/// Makes one call.
///
/// # Errors
/// Fails where the broker refuses it, or finds the scenario's signature not valid.
pub async fn call(client: &Client, scenario: &Scenario) -> Result<(), Failure> {
    let profile = scenario.profile;
    match &scenario.task {
        Task::Health => {
            client.health("").await?;
        }
        Task::HashData { input } => {
            client.hash_data(HashDataRequest::new(input.clone()).profile(profile)).await?;
        }
        Task::HashStream { input } => {
            client.hash_stream(HashStreamRequest::new().profile(profile), parts(input)).await?;
        }
        Task::SignCertificate { csr, ca_certificate, ca_key } => {
            let request = SignCertificateRequest::new(*csr, *ca_certificate, *ca_key).profile(profile);
            client.sign_certificate(request).await?;
        }
        Task::SignData { keys, input } => {
            let request = match keys.as_slice() {
                [first, second] => {
                    SignDataRequest::composite(first.as_slice(), second.as_slice(), input.clone())
                        .profile(profile)
                }
                keys => SignDataRequest::new(keys.concat(), input.clone()).profile(profile),
            };
            client.sign_data(request).await?;
        }
        Task::VerifyData { keys, input, signature } => {
            let (input, signature) = (input.clone(), signature.clone());
            let request = match keys.as_slice() {
                [first, second] => {
                    let (first, second) = (first.as_slice(), second.as_slice());
                    VerifyDataRequest::composite(first, second, input, signature).profile(profile)
                }
                keys => VerifyDataRequest::new(keys.concat(), input, signature).profile(profile),
            };
            if !client.verify_data(request).await?.valid {
                return Err("the scenario's signature is not valid".into());
            }
        }
        Task::EncryptData { key, nonce, plaintext } => {
            let request = EncryptDataRequest::new(key.as_slice(), plaintext.as_slice()).profile(profile);
            client.encrypt_data(request.nonce(nonce.as_slice())).await?;
        }
        Task::DecryptData { key, nonce, ciphertext, tag } => {
            let (key, ciphertext) = (key.as_slice(), ciphertext.as_slice());
            let request =
                DecryptDataRequest::new(key, ciphertext, nonce.as_slice(), tag.as_slice()).profile(profile);
            client.decrypt_data(request).await?;
        }
        Task::GenerateSignatureKeyPair => {
            client.generate_signature_key_pair(GenerateKeyPairRequest::new().profile(profile)).await?;
        }
        Task::GenerateKemKeyPair => {
            client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile(profile)).await?;
        }
        Task::Encapsulate { key } => {
            client.encapsulate(EncapsulateRequest::new(key.as_slice()).profile(profile)).await?;
        }
        Task::Decapsulate { key, ciphertext } => {
            let request = DecapsulateRequest::new(key.as_slice(), ciphertext.as_slice()).profile(profile);
            client.decapsulate(request).await?;
        }
        Task::Prove { statements } => {
            let statement = statements.next().ok_or("the scenario has no statement")?;
            client.prove(statement.request(profile)).await?;
        }
        Task::VerifyProof { proofs } => {
            let proof = proofs.next().ok_or("the scenario has no proof")?;
            if !client.verify_proof(proof.request(profile)).await?.valid {
                return Err("the scenario's proof is not valid".into());
            }
        }
        Task::BatchVerify { circuit, proofs } => {
            let items = proofs.iter().map(broker_load::Proven::item);
            let request = BatchVerifyRequest::new(circuit.to_string(), items).profile(profile);
            if !client.batch_verify(request).await?.valid.iter().all(|valid| *valid) {
                return Err("a proof of the scenario's batch is not valid".into());
            }
        }
        Task::ProveBy { .. } => return Err("a prover alone is not called".into()),
    }
    Ok(())
}

/// Returns the parts of a stream without copying them.
fn parts(input: &Bytes) -> impl tokio_stream::Stream<Item = io::Result<Bytes>> + Send + 'static {
    let mut remaining = input.clone();
    tokio_stream::iter(std::iter::from_fn(move || {
        (!remaining.is_empty()).then(|| Ok(remaining.split_to(PART.min(remaining.len()))))
    }))
}
