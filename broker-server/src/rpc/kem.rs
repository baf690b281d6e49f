//! `KemService`.

use broker_proto::v1::{
    DecapsulateRequest, DecapsulateResponse, EncapsulateRequest, EncapsulateResponse, GenerateKeyPairRequest,
    GenerateKeyPairResponse,
};

use super::{BrokerState, call::Call, handler::Handler, signature_keys};
use crate::{
    backend::kem::Encapsulated,
    operation::{self, kem, signature::KeyPair},
    policy::{
        Permit,
        permit::{Decapsulate, Encapsulate, GenerateKemKeyPair},
    },
    request::{self, FieldError, Limits},
    secret::SecretBytes,
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for GenerateKemKeyPair {
    type Output = KeyPair;

    fn parse(
        mut message: GenerateKeyPairRequest,
        _: &Limits,
    ) -> Result<request::GenerateKeyPair, FieldError> {
        request::GenerateKeyPair::parse(&mut message)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn run(_: &BrokerState, _: &mut Call, permit: Permit<Self>, key: &KeyUse) -> Result<KeyPair, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(kem::generate_key_pair(permit, backend, key)?)
    }

    fn respond(pair: KeyPair) -> GenerateKeyPairResponse {
        signature_keys::respond(&pair)
    }
}

impl Handler for Encapsulate {
    type Output = Encapsulated;

    fn parse(mut message: EncapsulateRequest, limits: &Limits) -> Result<request::Encapsulate, FieldError> {
        request::Encapsulate::parse(&mut message, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn run(
        _: &BrokerState,
        _: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<Encapsulated, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(kem::encapsulate(permit, backend, key)?)
    }

    fn respond(encapsulated: Encapsulated) -> EncapsulateResponse {
        // Messages with secrets implement `Drop`, so struct update syntax does not compile.
        let mut response = EncapsulateResponse::default();
        response.ciphertext = encapsulated.ciphertext;
        response.shared_secret = encapsulated.shared_secret.expose().to_vec();
        response
    }
}

impl Handler for Decapsulate {
    type Output = SecretBytes;

    fn parse(mut message: DecapsulateRequest, limits: &Limits) -> Result<request::Decapsulate, FieldError> {
        request::Decapsulate::parse(&mut message, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn run(
        _: &BrokerState,
        _: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<SecretBytes, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(kem::decapsulate(permit, backend, key)?)
    }

    fn respond(secret: SecretBytes) -> DecapsulateResponse {
        let mut response = DecapsulateResponse::default();
        response.shared_secret = secret.expose().to_vec();
        response
    }
}
