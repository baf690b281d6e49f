//! Encryption, and data that does not fit in a message.

use std::io::{self, Read as _};

use aws_lc_rs::{
    digest::{Context, SHA256},
    rand,
};
use broker_client::{Client, DecryptDataRequest, EncryptDataRequest, HashStreamRequest};
use broker_server::policy::profile::{EncryptDataRule, NonceStrategy, Profile};
use zeroize::Zeroizing;

use super::report::Report;
use crate::error::Failure;

/// The text that is hashed, signed and encrypted.
pub(super) const MESSAGE: &str = "Hello, broker";
/// The number of bytes that are hashed in parts: more than fits in a message, but few enough to be quick.
const LENGTH: u64 = 8 << 20;
/// The profile for that: it has SHA-256, the fastest hash.
const FAST_PROFILE: &str = "FIPS-140-3-128bit";

/// Encrypts and decrypts a text, and shows that a changed ciphertext is refused.
pub(super) async fn encryption(
    client: &Client,
    profile: &Profile,
    rule: &EncryptDataRule,
    report: &mut Report,
) -> Result<(), Failure> {
    let name = &*profile.name;
    let key = random(rule.key_size as usize / 8)?;
    let mut request = EncryptDataRequest::new(key.clone(), MESSAGE).profile(name);
    if rule.nonce == NonceStrategy::UserProvided {
        request = request.nonce(random(12)?.to_vec());
    }
    let clock = report.begin("encrypt");
    let encrypted = client.encrypt_data(request).await?;
    report.end(clock, &format!("{name}: {}", encrypted.descriptor.algorithm));

    let decrypt = |ciphertext: Vec<u8>| {
        DecryptDataRequest::new(key.clone(), ciphertext, &*encrypted.nonce, &*encrypted.tag).profile(name)
    };
    let clock = report.begin("decrypt");
    let decrypted = client.decrypt_data(decrypt(encrypted.ciphertext.clone())).await?;
    if *decrypted.plaintext != MESSAGE.as_bytes() {
        return Err(Failure::local("the demo", "the decrypted text is not the encrypted one"));
    }
    report.end(clock, "the same text");

    let clock = report.begin("decrypt, changed");
    match client.decrypt_data(decrypt(changed(encrypted.ciphertext.clone()))).await.map_err(Failure::from) {
        Err(Failure::Refused(_)) => {
            report.end_refused(clock, "refused, as it must be");
            Ok(())
        }
        Err(other) => Err(other),
        Ok(_) => Err(Failure::local("the demo", "a changed ciphertext was decrypted")),
    }
}

/// Hashes more data than fits in a message, and compares the result with the same hash made here.
pub(super) async fn stream(client: &Client, report: &mut Report) -> Result<(), Failure> {
    let mut here = Context::new(&SHA256);
    for _ in 0..LENGTH >> 10 {
        here.update(&[0; 1 << 10]);
    }
    let here = hex::encode(here.finish());
    let clock = report.begin(&format!("hash {} MiB in parts", LENGTH >> 20));
    let answer = client
        .hash_reader(HashStreamRequest::new().profile(FAST_PROFILE), io::repeat(0).take(LENGTH))
        .await?;
    if answer.value.to_hex() != here {
        return Err(Failure::local("the demo", "the hash of a stream differs from the one made here"));
    }
    report.end(clock, &format!("{}: equal to the one made here", answer.algorithm()));
    Ok(())
}

/// Returns the same bytes with one bit flipped.
pub(super) fn changed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(first) = bytes.first_mut() {
        *first ^= 1;
    }
    bytes
}

/// Returns random bytes.
pub(super) fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    rand::fill(&mut bytes).map_err(|_| Failure::local("the demo", "the system has no randomness"))?;
    Ok(bytes)
}
