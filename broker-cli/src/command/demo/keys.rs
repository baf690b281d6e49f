//! Key encapsulation and signatures, with keys that the broker makes.

use broker_client::{
    Client, DecapsulateRequest, EncapsulateRequest, GenerateKeyPairRequest, KeyEncoding, SignDataRequest,
    VerifyDataRequest,
};
use broker_server::policy::profile::{Profile, SigningMode};

use super::{
    data::{MESSAGE, changed},
    report::Report,
};
use crate::error::Failure;

/// Agrees on a secret, and shows that a changed ciphertext gives another one.
pub(super) async fn kem(client: &Client, profile: &Profile, report: &mut Report) -> Result<(), Failure> {
    let name = &*profile.name;
    let clock = report.begin("make KEM keys");
    let pair = client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile(name)).await?;
    report.end(clock, &format!("{name}: {}", pair.descriptor.algorithm));

    let clock = report.begin("encapsulate");
    let sent = client.encapsulate(EncapsulateRequest::new(pair.public_key).profile(name)).await?;
    report.end(clock, &format!("a secret, {} bytes of ciphertext", sent.ciphertext.len()));

    let decapsulate =
        |ciphertext| DecapsulateRequest::new(pair.private_key.clone(), ciphertext).profile(name);
    let clock = report.begin("decapsulate");
    let received = client.decapsulate(decapsulate(sent.ciphertext.clone())).await?;
    if received.shared_secret != sent.shared_secret {
        return Err(Failure::local("the demo", "the two sides have different secrets"));
    }
    report.end(clock, "the same secret");

    let clock = report.begin("decapsulate, changed");
    let other = client.decapsulate(decapsulate(changed(sent.ciphertext))).await?;
    if other.shared_secret == sent.shared_secret {
        return Err(Failure::local("the demo", "a changed ciphertext gave the same secret"));
    }
    report.end(clock, "another secret (implicit rejection)");
    Ok(())
}

/// Makes keys, signs a text, and verifies the signature over it and over another text.
pub(super) async fn signature(
    client: &Client,
    profile: &Profile,
    report: &mut Report,
) -> Result<(), Failure> {
    let name = &*profile.name;
    let clock = report.begin("make signing keys");
    let request = GenerateKeyPairRequest::new().profile(name).encoding(KeyEncoding::Der);
    let pair = client.generate_signature_key_pair(request).await?;
    report.end(clock, &format!("{name}: {}", pair.descriptor.algorithm));

    let clock = report.begin("sign");
    let signed = client.sign_data(SignDataRequest::new(pair.private_key, MESSAGE).profile(name)).await?;
    report.end(clock, &format!("{} bytes of signature", signed.signature.len()));

    let clock = report.begin("verify");
    let verify =
        |text| VerifyDataRequest::new(&*pair.public_key, text, signed.signature.clone()).profile(name);
    let right = client.verify_data(verify(MESSAGE)).await?;
    let wrong = client.verify_data(verify("Hello, forger")).await?;
    if !right.valid || wrong.valid {
        return Err(Failure::local("the demo", "a signature was verified wrongly"));
    }
    report.end(clock, "valid; not valid for another text");
    Ok(())
}

/// Returns one profile of each signing mode. Profiles with RSA are left out: their keys take too long to make.
pub(super) fn one_of_each_mode<'a>(
    profiles: impl Iterator<Item = &'a Profile> + Clone,
) -> impl Iterator<Item = &'a Profile> {
    let quick = |profile: &&Profile, mode: SigningMode| {
        profile
            .sign_data
            .as_ref()
            .is_some_and(|rule| rule.mode == mode && !rule.scheme.name().starts_with("rsa"))
    };
    [SigningMode::Legacy, SigningMode::PostQuantum]
        .into_iter()
        .filter_map(move |mode| profiles.clone().find(|profile| quick(profile, mode)))
}
