//! `CryptoService.VerifyData`.

use broker_proto::v1::{VerifyDataRequest, VerifyDataResponse};
use tonic::{Request, Response, Status};

use super::Broker;

impl Broker {
    pub(super) async fn answer_verify_data(
        &self,
        _request: Request<VerifyDataRequest>,
    ) -> Result<Response<VerifyDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
