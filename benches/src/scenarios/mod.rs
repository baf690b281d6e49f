//! The table of scenarios. An id is `operation/parameters`, with the parameters that the operation has.

mod material;
mod proofs;

use bytes::Bytes;

use self::material::{ED25519, Material, P256, P384, P521, RSA_4096};
pub use self::proofs::circuit_scenarios;
use crate::{
    Failure,
    in_process::{InProcess, Output},
    scenario::{Scenario, Task},
};

/// The lengths of inputs with their names in ids.
const SIZES: [(&str, usize); 3] = [("64B", 64), ("16KiB", 16 << 10), ("1MiB", 1 << 20)];

/// Returns every scenario in the order of the printed tables. The broker's own code makes the signatures, ciphertexts, proofs and
/// keys that they need.
///
/// # Errors
/// Fails where the broker's code refuses a request: the table does not match `Profiles.yaml`.
pub fn all(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let mut all = without_proofs(broker)?;
    all.extend(proofs::all(broker)?);
    Ok(all)
}

/// Returns every scenario but proofs, whose circuits take a second to prepare.
///
/// # Errors
/// Fails as [`all`] does.
pub fn without_proofs(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let mut all = vec![scenario("health/check".into(), "sha3-512", Task::Health)];
    all.extend(hashes());
    all.extend(certificates());
    all.extend(signatures(broker)?);
    all.extend(encryption(broker)?);
    all.extend(encapsulation(broker)?);
    Ok(all)
}

fn scenario(id: String, profile: &'static str, task: Task) -> Scenario {
    Scenario { id, profile, task }
}

/// Returns varying bytes of this length.
fn data(length: usize) -> Vec<u8> {
    (0_u32..).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).take(length).collect()
}

fn hashes() -> Vec<Scenario> {
    let mut all = Vec::new();
    for algorithm in ["sha-256", "sha-512", "sha3-256", "sha3-512"] {
        for (size, length) in SIZES {
            let task = Task::HashData { input: data(length).into() };
            all.push(scenario(format!("hash/{algorithm}/{size}"), algorithm, task));
        }
    }
    let task = Task::HashStream { input: data(4 << 20).into() };
    all.push(scenario("hash_stream/sha3-512/4MiB".into(), "sha3-512", task));
    all
}

/// Returns certificates, with issuer and hash before the subject's key in the id.
fn certificates() -> Vec<Scenario> {
    [
        ("p256-sha256/csr-p256", "ecdsa-sha256", P256, P256),
        ("p384-sha512/csr-p256", "ecdsa-sha512", P384, P256),
        ("p384-sha512/csr-p384", "ecdsa-sha512", P384, P384),
        ("p521-sha512/csr-p256", "ecdsa-sha512", P521, P256),
        ("p521-sha512/csr-p521", "ecdsa-sha512", P521, P521),
        ("p384-sha512/csr-rsa-4096", "ecdsa-sha512", P384, RSA_4096),
        ("rsa-4096-sha256/csr-p256", "rsa-sha256", RSA_4096, P256),
        ("ed25519/csr-p256", "ed25519-ca", ED25519, P256),
    ]
    .into_iter()
    .map(|(id, profile, issuer, subject)| {
        let Material { key: ca_key, certificate: ca_certificate, .. } = issuer;
        let task = Task::SignCertificate { csr: subject.csr, ca_certificate, ca_key };
        scenario(format!("sign_certificate/{id}"), profile, task)
    })
    .collect()
}

/// Private keys, and the public keys or certificates that verify their signatures.
type Keys = [Vec<Vec<u8>>; 2];

