//! `CryptoService.EncryptData`.

use broker_proto::v1::{EncryptDataRequest, EncryptDataResponse};
use tonic::{Request, Response, Status};

use super::Broker;

impl Broker {
    pub(super) async fn answer_encrypt_data(
        &self,
        _request: Request<EncryptDataRequest>,
    ) -> Result<Response<EncryptDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
