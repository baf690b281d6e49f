//! `CryptoService.DecryptData`.

use broker_proto::v1::{DecryptDataRequest, DecryptDataResponse};

use super::{
    BrokerState,
    call::{Call, Placement},
    handler::Handler,
};
use crate::{
    operation::{
        self,
        aead::{check_decrypt, decrypt_data},
    },
    policy::{Permit, permit::DecryptData},
    request::{self, FieldError, Limits},
    secret::SecretBytes,
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for DecryptData {
    type Output = SecretBytes;

    fn placement(_: &BrokerState, message: &DecryptDataRequest) -> Placement {
        let associated_data = message.decrypt_metadata.as_ref().and_then(|metadata| metadata.aad.as_deref());
        Placement::for_cipher(message.ciphertext.len() + associated_data.map_or(0, <[u8]>::len))
    }

    fn parse(mut message: DecryptDataRequest, limits: &Limits) -> Result<request::DecryptData, FieldError> {
        request::DecryptData::parse(&mut message, limits)
    }

    fn check_after_policy(permit: &Permit<Self>) -> Result<(), CallError> {
        Ok(check_decrypt(permit)?)
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
        Ok(decrypt_data(permit, backend, key)?)
    }

    fn respond(plaintext: SecretBytes) -> DecryptDataResponse {
        // The message wipes its plaintext when it is dropped.
        let mut response = DecryptDataResponse::default();
        response.plaintext = plaintext.into_exposed();
        response
    }
}
