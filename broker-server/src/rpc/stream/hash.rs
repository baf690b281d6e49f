//! `StreamService.HashStream`.

use broker_proto::v1::{HashDataResponse, HashStreamHeader, HashStreamRequest};
use tonic::{Request, Response, Status, Streaming};

use super::sink::Sink;
use crate::{
    operation::{
        self,
        hash::{HashValue, Hashing},
    },
    policy::{
        decide,
        permit::{HashStream, Operation as _},
    },
    request,
    rpc::{Broker, BrokerState, call::Call, hash_data::hashed},
    status::CallError,
};

impl Broker {
    pub(super) async fn answer_hash_stream(
        &self,
        request: Request<Streaming<HashStreamRequest>>,
    ) -> Result<Response<HashDataResponse>, Status> {
        let (call, value) = self.serve_stream(request, HashStream::NAME, open).await?;
        Ok(Response::new(hashed(call, value)))
    }
}

/// Decides.
// By value, as every header comes.
#[allow(clippy::needless_pass_by_value)]
fn open(parts: &BrokerState, call: &mut Call, header: HashStreamHeader) -> Result<Hashing, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::HashStream::parse(header.output_format)?;
    let permit = decide::<HashStream>(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(permit.rule().algorithm.name());
    let backend = operation::backend(permit.profile().library);
    Ok(Hashing::start(permit, backend))
}

impl Sink for Hashing {
    type Answer = HashValue;

    const KEYED: bool = false;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        self.update(data);
        Ok(())
    }

    fn finish(self, _: &BrokerState, _: &mut Call) -> Result<HashValue, CallError> {
        Ok(self.finish())
    }
}
