//! Encryption, and data that does not fit a message.

use std::io::{self, Read as _};

use aws_lc_rs::{
    digest::{Context, SHA256},
    rand,
};
use broker_client::{Client, DecryptDataRequest, EncryptDataRequest, HashStreamRequest};
use broker_server::policy::profile::{EncryptDataRule, NonceStrategy, Profile};
use zeroize::Zeroizing;

use super::{MESSAGE, keys::changed, report::Report};
use crate::error::Failure;

/// How much is hashed in parts: more than one message takes, and soon done.
const LENGTH: u64 = 8 << 20;
/// By which profile: it says SHA-256, the fastest of them.
const FAST: &str = "FIPS-140-3-128bit";

/// There and back, and a refusal of what was changed.
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
    let sealed = client.encrypt_data(request).await?;
    report.end(clock, &format!("{name}: {}", sealed.descriptor.algorithm));

    let decrypt = |ciphertext: Vec<u8>| {
        DecryptDataRequest::new(key.clone(), ciphertext, &*sealed.nonce, &*sealed.tag).profile(name)
    };
    let clock = report.begin("decrypt");
    let opened = client.decrypt_data(decrypt(sealed.ciphertext.clone())).await?;
    if *opened.plaintext != MESSAGE.as_bytes() {
        return Err(Failure::local("the demo", "what was decrypted is not what was encrypted"));
    }
    report.end(clock, "the same text");

    let clock = report.begin("decrypt, changed");
    match client.decrypt_data(decrypt(changed(sealed.ciphertext.clone()))).await.map_err(Failure::from) {
        Err(Failure::Refused(_)) => {
            report.refused(clock, "refused, as it must be");
            Ok(())
        }
        Err(other) => Err(other),
        Ok(_) => Err(Failure::local("the demo", "a ciphertext that was changed was decrypted")),
    }
}

/// More than fits a message, compared with the same hash made here.
pub(super) async fn stream(client: &Client, report: &mut Report) -> Result<(), Failure> {
    let mut here = Context::new(&SHA256);
    for _ in 0..LENGTH >> 10 {
        here.update(&[0; 1 << 10]);
    }
    let here = hex::encode(here.finish());
    let clock = report.begin(&format!("hash {} MiB in parts", LENGTH >> 20));
    let answer =
        client.hash_reader(HashStreamRequest::new().profile(FAST), io::repeat(0).take(LENGTH)).await?;
    if answer.value.to_hex() != here {
        return Err(Failure::local("the demo", "the hash of a stream is not the one made here"));
    }
    report.end(clock, &format!("{}: the one made here", answer.algorithm()));
    Ok(())
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    rand::fill(&mut bytes).map_err(|_| Failure::local("the demo", "the system has no randomness"))?;
    Ok(bytes)
}
