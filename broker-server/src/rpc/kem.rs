//! `KemService`.

use broker_proto::v1::{
    DecapsulateRequest, DecapsulateResponse, EncapsulateRequest, EncapsulateResponse, GenerateKeyPairRequest,
    GenerateKeyPairResponse,
};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight, padding},
    signature_keys::made,
};
use crate::{
    backend::kem::Encapsulated,
    operation::{self, kem, signature::KeyPair},
    policy::{
        decide,
        permit::{Decapsulate, Encapsulate, GenerateKemKeyPair, Operation as _},
    },
    request,
    secret::SecretBytes,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_generate_kem_key_pair(
        &self,
        context: CallContext,
        mut message: GenerateKeyPairRequest,
    ) -> Result<GenerateKeyPairResponse, CallError> {
        let metadata = message.metadata.take();
        let call =
            Call::begin(context, GenerateKemKeyPair::NAME, &message.profile, metadata, &self.0.limits)?;
        let job = move |parts: &BrokerState, call: &mut Call| generate(parts, call, message);
        let (call, pair) = self.compute(call, Weight::Short, job).await?;
        Ok(made(call, &pair))
    }

    pub(super) async fn answer_encapsulate(
        &self,
        context: CallContext,
        mut message: EncapsulateRequest,
    ) -> Result<EncapsulateResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, Encapsulate::NAME, &message.profile, metadata, &self.0.limits)?;
        let job = move |parts: &BrokerState, call: &mut Call| encapsulate(parts, call, message);
        let (call, made) = self.compute(call, Weight::Short, job).await?;
        let (descriptor, metadata) = call.into_parts();
        // Field by field: the message wipes itself when it is dropped, so it cannot be taken apart.
        let mut answer = EncapsulateResponse::default();
        answer.ciphertext = made.ciphertext;
        answer.shared_secret = made.shared_secret.expose().to_vec();
        answer.descriptor = descriptor;
        answer.metadata = metadata;
        answer.padding = padding();
        Ok(answer)
    }

    pub(super) async fn answer_decapsulate(
        &self,
        context: CallContext,
        mut message: DecapsulateRequest,
    ) -> Result<DecapsulateResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, Decapsulate::NAME, &message.profile, metadata, &self.0.limits)?;
        let job = move |parts: &BrokerState, call: &mut Call| decapsulate(parts, call, message);
        let (call, secret) = self.compute(call, Weight::Short, job).await?;
        let (descriptor, metadata) = call.into_parts();
        let mut answer = DecapsulateResponse::default();
        answer.shared_secret = secret.expose().to_vec();
        answer.descriptor = descriptor;
        answer.metadata = metadata;
        answer.padding = padding();
        Ok(answer)
    }
}

/// Parses, decides, makes a key pair.
fn generate(
    parts: &BrokerState,
    call: &mut Call,
    mut message: GenerateKeyPairRequest,
) -> Result<KeyPair, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::GenerateKeyPair::parse(&mut message)?;
    drop(message);
    let permit = decide::<GenerateKemKeyPair>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.rule().algorithm.name())?;
    let backend = operation::backend(permit.profile().library);
    Ok(kem::generate_key_pair(permit, backend, &key_use)?)
}

/// Parses, decides, encapsulates.
fn encapsulate(
    parts: &BrokerState,
    call: &mut Call,
    mut message: EncapsulateRequest,
) -> Result<Encapsulated, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::Encapsulate::parse(&mut message, &parts.limits)?;
    let permit = decide::<Encapsulate>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.rule().algorithm.name())?;
    let backend = operation::backend(permit.profile().library);
    Ok(kem::encapsulate(permit, backend, &key_use)?)
}

/// Parses, decides, decapsulates.
fn decapsulate(
    parts: &BrokerState,
    call: &mut Call,
    mut message: DecapsulateRequest,
) -> Result<SecretBytes, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::Decapsulate::parse(&mut message, &parts.limits)?;
    let permit = decide::<Decapsulate>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.rule().algorithm.name())?;
    let backend = operation::backend(permit.profile().library);
    Ok(kem::decapsulate(permit, backend, &key_use)?)
}
