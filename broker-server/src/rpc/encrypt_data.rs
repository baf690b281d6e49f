//! `CryptoService.EncryptData`.

use broker_proto::v1::{CipherMetadata, EncryptDataRequest, EncryptDataResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    operation::{
        self,
        aead::{Encrypted, check_encrypt, encrypt_data},
    },
    policy::{
        decide,
        permit::{EncryptData, Operation as _},
    },
    request,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_encrypt_data(
        &self,
        context: CallContext,
        mut message: EncryptDataRequest,
    ) -> Result<EncryptDataResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, EncryptData::NAME, &message.profile, metadata, &self.0.limits)?;
        let weight = Weight::of_cipher(data_bytes(&message));
        let job = move |parts: &BrokerState, call: &mut Call| encrypt(parts, call, message);
        let (call, done) = self.compute(call, weight, job).await?;
        let (descriptor, metadata) = call.into_parts();
        let Encrypted { ciphertext, nonce, associated_data, tag } = done;
        let cipher_metadata =
            CipherMetadata { key_id: None, nonce: nonce.to_vec(), aad: associated_data, tag: Some(tag) };
        Ok(EncryptDataResponse { ciphertext, cipher_metadata: Some(cipher_metadata), metadata, descriptor })
    }
}

/// How many bytes are encrypted or authenticated.
pub(super) fn data_bytes(message: &EncryptDataRequest) -> usize {
    let associated = message.encrypt_metadata.as_ref().and_then(|metadata| metadata.aad.as_ref());
    message.plaintext.len() + associated.map_or(0, |associated| associated.len())
}

/// Parses, decides, encrypts.
fn encrypt(
    parts: &BrokerState,
    call: &mut Call,
    mut message: EncryptDataRequest,
) -> Result<Encrypted, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::EncryptData::parse(&mut message, &parts.limits)?;
    drop(message);
    let permit = decide::<EncryptData>(&call.context.caller, profile, request, call.now)?;
    check_encrypt(&permit)?;
    let key_use = call.use_key(parts, permit.rule().algorithm.name())?;
    let backend = operation::backend(permit.profile().library);
    Ok(encrypt_data(permit, backend, &parts.nonces, &key_use)?)
}
