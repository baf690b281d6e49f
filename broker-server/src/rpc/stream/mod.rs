//! `StreamService`.

use broker_proto::v1::{
    HashDataResponse, HashStreamRequest, SignDataResponse, SignStreamRequest, VerifyDataResponse,
    VerifyStreamRequest, stream_service_server::StreamService,
};
use tonic::{Request, Response, Status, Streaming};

use super::Broker;

#[tonic::async_trait]
impl StreamService for Broker {
    async fn hash_stream(
        &self,
        _request: Request<Streaming<HashStreamRequest>>,
    ) -> Result<Response<HashDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn sign_stream(
        &self,
        _request: Request<Streaming<SignStreamRequest>>,
    ) -> Result<Response<SignDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn verify_stream(
        &self,
        _request: Request<Streaming<VerifyStreamRequest>>,
    ) -> Result<Response<VerifyDataResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
