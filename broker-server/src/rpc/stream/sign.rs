//! `StreamService.SignStream`.

use broker_proto::v1::{SignDataResponse, SignStreamHeader, SignStreamRequest};
use tonic::{Request, Response, Status, Streaming};

use super::sink::Sink;
use crate::{
    operation,
    policy::{
        decide,
        permit::{Operation as _, SignStream},
    },
    request,
    rpc::{Broker, BrokerState, call::Call, sign_data::signed},
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_sign_stream(
        &self,
        request: Request<Streaming<SignStreamRequest>>,
    ) -> Result<Response<SignDataResponse>, Status> {
        let (call, signature) = self.serve_stream(request, SignStream::NAME, open).await?;
        Ok(Response::new(signed(call, signature)))
    }
}

/// Parses, decides, loads the key.
fn open(
    parts: &BrokerState,
    call: &mut Call,
    header: SignStreamHeader,
) -> Result<operation::signature::SignStream, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::SignStream::parse(header, &parts.limits)?;
    let permit = decide::<SignStream>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.rule().scheme.data_descriptor())?;
    let backend = operation::backend(permit.profile().library);
    Ok(operation::signature::SignStream::begin(permit, backend, key_use)?)
}

impl Sink for operation::signature::SignStream {
    type Answer = Vec<u8>;

    const KEYED: bool = true;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        Ok(self.update(data)?)
    }

    fn finish(self, _: &BrokerState, _: &mut Call) -> Result<Vec<u8>, CallError> {
        Ok(self.finish()?)
    }
}
