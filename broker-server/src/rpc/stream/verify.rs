//! `StreamService.VerifyStream`.

use broker_proto::v1::{VerifyDataResponse, VerifyStreamRequest};
use tonic::{Request, Response, Status, Streaming};

use crate::rpc::Broker;

impl Broker {
    pub(super) async fn answer_verify_stream(
        &self,
        _request: Request<Streaming<VerifyStreamRequest>>,
    ) -> Result<Response<VerifyDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
