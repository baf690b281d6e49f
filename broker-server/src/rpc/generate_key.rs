//! `SymmetricKeyService.GenerateKey`.

use broker_proto::v1::{GenerateKeyRequest, GenerateKeyResponse};

use super::{
    BrokerState,
    call::{Call, Placement},
    handler::Handler,
};
use crate::{
    operation::aead::generate_key,
    policy::{Permit, permit::GenerateKey},
    request::{self, FieldError, Limits},
    secret::SecretBytes,
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for GenerateKey {
    type Output = SecretBytes;

    fn placement(_: &BrokerState, _: &GenerateKeyRequest) -> Placement {
        Placement::for_cipher(0)
    }

    fn parse(_: GenerateKeyRequest, _: &Limits) -> Result<request::GenerateKey, FieldError> {
        Ok(request::GenerateKey)
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
        Ok(generate_key(permit, key)?)
    }

    fn respond(key: SecretBytes) -> GenerateKeyResponse {
        // The message wipes its key when it is dropped.
        let mut response = GenerateKeyResponse::default();
        response.key = key.into_exposed();
        response
    }
}
