//! `SignatureKeyService`.

use broker_proto::v1::{
    GenerateKeyPairRequest, GenerateKeyPairResponse, signature_key_service_server::SignatureKeyService,
};
use tonic::{Request, Response, Status};

use super::Broker;

#[tonic::async_trait]
impl SignatureKeyService for Broker {
    async fn generate_key_pair(
        &self,
        _request: Request<GenerateKeyPairRequest>,
    ) -> Result<Response<GenerateKeyPairResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
