//! `CryptoService.SignData`.

use broker_proto::v1::{SignDataRequest, SignDataResponse};
use tonic::{Request, Response, Status};

use super::Broker;

impl Broker {
    pub(super) async fn answer_sign_data(
        &self,
        _request: Request<SignDataRequest>,
    ) -> Result<Response<SignDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
