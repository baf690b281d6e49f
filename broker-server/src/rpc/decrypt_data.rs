//! `CryptoService.DecryptData`.

use broker_proto::v1::{DecryptDataRequest, DecryptDataResponse};
use tonic::{Request, Response, Status};

use super::{
    Broker, Parts,
    call::{Call, padding},
};
use crate::{
    compute::Lane,
    operation::{self, aead::decrypt_data},
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
        mut request: Request<DecryptDataRequest>,
    ) -> Result<Response<DecryptDataResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, DecryptData::NAME, profile, metadata, &self.0.limits)?;
        let message = request.into_inner();
        let job = move |parts: &Parts, call: &mut Call| decrypt(parts, call, message);
        let (call, plaintext) = self.compute(call, Lane::Short, job).await?;
        let (_, metadata) = call.into_parts();
        // The message wipes its plaintext when it is dropped.
        let answer =
            DecryptDataResponse { plaintext: plaintext.into_exposed(), metadata, padding: padding() };
        Ok(Response::new(answer))
    }
}

/// Parses, decides, decrypts.
fn decrypt(
    parts: &Parts,
    call: &mut Call,
    mut message: DecryptDataRequest,
) -> Result<SecretBytes, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::DecryptData::parse(&mut message, &parts.limits)?;
    drop(message);
    let permit = decide::decrypt_data(&call.context.caller, profile, request, call.now)?;
    call.uses_key(permit.rule().algorithm.name());
    let backend = operation::backend(permit.profile().library);
    Ok(decrypt_data(permit, backend)?)
}
