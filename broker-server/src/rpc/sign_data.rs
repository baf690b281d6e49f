//! `CryptoService.SignData`.

use broker_proto::v1::{SignDataRequest, SignDataResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    operation::{self, signature},
    policy::{
        decide,
        permit::{Operation as _, SignData},
    },
    request,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_sign_data(
        &self,
        context: CallContext,
        mut message: SignDataRequest,
    ) -> Result<SignDataResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, SignData::NAME, &message.profile, metadata, &self.0.limits)?;
        let job = move |parts: &BrokerState, call: &mut Call| sign(parts, call, message);
        let (call, signature) = self.compute(call, Weight::Short, job).await?;
        Ok(signed(call, signature))
    }
}

/// Parses, decides, signs.
fn sign(parts: &BrokerState, call: &mut Call, message: SignDataRequest) -> Result<Vec<u8>, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::SignData::parse(message, &parts.limits)?;
    let permit = decide::<SignData>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.rule().scheme.data_descriptor())?;
    let backend = operation::backend(permit.profile().library);
    Ok(signature::sign_data(permit, backend, &key_use)?)
}

/// The answer with a signature in it.
pub(super) fn signed(call: Call, signature: Vec<u8>) -> SignDataResponse {
    let (descriptor, metadata) = call.into_parts();
    SignDataResponse { signature, descriptor, metadata }
}
