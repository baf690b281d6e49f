//! `StreamService.SignStream`.

use broker_proto::v1::{SignDataResponse, SignStreamRequest};
use tonic::{Request, Response, Status, Streaming};

use crate::rpc::Broker;

impl Broker {
    pub(super) async fn answer_sign_stream(
        &self,
        _request: Request<Streaming<SignStreamRequest>>,
    ) -> Result<Response<SignDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