fn signatures(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let input = Bytes::from(data(64));
    let openssl = |material: Material| [vec![material.key.into()], vec![material.certificate.into()]];
    let own = |profile| -> Result<Keys, Failure> {
        let (private, public) = key_pair(broker, profile, Task::GenerateSignatureKeyPair)?;
        Ok([vec![private], vec![public]])
    };
    let [ml_dsa, p384] = [own("ml-dsa-65")?, openssl(P384)];
    let composite = [[&p384[0], &ml_dsa[0]], [&p384[1], &ml_dsa[1]]]
        .map(|[first, second]| [first.clone(), second.clone()].concat());
    let (mut sign, mut verify, mut generate) = (Vec::new(), Vec::new(), Vec::new());
    for (profile, [private, public]) in [
        ("ecdsa-p256-sha256", openssl(P256)),
        ("ecdsa-p384-sha512", p384),
        ("rsa-4096-sha256", openssl(RSA_4096)),
        ("ed25519", own("ed25519")?),
        ("ml-dsa-65", ml_dsa),
        ("mldsa65-ecdsa-p384-sha512", composite),
    ] {
        let task = Task::SignData { keys: private, input: input.clone() };
        let signing = scenario(format!("sign_data/{profile}/64B"), profile, task);
        let Output::Signature(signature) = broker.run_scenario(&signing)? else {
            return Err(unexpected(&signing));
        };
        let task = Task::VerifyData { keys: public, input: input.clone(), signature: signature.into() };
        verify.push(scenario(format!("verify_data/{profile}/64B"), profile, task));
        sign.push(signing);
    }
    for (name, profile) in [
        ("p256", "ecdsa-p256-sha256"),
        ("ed25519", "ed25519"),
        ("ml-dsa-65", "ml-dsa-65"),
        ("rsa-3072", "rsa-3072-sha256"),
    ] {
        let id = format!("signature_key/{name}/generate");
        generate.push(scenario(id, profile, Task::GenerateSignatureKeyPair));
    }
    Ok(sign.into_iter().chain(verify).chain(generate).collect())
}

fn encryption(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let (mut encrypt, mut decrypt) = (Vec::new(), Vec::new());
    for profile in ["aes-256-gcm", "chacha20-poly1305"] {
        for (size, length) in SIZES {
            let (key, nonce) = (data(32), data(12));
            let task = Task::EncryptData { key: key.clone(), nonce: nonce.clone(), plaintext: data(length) };
            let encryption = scenario(format!("encrypt_data/{profile}/{size}"), profile, task);
            let Output::Encrypted(done) = broker.run_scenario(&encryption)? else {
                return Err(unexpected(&encryption));
            };
            let task = Task::DecryptData { key, nonce, ciphertext: done.ciphertext, tag: done.tag };
            decrypt.push(scenario(format!("decrypt_data/{profile}/{size}"), profile, task));
            encrypt.push(encryption);
        }
    }
    Ok(encrypt.into_iter().chain(decrypt).collect())
}

fn encapsulation(broker: &InProcess) -> Result<Vec<Scenario>, Failure> {
    let mut all = Vec::new();
    for algorithm in ["ml-kem-512", "ml-kem-768", "ml-kem-1024", "x-wing"] {
        let (private, public) = key_pair(broker, algorithm, Task::GenerateKemKeyPair)?;
        let task = Task::Encapsulate { key: public };
        let encapsulate = scenario(format!("kem/{algorithm}/encapsulate"), algorithm, task);
        let Output::Encapsulated(sent) = broker.run_scenario(&encapsulate)? else {
            return Err(unexpected(&encapsulate));
        };
        let task = Task::Decapsulate { key: private, ciphertext: sent.ciphertext };
        all.extend([
            scenario(format!("kem/{algorithm}/generate_key_pair"), algorithm, Task::GenerateKemKeyPair),
            encapsulate,
            scenario(format!("kem/{algorithm}/decapsulate"), algorithm, task),
        ]);
    }
    Ok(all)
}

/// Returns a private key and its public key.
fn key_pair(broker: &InProcess, profile: &'static str, task: Task) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let wanted = scenario(format!("a key pair of {profile}"), profile, task);
    match broker.run_scenario(&wanted)? {
        Output::KeyPair(pair) => Ok((pair.private.into_exposed(), pair.public)),
        _ => Err(unexpected(&wanted)),
    }
}

fn unexpected(scenario: &Scenario) -> Failure {
    format!("{}: the answer is of another operation", scenario.id).into()
}

#[cfg(test)]
mod tests;
