//! `CryptoService.DecryptData`.

use broker_proto::v1::{DecryptDataRequest, DecryptDataResponse};
use tonic::{Request, Response, Status};

use super::Broker;

impl Broker {
    pub(super) async fn answer_decrypt_data(
        &self,
        _request: Request<DecryptDataRequest>,
    ) -> Result<Response<DecryptDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
