//! `SignatureKeyService`.

use broker_proto::v1::{GenerateKeyPairRequest, GenerateKeyPairResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight, padding},
};
use crate::{
    algorithm::{DataScheme, SignatureScheme},
    operation::signature::{KeyPair, generate_key_pair},
    policy::{
        decide,
        permit::{GenerateSignatureKeyPair, Operation as _},
    },
    request,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_generate_signature_key_pair(
        &self,
        context: CallContext,
        mut message: GenerateKeyPairRequest,
    ) -> Result<GenerateKeyPairResponse, CallError> {
        let metadata = message.metadata.take();
        let (name, limits) = (GenerateSignatureKeyPair::NAME, &self.0.limits);
        let call = Call::begin(context, name, &message.profile, metadata, limits)?;
        let weight = self.weight(&call.profile);
        let job = move |parts: &BrokerState, call: &mut Call| generate(parts, call, message);
        let (call, pair) = self.compute(call, weight, job).await?;
        Ok(made(call, &pair))
    }
}

/// The answer with a key pair in it.
pub(super) fn made(call: Call, pair: &KeyPair) -> GenerateKeyPairResponse {
    let (descriptor, metadata) = call.into_parts();
    // Field by field: the message wipes itself when it is dropped, so it cannot be taken apart.
    let mut answer = GenerateKeyPairResponse::default();
    answer.public_key.clone_from(&pair.public);
    answer.private_key = pair.private.expose().to_vec();
    answer.descriptor = descriptor;
    answer.metadata = metadata;
    answer.padding = padding();
    answer
}

impl Broker {
    /// Finding primes takes a hundred times as long as a signature.
    fn weight(&self, profile: &str) -> Weight {
        let profile = self.0.catalogue.profile(profile).ok();
        match profile.and_then(|profile| profile.sign_data.as_ref()).map(|rule| rule.scheme) {
            Some(DataScheme::Single(SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. })) => {
                Weight::Long
            }
            _ => Weight::Short,
        }
    }
}

/// Parses, decides, makes a key pair.
fn generate(
    parts: &BrokerState,
    call: &mut Call,
    mut message: GenerateKeyPairRequest,
) -> Result<KeyPair, CallError> {
    let request = request::GenerateKeyPair::parse(&mut message);
    drop(message);
    let profile = call.find_profile(parts)?;
    let permit = decide::<GenerateSignatureKeyPair>(&call.context.caller, profile, request?, call.now)?;
    let key_use = call.use_key(parts, permit.rule().scheme.data_descriptor())?;
    Ok(generate_key_pair(permit, &key_use)?)
}
