//! `StreamService`: a header, then the data in parts of any size, then the answer.
//!
//! `messages` reads the client's messages, past the gRPC library to which `feed` gives an empty body; `reader` minds the
//! client's time, `sink` says what a method does with the data, and `serve` brings
//! the two together: policy decides on the header, the data is worked on as it comes, and a stream of any length takes
//! the memory of a few messages.

mod feed;
mod hash;
mod message;
mod messages;
mod pieces;
mod reader;
mod serve;
mod sign;
mod sink;
mod verify;

use broker_proto::v1::{
    HashDataResponse, HashStreamRequest, SignDataResponse, SignStreamRequest, VerifyDataResponse,
    VerifyStreamRequest, stream_service_server::StreamService,
};
use tonic::{Request, Response, Status, Streaming};

use super::Broker;
pub(super) use feed::Fed;

#[tonic::async_trait]
impl StreamService for Broker {
    async fn hash_stream(
        &self,
        request: Request<Streaming<HashStreamRequest>>,
    ) -> Result<Response<HashDataResponse>, Status> {
        self.answer_hash_stream(request).await
    }

    async fn sign_stream(
        &self,
        request: Request<Streaming<SignStreamRequest>>,
    ) -> Result<Response<SignDataResponse>, Status> {
        self.answer_sign_stream(request).await
    }

    async fn verify_stream(
        &self,
        request: Request<Streaming<VerifyStreamRequest>>,
    ) -> Result<Response<VerifyDataResponse>, Status> {
        self.answer_verify_stream(request).await
    }
}
