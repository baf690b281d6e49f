//! `PipelineService`: many operations on one stream.
//!
//! `items` reads the client's messages from the request's body, past the gRPC library; `item` has one worked on by the
//! handler of the unary call; `answers` puts many answers into one frame; `body` brings the three together as the body of
//! the answer, so that a light item goes from frame to frame without a task, a channel or a future of its own. `tracker` is
//! what the transport has to be told.

mod answers;
mod body;
mod item;
mod items;
mod tracker;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, header::CONTENT_TYPE};
use tonic::{Status, body::Body, server::NamedService};
use tower::Service;

use super::{Broker, CallContext};
use crate::status::CallError;
use body::PipelineBody;
pub use tracker::CallHandle;
pub(crate) use tracker::CallTracker;

/// The method.
const PATH: &str = "/cryptobroker.v1.PipelineService/Execute";
const GRPC: &str = "application/grpc";

/// The service. The library would read, write and queue each message by itself.
#[derive(Clone, Debug)]
pub(super) struct PipelineService(pub(super) Broker);

impl NamedService for PipelineService {
    const NAME: &'static str = "cryptobroker.v1.PipelineService";
}

impl Service<Request<Body>> for PipelineService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(self.open(request).unwrap_or_else(Status::into_http)))
    }
}

impl PipelineService {
    fn open(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        if request.uri().path() != PATH {
            return Err(Status::unimplemented(""));
        }
        let (parts, body) = request.into_parts();
        let context = parts.extensions.get::<CallContext>().copied().ok_or(CallError::Internal)?;
        let handle = parts.extensions.get::<CallHandle>().cloned().ok_or(CallError::Internal)?;
        let mut response = Response::new(Body::new(PipelineBody::new(self.0.clone(), context, handle, body)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
        Ok(response)
    }
}
