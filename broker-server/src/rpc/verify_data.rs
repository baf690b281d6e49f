//! `CryptoService.VerifyData`.

use broker_proto::v1::{VerifyDataRequest, VerifyDataResponse};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    operation::{self, signature},
    policy::{
        decide,
        permit::{Operation as _, VerifyData},
    },
    request,
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_verify_data(
        &self,
        context: CallContext,
        mut message: VerifyDataRequest,
    ) -> Result<VerifyDataResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, VerifyData::NAME, &message.profile, metadata, &self.0.limits)?;
        let job = move |parts: &BrokerState, call: &mut Call| verify(parts, call, message);
        let (call, valid) = self.compute(call, Weight::Short, job).await?;
        Ok(verified(call, valid))
    }
}

/// Parses, decides, verifies.
fn verify(parts: &BrokerState, call: &mut Call, message: VerifyDataRequest) -> Result<bool, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::VerifyData::parse(message, &parts.limits)?;
    let permit = decide::<VerifyData>(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(permit.rule().scheme.data_descriptor());
    let backend = operation::backend(permit.profile().library);
    Ok(signature::verify_data(permit, backend)?)
}

/// The answer about a signature.
pub(super) fn verified(call: Call, valid: bool) -> VerifyDataResponse {
    let (_, metadata) = call.into_parts();
    VerifyDataResponse { valid, metadata }
}
