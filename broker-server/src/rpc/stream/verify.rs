//! `StreamService.VerifyStream`.

use broker_proto::v1::{VerifyDataResponse, VerifyStreamHeader, VerifyStreamRequest};
use tonic::{Request, Response, Status, Streaming};

use super::sink::Sink;
use crate::{
    operation,
    policy::{
        decide,
        permit::{Operation as _, VerifyStream},
    },
    request,
    rpc::{Broker, BrokerState, call::Call, verify_data::verified},
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_verify_stream(
        &self,
        request: Request<Streaming<VerifyStreamRequest>>,
    ) -> Result<Response<VerifyDataResponse>, Status> {
        let (call, valid) = self.serve_stream(request, VerifyStream::NAME, open).await?;
        Ok(Response::new(verified(call, valid)))
    }
}

/// Parses, decides, loads the key.
fn open(
    parts: &BrokerState,
    call: &mut Call,
    header: VerifyStreamHeader,
) -> Result<operation::signature::VerifyStream, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::VerifyStream::parse(header, &parts.limits)?;
    let permit = decide::<VerifyStream>(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(permit.rule().scheme.data_descriptor());
    let backend = operation::backend(permit.profile().library);
    Ok(operation::signature::VerifyStream::begin(permit, backend)?)
}

impl Sink for operation::signature::VerifyStream {
    type Answer = bool;

    const KEYED: bool = true;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        Ok(self.update(data)?)
    }

    fn finish(self, _: &BrokerState, _: &mut Call) -> Result<bool, CallError> {
        Ok(self.finish()?)
    }
}
