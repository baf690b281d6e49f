//! `CryptoService.SignData`.

use broker_proto::v1::{SignDataRequest, SignDataResponse};
use tonic::{Request, Response, Status};

use super::{Broker, Parts, call::Call};
use crate::{
    compute::Lane,
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
        mut request: Request<SignDataRequest>,
    ) -> Result<Response<SignDataResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, SignData::NAME, profile, metadata, &self.0.limits)?;
        let message = request.into_inner();
        let job = move |parts: &Parts, call: &mut Call| sign(parts, call, message);
        let (call, signature) = self.compute(call, Lane::Short, job).await?;
        Ok(Response::new(signed(call, signature)))
    }
}

/// Parses, decides, signs.
fn sign(parts: &Parts, call: &mut Call, message: SignDataRequest) -> Result<Vec<u8>, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::SignData::parse(message, &parts.limits)?;
    let permit = decide::sign_data(&call.context.caller, profile, request, call.now)?;
    call.uses_key(permit.rule().scheme.data_descriptor());
    let backend = operation::backend(permit.profile().library);
    Ok(signature::sign_data(permit, backend)?)
}

/// The answer with a signature in it.
pub(super) fn signed(call: Call, signature: Vec<u8>) -> SignDataResponse {
    let (descriptor, metadata) = call.into_parts();
    SignDataResponse { signature, descriptor, metadata }
}
