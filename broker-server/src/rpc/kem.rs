//! `KemService`.

use broker_proto::v1::{
    DecapsulateRequest, DecapsulateResponse, EncapsulateRequest, EncapsulateResponse, GenerateKeyPairRequest,
    GenerateKeyPairResponse, kem_service_server::KemService,
};
use tonic::{Request, Response, Status};

use super::{
    Broker, Parts,
    call::{Call, padding},
    signature_keys::made,
};
use crate::{
    backend::kem::Encapsulated,
    compute::Lane,
    operation::{self, kem, signature::KeyPair},
    policy::{
        decide,
        permit::{Decapsulate, Encapsulate, GenerateKemKeyPair, Operation as _},
    },
    request,
    secret::SecretBytes,
    status::CallError,
};

#[tonic::async_trait]
impl KemService for Broker {
    async fn generate_key_pair(
        &self,
        mut request: Request<GenerateKeyPairRequest>,
    ) -> Result<Response<GenerateKeyPairResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, GenerateKemKeyPair::NAME, profile, metadata, &self.0.limits)?;
        let message = request.into_inner();
        let job = move |parts: &Parts, call: &mut Call| generate(parts, call, message);
        let (call, pair) = self.compute(call, Lane::Short, job).await?;
        Ok(Response::new(made(call, &pair)))
    }

    async fn encapsulate(
        &self,
        mut request: Request<EncapsulateRequest>,
    ) -> Result<Response<EncapsulateResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, Encapsulate::NAME, profile, metadata, &self.0.limits)?;
        let message = request.into_inner();
        let job = move |parts: &Parts, call: &mut Call| encapsulate(parts, call, message);
        let (call, made) = self.compute(call, Lane::Short, job).await?;
        let (descriptor, metadata) = call.into_parts();
        // Field by field: the message wipes itself when it is dropped, so it cannot be taken apart.
        let mut answer = EncapsulateResponse::default();
        answer.ciphertext = made.ciphertext;
        answer.shared_secret = made.shared_secret.expose().to_vec();
        answer.descriptor = descriptor;
        answer.metadata = metadata;
        answer.padding = padding();
        Ok(Response::new(answer))
    }

    async fn decapsulate(
        &self,
        mut request: Request<DecapsulateRequest>,
    ) -> Result<Response<DecapsulateResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, Decapsulate::NAME, profile, metadata, &self.0.limits)?;
        let message = request.into_inner();
        let job = move |parts: &Parts, call: &mut Call| decapsulate(parts, call, message);
        let (call, secret) = self.compute(call, Lane::Short, job).await?;
        let (descriptor, metadata) = call.into_parts();
        let mut answer = DecapsulateResponse::default();
        answer.shared_secret = secret.expose().to_vec();
        answer.descriptor = descriptor;
        answer.metadata = metadata;
        answer.padding = padding();
        Ok(Response::new(answer))
    }
}

/// Parses, decides, makes a key pair.
fn generate(
    parts: &Parts,
    call: &mut Call,
    mut message: GenerateKeyPairRequest,
) -> Result<KeyPair, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::GenerateKeyPair::parse(&mut message)?;
    drop(message);
    let permit = decide::generate_kem_key_pair(&call.context.caller, profile, request, call.now)?;
    call.uses_key(permit.rule().algorithm.name());
    let backend = operation::backend(permit.profile().library);
    Ok(kem::generate_key_pair(permit, backend)?)
}

/// Parses, decides, encapsulates.
fn encapsulate(
    parts: &Parts,
    call: &mut Call,
    mut message: EncapsulateRequest,
) -> Result<Encapsulated, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::Encapsulate::parse(&mut message, &parts.limits)?;
    let permit = decide::encapsulate(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(permit.rule().algorithm.name());
    let backend = operation::backend(permit.profile().library);
    Ok(kem::encapsulate(permit, backend)?)
}

/// Parses, decides, decapsulates.
fn decapsulate(
    parts: &Parts,
    call: &mut Call,
    mut message: DecapsulateRequest,
) -> Result<SecretBytes, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::Decapsulate::parse(&mut message, &parts.limits)?;
    let permit = decide::decapsulate(&call.context.caller, profile, request, call.now)?;
    call.uses_key(permit.rule().algorithm.name());
    let backend = operation::backend(permit.profile().library);
    Ok(kem::decapsulate(permit, backend)?)
}
