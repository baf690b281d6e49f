//! `CryptoService.DecryptData`.

use broker_proto::v1::{DecryptDataRequest, DecryptDataResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight, padding},
};
use crate::{
    operation::{
        self,
        aead::{check_decrypt, decrypt_data},
    },
    policy::{
        decide,
        permit::{DecryptData, Operation as _},
    },
    request,
    secret::SecretBytes,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_decrypt_data(
        &self,
        context: CallContext,
        mut message: DecryptDataRequest,
    ) -> Result<DecryptDataResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, DecryptData::NAME, &message.profile, metadata, &self.0.limits)?;
        let weight = Weight::of_cipher(data_bytes(&message));
        let job = move |parts: &BrokerState, call: &mut Call| decrypt(parts, call, message);
        let (call, plaintext) = self.compute(call, weight, job).await?;
        let (_, metadata) = call.into_parts();
        // The message wipes its plaintext when it is dropped.
        let answer =
            DecryptDataResponse { plaintext: plaintext.into_exposed(), metadata, padding: padding() };
        Ok(answer)
    }
}

/// How many bytes are decrypted or authenticated.
pub(super) fn data_bytes(message: &DecryptDataRequest) -> usize {
    let associated = message.decrypt_metadata.as_ref().and_then(|metadata| metadata.aad.as_ref());
    message.ciphertext.len() + associated.map_or(0, |associated| associated.len())
}

/// Parses, decides, decrypts.
fn decrypt(
    parts: &BrokerState,
    call: &mut Call,
    mut message: DecryptDataRequest,
) -> Result<SecretBytes, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::DecryptData::parse(&mut message, &parts.limits)?;
    drop(message);
    let permit = decide::<DecryptData>(&call.context.caller, profile, request, call.now)?;
    check_decrypt(&permit)?;
    let key_use = call.use_key(parts, permit.rule().algorithm.name())?;
    let backend = operation::backend(permit.profile().library);
    Ok(decrypt_data(permit, backend, &key_use)?)
}
