//! `CryptoService.EncryptData`.

use broker_proto::v1::{CipherMetadata, EncryptDataRequest, EncryptDataResponse};

use super::{
    BrokerState,
    call::{Call, Placement},
    handler::Handler,
};
use crate::{
    operation::{
        self,
        aead::{Encrypted, check_encrypt, encrypt_data},
    },
    policy::{Permit, permit::EncryptData},
    request::{self, FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for EncryptData {
    type Output = Encrypted;

    fn placement(_: &BrokerState, message: &EncryptDataRequest) -> Placement {
        let associated_data = message.encrypt_metadata.as_ref().and_then(|metadata| metadata.aad.as_deref());
        Placement::for_cipher(message.plaintext.len() + associated_data.map_or(0, <[u8]>::len))
    }

    fn parse(mut message: EncryptDataRequest, limits: &Limits) -> Result<request::EncryptData, FieldError> {
        request::EncryptData::parse(&mut message, limits)
    }

    fn check_after_policy(permit: &Permit<Self>) -> Result<(), CallError> {
        Ok(check_encrypt(permit)?)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn run(
        state: &BrokerState,
        _: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<Encrypted, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(encrypt_data(permit, backend, &state.nonces, key)?)
    }

    fn respond(encrypted: Encrypted) -> EncryptDataResponse {
        let Encrypted { ciphertext, nonce, associated_data, tag } = encrypted;
        let cipher_metadata =
            CipherMetadata { key_id: None, nonce: nonce.to_vec(), aad: associated_data, tag: Some(tag) };
        EncryptDataResponse {
            ciphertext,
            cipher_metadata: Some(cipher_metadata),
            ..EncryptDataResponse::default()
        }
    }
}
