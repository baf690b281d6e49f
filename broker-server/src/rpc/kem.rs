//! `KemService`.

use broker_proto::v1::{
    DecapsulateRequest, DecapsulateResponse, EncapsulateRequest, EncapsulateResponse, GenerateKeyPairRequest,
    GenerateKeyPairResponse, kem_service_server::KemService,
};
use tonic::{Request, Response, Status};

use super::Broker;

#[tonic::async_trait]
impl KemService for Broker {
    async fn generate_key_pair(
        &self,
        _request: Request<GenerateKeyPairRequest>,
    ) -> Result<Response<GenerateKeyPairResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn encapsulate(
        &self,
        _request: Request<EncapsulateRequest>,
    ) -> Result<Response<EncapsulateResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn decapsulate(
        &self,
        _request: Request<DecapsulateRequest>,
    ) -> Result<Response<DecapsulateResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
